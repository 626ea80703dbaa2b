"""4.3.2: the application stands still while the database is rolled back, and starts again as it was where it is not."""

from dataclasses import replace

from blocks.company import Company
from blocks.fleet import Server
from policy.health import judge_health
from policy.way_home_database import EMPTIED, STOPPED
from tasks.rollout import back_in_rotation, taken_out
from tasks.run import Run
from tasks.step import Seen, Step
from tasks.systems import STATUSPAGE


def emptied(server: Server, run: Run) -> Step:
    """The server gets nothing new, also the last one: what is in flight ends, or is cut off after a short time."""
    return replace(taken_out(server, run), number="4.3.2", name=EMPTIED)


def stopped(server: Server, run: Run) -> Step:
    """The application does not run on the server, so nobody writes by it."""

    def look(company: Company) -> Seen:
        running = company.fleet.read_state(server).running
        return Seen(not running, f"the application {'runs' if running else 'does not run'} on {server.name}")

    return Step(
        number="4.3.2",
        subject=server.name,
        name=STOPPED,
        look=look,
        act=lambda company, number: company.fleet.stop(server, number),
        does=f"on {server.name}: stop the service {server.service}",
        undo="start it again as it was",
        within=run.limits.boot,
    )


def started_again(server: Server, run: Run) -> Step:
    """The application runs on the server as it was stopped, on the version that it had."""

    def look(company: Company) -> Seen:
        running = company.fleet.read_state(server).running
        return Seen(running, f"the application {'runs' if running else 'does not run'} on {server.name}")

    return Step(
        number="4.3.2",
        subject=server.name,
        name="started again",
        look=look,
        act=lambda company, number: company.fleet.start(server, number),
        does=f"on {server.name}: start the service {server.service} as it was stopped",
        undo="none: this is the way back",
        within=run.limits.boot,
    )


def healthy_as_it_was(server: Server, run: Run) -> Step:
    """The server says that it is healthy and has its database, whichever version it had."""

    def look(company: Company) -> Seen:
        judgement = judge_health(company.fleet.read_health(server))
        return Seen(judgement.verdict.lets_pass, judgement.sentence)

    return Step(
        number="4.3.2",
        subject=server.name,
        name="healthy",
        look=look,
        act=lambda _company, _number: None,
        does=f"ask {server.health} until it is healthy",
        undo="nothing to undo: it was only asked",
        within=run.limits.boot,
    )


def steps_to_restart(server: Server, run: Run) -> tuple[Step, ...]:
    """Start the application again as it was and, where there is a balancer, let it have requests."""
    steps = (started_again(server, run), healthy_as_it_was(server, run))
    return steps if run.company.balancer is None else (*steps, back_in_rotation(server, run))


def outage_announced(run: Run) -> Step:
    """The status page says that the application stands still while the database is rolled back."""
    release, limits = run.release, run.limits

    def look(company: Company) -> Seen:
        found = STATUSPAGE.required(company).find_maintenance(release.key)
        return Seen(found is not None, f"{found.name!r} is {found.status}" if found else "nothing is said yet")

    def act(company: Company, _number: int) -> None:
        STATUSPAGE.required(company).schedule_maintenance(
            release.key,
            f"Emergency maintenance: {release.request.summary}",
            "We go back to the version before. The service stands still for some minutes.",
            starts=release.opened_at,
            ends=release.opened_at + limits.approval + limits.roll_out,
        )

    return Step(
        number="4.3.2",
        subject="status page",
        name="outage announced",
        look=look,
        act=act,
        does="Statuspage: schedule an emergency maintenance",
        undo="complete the maintenance",
        within=limits.boot,
    )
