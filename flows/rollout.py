"""2: the roll-out. The first server, a person's decision, the remaining servers."""

import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

from blocks.errors import BlockError, Unreachable
from blocks.fleet.server import Server
from flows.at_once import at_once
from flows.choice import choose
from flows.phase import ChecksFailed, Report, phase, run_items
from flows.watch import Watch
from policy.batches import may_not_leave, plan_batches
from policy.health import judge_health
from policy.judgement import Judgement, Verdict, failed, passed
from policy.messages import updated_everywhere
from policy.record import Event
from policy.red_flags import Flag
from policy.served import IN_ROTATION
from policy.way_home import touched_servers
from policy.wording import listed
from tasks.manual import built_by_servers, image_built, source_fetched
from tasks.messages import announcement_says, inform
from tasks.preparation import record_way_back
from tasks.rollout import (
    HEALTHY,
    first_server_shows,
    in_rotation,
    progress_monitored,
    say_not_drained,
    steps_forward,
)
from tasks.run import Run
from tasks.serving import judge_room_without, list_serving
from tasks.step import Step, StepFailed, carry_out
from tasks.way_back import kept, pulled


def secure_the_way_back(run: Run) -> None:
    """1.4.5: before the first change every server keeps its old image and files, and holds the new image."""
    record_way_back(run)
    size = run.limits.batch_servers
    for start in range(0, len(run.servers), size):
        at_once(run, run.servers[start : start + size], _keep_and_pull)


def _keep_and_pull(run: Run, server: Server) -> None:
    carry_out(kept(server, run), run)
    carry_out(pulled(server, run), run)


def build_on_servers(run: Run) -> None:
    """2.3.1: before the first change every server keeps its way back, fetches the commit and builds its image."""
    record_way_back(run)
    for step in (kept, source_fetched, image_built):
        for server in run.servers:
            carry_out(step(server, run), run)
    run.build = built_by_servers(run)


def split_next_batch(run: Run, waiting: Sequence[Server]) -> tuple[list[Server], list[Server]]:
    """Return the servers that leave next, and those that go on waiting."""
    batch = list_batches(run, waiting)[0]
    return batch, list(waiting[len(batch) :])


def list_batches(run: Run, waiting: Sequence[Server]) -> list[list[Server]]:
    """Return who leaves together, the next ones first, as things are now.

    Without a balancer nobody can say who gets requests, so the servers take turns; and so they are shown to while it
    does not answer: whoever is next is judged with patience then, and how many may go with it is not known.
    """
    limits = run.limits if run.company.balancer is not None else run.limits.model_copy(update={"batch_servers": 1})
    serving: Collection[str] = ()
    with suppress(BlockError):
        serving = list_serving(run.company)
    batches = plan_batches([one.name for one in waiting], serving, servers=len(run.release.servers), limits=limits)
    known = {one.name: one for one in waiting}
    return [[known[name] for name in batch] for batch in batches]


def update(run: Run, servers: Sequence[Server]) -> None:
    """The servers are emptied, updated, asked, and put back, at once; this returns when all of them are."""
    require_room_without(servers, run)
    at_once(run, servers, _update_one)


def _update_one(run: Run, server: Server) -> None:
    say_not_drained(server, run)
    for step in steps_left(server, run):
        carry_out(step, run)


def steps_left(server: Server, run: Run) -> tuple[Step, ...]:
    """A server that an earlier process of this run put back in rotation on the new version is not drained again."""
    steps = steps_forward(server, run)
    # Who does not answer here is asked again, with patience, by the steps themselves.
    with suppress(BlockError):
        if (
            run.company.balancer is not None
            and _serves_new_version(server, run)
            and in_rotation(server, run).look(run.company).done
        ):
            return tuple(step for step in steps if step.name in (HEALTHY, IN_ROTATION))
    return steps


def require_room_without(servers: Sequence[Server], run: Run) -> None:
    """Return if the others are enough and can carry the load; raises ChecksFailed if they cannot.

    After a while of not knowing it ends before the first change, and asks people after it: never back by itself.
    A server that does not answer cannot be updated: that is a step that failed.
    """
    names = listed(server.name for server in servers)
    patience = run.limits.unknown_patience.total_seconds()
    deadline = time.monotonic() + patience
    while True:
        run.lookout.check()
        try:
            judgement = _judge_room(servers, run)
        except Unreachable as error:
            raise StepFailed(f"{names} cannot be updated: {error}") from error
        if judgement.verdict.lets_pass:
            return
        sentence = judgement.sentence
        if judgement.verdict is Verdict.FAILED:
            raise ChecksFailed(sentence)
        if time.monotonic() > deadline:
            if not touched_servers(run.record.seen):
                raise ChecksFailed(sentence)
            choose(run, sentence)
            deadline = time.monotonic() + patience
        run.pause()


def _judge_room(servers: Sequence[Server], run: Run) -> Judgement:
    """A server that serves the new version already need not leave; raises Unreachable if one does not answer."""
    leaving = [server for server in servers if not _serves_new_version(server, run)]
    if not leaving:
        verb = "serves" if len(servers) == 1 else "serve"
        return passed(f"{listed(server.name for server in servers)} {verb} the new version already")
    with ThreadPoolExecutor(1) as pool:
        room = pool.submit(judge_room_without, leaving, run)
        held = [server.name for server in leaving if run.company.fleet.read_state(server).held]
    if held:
        where = "there" if len(servers) == 1 else f"on {listed(held)}"
        names = [server.name for server in servers]
        return failed(may_not_leave(names, f"a file HOLD lies {where}, so somebody repairs it by hand", ()))
    return room.result()


def watch_until_clear(run: Run, watch: Watch, *, at_least: timedelta) -> None:
    """2.1.3: return once the watch is clear and has looked for long enough.

    What is unknown, or just as bad on the old version, holds the roll-out; after a while people are asked.
    """
    # The first samples of a server cover a whole window, so patience begins after it.
    patience = at_least + run.limits.watch_window + run.limits.unknown_patience
    began = time.monotonic()
    dark_since = began
    while True:
        run.lookout.check()
        now = time.monotonic()
        if watch.conclusion.flag is Flag.CLEAR and watch.looked_at >= began:
            dark_since = now
            if now - began >= at_least.total_seconds():
                run.watched = watch.conclusion
                return
        elif now - dark_since > patience.total_seconds():
            choose(run, f"2.1.3: {watch.conclusion.flag}: {watch.conclusion.sentence}")
            dark_since = time.monotonic()
        run.pause()


@phase("2.1.4 Evidence of the first server")
def first_server_evidence(run: Run) -> Report:
    """The first server is asked directly, before a person decides."""
    return run_items(run, progress_monitored, first_server_shows)


def everything_is_live(run: Run) -> None:
    """2.1.7: the record knows that every server serves the new version, and the team, if Slack takes it.

    What is live and healthy goes home for no message; the sign-off says that nobody was told.
    """
    if run.record.last(Event.LIVE) is None:
        run.record.append(Event.LIVE, facts={"version": run.built.commit, "digest": run.built.digest})
    inform(team_told(run), run)


def team_told(run: Run) -> Step:
    """2.1.7: the announcement says that every server serves the new version."""
    text = updated_everywhere(run.release, run.built)
    return announcement_says(run, number="2.1.7", name="team told", headline=text)


def _serves_new_version(server: Server, run: Run) -> bool:
    """Whether it says so itself and its engine agrees, which takes longer to ask."""
    if not judge_health(run.company.fleet.read_health(server), version=run.built.commit).verdict.lets_pass:
        return False
    state = run.company.fleet.read_state(server)
    return state.running and state.image_digest == run.built.digest_on(server.name)
