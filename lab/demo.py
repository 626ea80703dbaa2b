"""`make demo`: three releases on a company that fits on one machine, told as they happen.

The first goes through every phase to its sign-off, with 100 requests a second all the while. The second fails
8 % of its requests and is rolled back by itself. The process of the third is killed between its two servers,
and recovery brings production home.
"""

import argparse
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from lab.claim import refuse_a_second
from lab.client import ROOT, Lab
from lab.control_plane import ControlPlane
from lab.foreground import report_failure, stay_up
from lab.home import Home
from lab.processes import LabError
from lab.record_story import newest_record, outcome_of
from lab.teller import Teller

RATE = 100.0
RELEASE_SECONDS = 600.0
RECOVERY_SECONDS = 120.0


@dataclass
class Story:
    """One release of the demonstration and whether it ended as it should."""

    title: str
    complaints: list[str] = field(default_factory=list)

    def expect(self, true: bool, complaint: str) -> None:  # noqa: FBT001  (reads as a sentence)
        """Keep the complaint unless the expectation holds."""
        if not true:
            self.complaints.append(complaint)


class Demo(Teller):
    """The three stories."""

    def approve(self, run: str) -> None:
        """Wait for the gate and approve as the lab's tech lead."""
        self.control.wait_for(run, "PAUSED", seconds=RELEASE_SECONDS)
        self.say("The gate: one server is updated, production is watched, a person decides")
        message = self.lab.slack_messages("U0TOMAS")[-1]["text"].splitlines()
        for line in message[1:3]:
            self.say(f"  Tomas Lima reads in Slack: {line}")
        code = self.lab.code_of("Tomas Lima")
        self.control.resume(run, {"decision": "approve", "name": "Tomas Lima", "code": code, "reason": ""})
        self.say("Tomas Lima (tech lead) approves with the code that his authenticator app shows")

    def good_release(self) -> Story:
        """A release that goes through all phases to its sign-off."""
        story = Story("a good release, request to sign-off")
        shipped = self.lab.ship("1.1.0")
        self.lab.mark_traffic()
        run = self.release(shipped, "Patient search performance improvements")
        self.approve(run)
        kind, message = self.control.wait_for(run, "COMPLETED", "FAILED", "CRASHED", seconds=RELEASE_SECONDS)
        counts = self.lab.traffic()
        self.say(f"The run is {kind.lower()} {message}")
        self.tell_world(counts_said=True)
        story.expect(kind == "COMPLETED", f"the run ended as {kind}: {message}")
        story.expect(self.serves(shipped.commit), f"not every server serves {shipped.commit[:7]}")
        story.expect(counts.lost + counts.failed == 0, f"{counts.lost} requests lost, {counts.failed} failed")
        return story

    def bad_release(self) -> Story:
        """A release that fails 8 % of its requests and is rolled back by itself."""
        story = Story("a release that fails 8 % of its requests")
        before = self.lab.versions_serving()["web-server-1"]
        shipped = self.lab.ship("1.2.0", fault="errors in production")
        self.lab.mark_traffic()
        run = self.release(shipped, "Appointment reminders, with a fault nobody saw")
        kind, message = self.control.wait_for(run, "COMPLETED", "FAILED", "CRASHED", seconds=RELEASE_SECONDS)
        self.say(f"The run is {kind.lower()}: {message}")
        self.say(f"  Slack says: {self.last_word('Rolled Back')}")
        self.tell_world(counts_said=True)
        story.expect(kind == "FAILED", f"the run ended as {kind}")
        story.expect(self.serves(str(before)), f"not every server serves {str(before)[:7]} again")
        story.expect("Rolled Back" in self.last_word("Rolled Back"), "nobody was told of the roll-back")
        return story

    def killed_release(self) -> Story:
        """A release whose process is killed between its two servers."""
        story = Story("kill -9 between the two servers")
        before = self.lab.versions_serving()["web-server-1"]
        shipped = self.lab.ship("1.3.0")
        self.lab.mark_traffic()
        run = self.release(shipped, "Prescription export")
        self.control.wait_for(run, "PAUSED", seconds=RELEASE_SECONDS)
        pid = self.control.kill_run(run)
        self.say(f"kill -9 {pid}: the process is dead, web-server-1 is new, web-server-2 is old")
        self.tell_world(counts_said=False)
        self.say("Recovery looks every 20 s; people have 10 s to go on themselves, then it goes back")
        self.wait_until(lambda: self.serves(str(before)), RECOVERY_SECONDS)
        self.wait_until(lambda: "Rolled Back" in self.last_word("Rolled Back", after=shipped.commit), RECOVERY_SECONDS)
        # People are told first, and then the record is sealed.
        self.wait_until(lambda: outcome_of(newest_record(self.lab.home.folder("store"))) is not None, RECOVERY_SECONDS)
        self.say(f"  Slack says: {self.last_word('Rolled Back')}")
        self.tell_world(counts_said=True)
        story.expect(self.serves(str(before)), f"not every server serves {str(before)[:7]} again")
        return story


def verify_records(demo: Demo) -> Story:
    """Every record of the demonstration verifies."""
    story = Story("the records")
    said = demo.control.command("deployments.verify_record")
    for line in said.splitlines():
        demo.say(f"  {line}")
        story.expect("unbroken, sealed" in line, line)
    return story


def play(home: Path) -> int:
    """Start everything, tell the stories, and say where to look; return 0 if all ended as they should."""
    refuse_a_second(home)
    began = time.monotonic()
    print("Starting a company on this machine: databases, servers, balancer, vendors, traffic ...", flush=True)
    if home.exists():
        Lab(Home(home)).stop(purge=True)
    lab = Lab.start(home, rate=RATE)
    control = ControlPlane(lab)
    print(f"  up after {time.monotonic() - began:.0f} s; starting Prefect on PostgreSQL, and a worker ...", flush=True)
    try:
        control.start()
        print(f"  up after {time.monotonic() - began:.0f} s. Prefect's UI: {control.ui}\n", flush=True)
        demo = Demo(lab, control)
        stories = []
        for number, tell in enumerate((demo.good_release, demo.bad_release, demo.killed_release), start=1):
            print(f"\nStory {number}: {(tell.__doc__ or '').rstrip('.')}", flush=True)
            stories.append(tell())
        print("\nThe records", flush=True)
        stories.append(verify_records(demo))
        conclude(demo, stories)
        if sys.stdout.isatty():
            stay_up(lab, f"\nEverything stays up: {control.ui}  Ctrl-C stops it.")
        return 0 if not any(story.complaints for story in stories) else 1
    except LabError as problem:
        return report_failure(lab, LabError(f"The demonstration could not go on: {problem}"))
    finally:
        control.stop()
        lab.leave()


def conclude(demo: Demo, stories: list[Story]) -> None:
    """Say how each story ended and where to look."""
    print("\nWhat happened", flush=True)
    for story in stories:
        print(f"  {'as it should' if not story.complaints else 'NOT AS IT SHOULD'}: {story.title}")
        for complaint in story.complaints:
            print(f"    {complaint}")
    print("Where to look")
    print(f"  Prefect's UI   {demo.control.ui}")
    print(f"  the records    {demo.lab.home.path / 'store' / 'records'}")
    print(f"  the settings   {demo.lab.settings_path}", flush=True)


def main() -> int:
    """Carry out the command line."""
    parser = argparse.ArgumentParser(prog="python -m lab.demo", description=__doc__)
    parser.add_argument("--home", type=Path, default=ROOT / ".lab", help="the lab's folder (.lab)")
    try:
        return play(parser.parse_args().home)
    except LabError as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
