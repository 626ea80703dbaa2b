"""A process that carries a release forward one step at a time, in the order of the production flow."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from blocks.company import Company
from blocks.hold import Hold, Holds
from blocks.record import Record
from flows.fences import highest_fence, raise_fences
from flows.hold import give_back, refuse_unread_spool, write_beginning
from flows.phase import ChecksFailed
from flows.rollout import (
    build_on_servers,
    everything_is_live,
    require_room_without,
    secure_the_way_back,
    split_next_batch,
    update,
)
from flows.sign_off import sign_off
from flows.way_home import way_home
from policy.approval import standing_approval
from policy.record import Event
from policy.release import Release
from tasks.preparation import merge_and_build
from tasks.rollout import say_not_drained, steps_forward
from tasks.run import Run
from tasks.step import carry_out
from tests.core.world import MemoryStore

SUBJECT = "exactly this"
FINISHED = object()


@dataclass
class Outlook:
    """Raises what the test says speaks against going on."""

    speaks_against: Exception | None = None

    def check(self) -> None:
        """Return while nothing does."""
        if self.speaks_against is not None:
            raise self.speaks_against


@dataclass
class Process:
    """One process that holds the environment; when it dies nothing of it is left but the record and the world."""

    run: Run
    outlook: Outlook
    steps: Iterator[None]
    ended: bool = field(default=False)

    @classmethod
    def begin(
        cls,
        company: Company,
        release: Release,
        *,
        over: Hold | None = None,
        way: Callable[[Run], Iterator[None]] | None = None,
    ) -> "Process":
        """Take the hold, write so, and raise the fences; then it goes this way, else from server to server."""
        holds = Holds(company.store, release.environment)
        if over is not None:
            refuse_unread_spool(company, release)
        number = holds.take(
            release=release.key,
            by=release.request.requested_by,
            what=release.what,
            above=highest_fence(company),
            over=over,
        )
        outlook = Outlook()
        record = Record(company.store, release.key, holder=number, spool=company.spool)
        run = Run(release=release, company=company, record=record, number=number, lookout=outlook)
        write_beginning(record, release, over=over)
        raise_fences(run, all_of_them=over is None)
        return cls(run, outlook, (way or forward)(run))

    def go_on(self) -> None:
        """Do the next step; whatever goes wrong is brought home, then raised."""
        try:
            with way_home(self.run):
                finished = next(self.steps, FINISHED) is FINISHED
        except Exception:
            self.end()
            raise
        if finished:
            self.end()

    def go_on_to_the_end(self) -> None:
        """Do every step that is left."""
        while not self.ended:
            self.go_on()

    def end(self) -> None:
        """Give the hold back, or leave it to recovery."""
        self.ended = True
        give_back(Holds(self.run.company.store, self.run.release.environment), self.run)


def forward(run: Run) -> Iterator[None]:
    """The roll-out and its end, a breath after each step; the watch and the people are the outlook's."""
    if run.release.is_built_on_servers:
        build_on_servers(run)
        yield
    else:
        run.build = merge_and_build(run)
        yield
        secure_the_way_back(run)
    yield
    for server in run.servers:
        require_room_without([server], run)
        say_not_drained(server, run)
        for step in steps_forward(server, run):
            carry_out(step, run)
            yield
        approve_once(run)
        yield
    yield from finish(run)


def forward_in_batches(run: Run) -> Iterator[None]:
    """The same, after the first server a batch at a time, as the production flow does."""
    run.build = merge_and_build(run)
    yield
    secure_the_way_back(run)
    yield
    first, remaining = run.servers[:1], list(run.servers[1:])
    update(run, first)
    yield
    approve_once(run)
    yield
    while remaining:
        batch, remaining = split_next_batch(run, remaining)
        update(run, batch)
        yield
    yield from finish(run)


def finish(run: Run) -> Iterator[None]:
    """Every server is live, verified and signed off."""
    everything_is_live(run)
    yield
    require_all_new(run)
    yield
    sign_off(run)


def approve_once(run: Run) -> None:
    """A person approved what the first server shows; used once it covers the rest."""
    run.lookout.check()
    if standing_approval(run.record.rows(), SUBJECT) is None:
        run.record.append(Event.APPROVED, item="2.1.4", facts={"subject": SUBJECT})
        run.record.append(Event.USED, item="2.1.4")


def require_all_new(run: Run) -> None:
    """Every server is well on the new version."""
    run.lookout.check()
    states = [run.company.fleet.read_state(server) for server in run.servers]
    if not all(state.running and state.image_digest == run.built.digest_on(state.server) for state in states):
        raise ChecksFailed("3.1.2: not every server serves the new version")
    if run.record.last(Event.VERIFIED) is None:
        run.record.append(Event.VERIFIED, item="3.2.1")


def let_time_pass(company: Company, span: timedelta) -> None:
    """The store's clock moves on."""
    store = company.store
    assert isinstance(store, MemoryStore)
    store.now += span
