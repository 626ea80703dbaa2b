"""Bad days, each with a name: what breaks and when, and what a person could have seen before it did."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab.client import Lab
from lab.control_plane import ControlPlane
from lab.decider import APPROVE, LEAVE_IT, RETRY, ROLL_BACK, STAY, WAIT
from lab.processes import LabError

Strike = Callable[[Lab, ControlPlane, str], object]
CALL_OF_A_COLLEAGUE = {
    "reason": "a critical feature is broken",
    "what_was_seen": "patients call: nobody can open a prescription",
    "requested_by": "Omar Reyes",
}


def nothing(_lab: Lab, _control: ControlPlane, _run: str) -> None:
    """Nothing breaks at this moment."""


@dataclass(frozen=True, slots=True)
class Day:
    """One bad day: what the new version is like, what breaks before the release and while a person decides.

    `struck` says what breaks at the gate, `when_waiting` happens as somebody decides to keep waiting, and
    `begins_with` are the answers to the first question.
    """

    name: str
    sentence: str
    earlier: str
    fault: str | None = None
    conclusion: str = "success"
    before: Callable[[Lab], object] = lambda _lab: None
    at_gate: Strike = nothing
    struck: str = ""
    when_waiting: Strike = nothing
    limits: Mapping[str, float] = field(default_factory=dict)
    begins_with: tuple[str, ...] = (APPROVE, ROLL_BACK, WAIT, STAY)


def kill_release(_lab: Lab, control: ControlPlane, run: str) -> None:
    """The process of the release is killed."""
    control.kill_run(run)
    control.wait_for(run, "CRASHED", seconds=120)


def lose_power(_lab: Lab, control: ControlPlane, run: str) -> None:
    """The worker's machine loses its power: worker and release are gone; then it starts again."""
    control.kill_worker()
    control.kill_run(run)
    control.start_worker()


def raise_flag(_lab: Lab, control: ControlPlane, _run: str) -> None:
    """A colleague sees on a phone what no metric shows."""
    control.run_deployment("Red flag/red-flag", CALL_OF_A_COLLEAGUE)


def find(name: str) -> Day:
    """Return the day of that name; raises LabError naming those there are."""
    for day in DAYS:
        if day.name == name:
            return day
    raise LabError(f"no day is called {name!r}; there are {', '.join(day.name for day in DAYS)}")


DAYS = (
    Day(
        "eight-percent",
        "The new version fails 8 % of its requests in production, and nobody saw it on staging.",
        "Staging has another load than production: what fails there in one request of twelve needs real traffic. The"
        " first server's own error rate showed it before the second one was touched.",
        fault="errors in production",
    ),
    Day(
        "never-healthy",
        "The new version starts on the first server and never becomes healthy.",
        "What production has and staging has not: compare their environment files and the rights of their databases.",
        fault="unhealthy in production",
    ),
    Day(
        "slow",
        "The new version answers every request, and takes its time.",
        "p95 of the first server beside the others, on the page of evidence; a load test of staging shows most of it.",
        fault="slow in production",
    ),
    Day(
        "leak",
        "The new version's memory grows and grows, and everything else looks well.",
        "1.3.3 watches staging for its memory: the longer `limits.staging_watch`, the smaller the leak it sees.",
        fault="leak in production",
    ),
    Day(
        "red-pipeline",
        "The unit tests of the commit are red, and somebody releases it all the same.",
        "GitHub showed the red check on the pull request; `Prepare/prepare` the day before says it in one line.",
        conclusion="failure",
    ),
    Day(
        "stale-backup",
        "Nobody noticed that the nightly backup has not run for 30 hours.",
        "`make doctor` shows the newest backup's age each morning, and `Restore rehearsal/restore-rehearsal` weekly.",
        before=lambda lab: lab.age_backups(30),
    ),
    Day(
        "disk-full",
        "The disk of web-server-2 has no room for another image.",
        "`make doctor` shows each server's disk, and Prometheus knew for days; the image is pulled before anything"
        " leaves the rotation, so nobody was hurt.",
        before=lambda lab: lab.fill_disk("web-server-2"),
    ),
    Day(
        "other-host-key",
        "web-server-2 shows another SSH key than yesterday.",
        "`make doctor` tries each server's key. Ask who set the machine up anew before you believe the new one.",
        before=lambda lab: lab.rotate_host_key("web-server-2"),
    ),
    Day(
        "database-down",
        "The database goes down as you begin.",
        "Grafana and PagerDuty rang. In the lab staging uses the same PostgreSQL, so 1.3.1 notices it first; where"
        " staging has its own, 1.4.1 does, which asks production itself before the first change.",
        before=lambda lab: lab.stop_database(),
    ),
    Day(
        "server-gone",
        "While you think about approving, web-server-2 can no longer be reached.",
        "The evidence is gathered again after your answer. A look at the balancer's page before answering shows it.",
        at_gate=lambda lab, _control, _run: lab.cut("web-server-2"),
        struck="web-server-2 cannot be reached any more",
    ),
    Day(
        "metrics-away",
        "Prometheus stops while the first server is updated: nobody can say whether it is well.",
        "`up` of Prometheus itself is worth an alert. Unknown is not passed: it asks you, and rolls nothing back.",
        at_gate=lambda lab, _control, _run: lab.stop_metrics(),
        struck="Prometheus stops",
        when_waiting=lambda lab, _control, _run: lab.start_metrics(),
        limits={"unknown_patience": 8},
    ),
    Day(
        "colleague-calls",
        "While you think about approving, a colleague raises a red flag: patients cannot open prescriptions.",
        "No metric shows it: the smoke tests try what they know. Add the feature of this release to them. A flag is a"
        " run of its own and takes its time to start; *Cancel* on the release's run is quicker.",
        at_gate=raise_flag,
        struck="Omar Reyes starts `Red flag/red-flag`",
    ),
    Day(
        "killed",
        "The process of the release is killed between the two servers; both are healthy.",
        "The worker's own memory and its journal (`journalctl -u countersign-worker`); nothing of the release was ill.",
        at_gate=kill_release,
        struck="the process of the release is killed",
        limits={"choice": 40},
        begins_with=(RETRY, LEAVE_IT),
    ),
    Day(
        "power-cut",
        "The worker's machine loses its power between the two servers, and comes back.",
        "Nothing warned. Slack's own scheduled message speaks up even if the machine never comes back.",
        at_gate=lose_power,
        struck="the worker's machine loses its power, and starts again without the release",
    ),
    Day(
        "nobody-answers",
        "Everybody is at lunch while the release waits for its approval.",
        "The announcement names the hour: ask an approver before you start, not after.",
        limits={"approval": 20, "reminder": 8},
    ),
)
