"""2: the servers, one step at a time. Nothing is lost because a server is empty before it stops."""

import shlex
import time
from dataclasses import replace

from blocks.company import Company
from blocks.errors import Refused
from blocks.fleet import Server, ServerState, commands
from blocks.load_balancer import BalancedServer
from policy.health import judge_health
from policy.judgement import Judgement, not_configured, spoken, worst_of
from policy.record import Event
from policy.red_flags import judge_conclusion
from policy.served import DRAINED, IN_ROTATION, UPDATED
from policy.stopped import say_killed
from policy.troubleshooting import explain
from policy.wording import counted, short, short_digest
from tasks.item import item
from tasks.run import Run
from tasks.serving import refuse_unless_another_is_up, refuse_unless_enough_stay
from tasks.smoke_tests import judge_smoke_tests
from tasks.step import Seen, Step, before_acting
from tasks.systems import BALANCER

FIRST_SERVER, REMAINING_SERVERS = "2.1.2", "2.1.5"
# An application that boots needs the processor that the engine would take to answer.
ENGINE_SECONDS = 1.0
OUT_OF_ROTATION, HEALTHY = "out of rotation", "healthy"


def steps_forward(server: Server, run: Run) -> tuple[Step, ...]:
    """Empty, update, ask, put back; without a balancer a server can neither be emptied nor put back."""
    if run.company.balancer is None:
        return (updated(server, run), healthy(server, run))
    return (drained(server, run), updated(server, run), healthy(server, run), in_rotation(server, run))


def steps_home(server: Server, run: Run) -> tuple[Step, ...]:
    """Put the old version back and ask it; where there is a balancer, let it have requests again."""
    if run.company.balancer is None:
        return (put_back(server, run), healthy_again(server, run))
    return (put_back(server, run), healthy_again(server, run), back_in_rotation(server, run))


def say_not_drained(server: Server, run: Run) -> None:
    """Where no balancer is configured the record says, once a server, that nothing was drained."""
    if run.company.balancer is not None:
        return
    number, step = number_for(server, run), DRAINED
    if any(row.is_about(item=number, subject=server.name, step=step) for row in run.record.rows()):
        return
    judgement = not_configured(BALANCER.section)
    sentence = f"{server.name} is not drained, requests in flight on it may be lost: {judgement.sentence}"
    facts = replace(judgement, sentence=sentence).facts
    run.record.append(Event.JUDGED, item=number, subject=server.name, step=step, facts=facts)


def drained(server: Server, run: Run) -> Step:
    """The balancer sends the server nothing new, and what was in flight has ended."""

    def look(company: Company) -> Seen:
        balanced = BALANCER.required(company).read_servers()
        refuse_unless_enough_stay(run, server, balanced)
        state = _find(balanced, server)
        empty = state.admin_state != "ready" and state.sessions == 0
        return Seen(empty, _say_emptying(server, state))

    def act(company: Company, number: int) -> None:
        # Two servers of a batch that count at the same moment would each find the other one serving.
        with run.leaving:
            with before_acting():
                refuse_unless_enough_stay(run, server)
            BALANCER.required(company).drain(server.balancer_name, number)

    return Step(
        number=number_for(server, run),
        subject=server.name,
        name=DRAINED,
        look=look,
        act=act,
        does=f"on the balancer: drain {server.name}, wait until nothing is in flight",
        undo="put it back in rotation",
        within=run.limits.drain,
    )


def updated(server: Server, run: Run) -> Step:
    """The service runs the new image, by digest; what is built there brings its checkout along."""
    reference, digest = run.built.reference_on(server.name), run.built.digest_on(server.name)
    commit = run.built.commit if run.release.is_built_on_servers else ""

    def look(company: Company) -> Seen:
        state = company.fleet.read_state(server)
        if state.image_digest == digest:
            refuse_unless_another_is_up(run, server)
        else:
            refuse_unless_enough_stay(run, server)
        known = (run.digests_before.get(server.name), digest)
        if state.container is not None and state.image_digest not in known:
            raise Refused(f"{_say(state)}, neither the old nor the new version: somebody is repairing by hand")
        if not (state.running and state.image_digest == digest):
            return Seen(done=False, sentence=f"{_say(state)}, expected {short_digest(digest)}")
        return Seen(done=True, sentence="; ".join(filter(None, (_say(state), say_how_it_ended(server, run)))))

    return Step(
        number=number_for(server, run),
        subject=server.name,
        name=UPDATED,
        look=look,
        act=lambda company, number: company.fleet.update(server, number, reference, commit=commit),
        does=f"on {server.name}: {_stop(server, run)} && {_up(server, run, commit)} with {reference}",
        undo="put back the kept image, Compose file and environment",
        within=run.limits.boot,
        facts={"digest": digest},
    )


def say_how_it_ended(server: Server, run: Run) -> str:
    """Return what people should know of the end of the version before; nothing where it ended as it should.

    A server that had to be killed goes on, for it was drained first; without a balancer the approver is shown it.
    """
    if run.digests_before.get(server.name) == run.built.digest_on(server.name):
        return ""
    fleet = run.company.fleet
    was_drained = run.company.balancer is not None
    return say_killed(server.name, fleet.read_ended(server), grace=fleet.stop_grace, drained=was_drained)


def healthy(server: Server, run: Run) -> Step:
    """The server itself says that it is healthy, has its database, and serves the new version."""
    return _healthy(server, run, number=number_for(server, run), version=run.built.commit)


def in_rotation(server: Server, run: Run) -> Step:
    """The balancer sends the server requests again and sees it up."""
    return _in_rotation(server, run, number=number_for(server, run))


def taken_out(server: Server, run: Run) -> Step:
    """On the way home: the server gets nothing new; what does not end in a short time is cut off."""

    def look(company: Company) -> Seen:
        state = _balanced(company, server)
        out = state.admin_state != "ready" and state.sessions == 0
        return Seen(out, _say_emptying(server, state))

    def act(company: Company, number: int) -> None:
        balancer = BALANCER.required(company)
        balancer.drain(server.balancer_name, number)
        balancer.cut_sessions_after(server.balancer_name, number, run.limits.drain_home)

    return Step(
        number="4.2.2",
        subject=server.name,
        name=OUT_OF_ROTATION,
        look=look,
        act=act,
        does=f"on the balancer: drain {server.name}, cut what is in flight after {spoken(run.limits.drain_home)}",
        undo="put it back in rotation",
        within=run.limits.drain_home * 2,
    )


def put_back(server: Server, run: Run) -> Step:
    """The service runs the recorded image again, with the kept Compose file and environment."""
    digest = run.digests_before[server.name]

    def look(company: Company) -> Seen:
        state = company.fleet.read_state(server)
        same_files = company.fleet.has_kept_files(server, run.release.kept_under)
        return Seen(state.running and state.image_digest == digest and same_files, _say(state))

    return Step(
        number="4.2.2",
        subject=server.name,
        name="put back",
        look=look,
        act=lambda company, number: company.fleet.restore(server, number, run.release.kept_under),
        does=f"on {server.name}: put the kept files back, {_up(server, run)} with {digest}",
        undo="none: this is the way back",
        within=run.limits.boot,
        facts={"digest": digest},
    )


def healthy_again(server: Server, run: Run) -> Step:
    """The server itself says that it is healthy on the recorded version."""
    return _healthy(server, run, number="4.2.2", version=run.release.previous_commit)


def back_in_rotation(server: Server, run: Run) -> Step:
    """The balancer sends the server requests again and sees it up, on the recorded version."""
    return _in_rotation(server, run, number="4.2.2", name="back in rotation")


@item("2.1.3")
def progress_monitored(run: Run) -> Judgement:
    """No red flag was up while the first server served the new version."""
    return judge_conclusion(run.watched)


@item("2.1.4")
def first_server_shows(run: Run) -> Judgement:
    """Asked directly, the first server is healthy, serves the new version, and passes the smoke tests."""
    server = run.servers[0]
    health = judge_health(run.company.fleet.read_health(server), version=run.built.commit)
    smoke = judge_smoke_tests(run.company.application, at=server.health)
    judgement = worst_of((health, smoke))
    ended = say_how_it_ended(server, run)
    return replace(judgement, sentence=f"{judgement.sentence}; {ended}") if ended else judgement


def number_for(server: Server, run: Run) -> str:
    """2.1.2 for the first server, 2.1.5 for the remaining ones."""
    return FIRST_SERVER if server.name == run.release.servers[0] else REMAINING_SERVERS


def _healthy(server: Server, run: Run, *, number: str, version: str) -> Step:
    asked_engine = -ENGINE_SECONDS

    def look(company: Company) -> Seen:
        nonlocal asked_engine
        judgement = judge_health(company.fleet.read_health(server), version=version)
        if not judgement.verdict.lets_pass and time.monotonic() - asked_engine >= ENGINE_SECONDS:
            asked_engine = time.monotonic()
            state = company.fleet.read_state(server)
            if state.container is not None and not state.running and state.exit_code:
                log = company.fleet.read_log_tail(server)
                raise Refused(f"{_say(state)}: {explain('10.2', log)}")
        return Seen(judgement.verdict.lets_pass, judgement.sentence)

    return Step(
        number=number,
        subject=server.name,
        name=HEALTHY,
        look=look,
        act=lambda _company, _number: None,
        does=f"ask {server.health} until it is healthy and serves {short(version)}",
        explain=lambda company: explain("10.3", company.fleet.read_log_tail(server)),
        undo="nothing to undo: it was only asked",
        within=run.limits.boot,
    )


def _in_rotation(server: Server, run: Run, *, number: str, name: str = IN_ROTATION) -> Step:
    def look(company: Company) -> Seen:
        state = _balanced(company, server)
        return Seen(
            state.in_rotation,
            f"{server.name} is {state.admin_state} and {'up' if state.up else 'down'} at the balancer",
        )

    return Step(
        number=number,
        subject=server.name,
        name=name,
        look=look,
        act=lambda company, fence: BALANCER.required(company).ready(server.balancer_name, fence),
        does=f"on the balancer: {server.name} ready, wait until it is up",
        undo="take it out of rotation",
        within=run.limits.boot,
    )


def _say_emptying(server: Server, state: BalancedServer) -> str:
    rotation = IN_ROTATION if state.admin_state == "ready" else f"{OUT_OF_ROTATION} ({state.admin_state})"
    return f"{server.name} is {rotation} with {counted(state.sessions, 'request')} in flight"


def _stop(server: Server, run: Run) -> str:
    fleet = run.company.fleet
    return shlex.join(commands.stop(fleet.compose_file, server.service, fleet.stop_grace))


def _up(server: Server, run: Run, commit: str = "") -> str:
    up = shlex.join(commands.up(run.company.fleet.compose_file, server.service))
    return f"git checkout --detach {short(commit)} && {up}" if commit else up


def _balanced(company: Company, server: Server) -> BalancedServer:
    return _find(BALANCER.required(company).read_servers(), server)


def _find(balanced: tuple[BalancedServer, ...], server: Server) -> BalancedServer:
    for state in balanced:
        if state.name == server.balancer_name:
            return state
    there = ", ".join(state.name for state in balanced)
    raise Refused(f"the balancer knows no server {server.balancer_name}; it knows {there or 'none'}")


def _say(state: ServerState) -> str:
    if state.container is None:
        return f"{state.server} has no container"
    ended = "" if state.running else f", ended with {state.exit_code}"
    return f"{state.server} runs {short_digest(state.image_digest)}{ended}"
