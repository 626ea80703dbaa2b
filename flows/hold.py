"""Holding an environment: one release at a time, alive as long as its heart beats."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from prefect.exceptions import TerminationSignal
from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.errors import BlockError, Meant, Superseded, Unreachable
from blocks.hold import Held, Hold, Holds
from blocks.record import Record
from flows.cancelling import hearing_cancel
from flows.dead_mans_switch import dead_mans_switch
from flows.fences import highest_fence, raise_fences
from flows.phase import publish_record
from flows.recovery_schedule import call_recovery, recovery_awake
from flows.red_flag import RedFlag, raised_flags
from policy.broken_hold import BROKEN
from policy.clock import exact_clock
from policy.items import Way
from policy.judgement import spoken
from policy.limits import Limits
from policy.plans import Cause
from policy.record import Event, Unreadable
from policy.release import Release, Request
from policy.silence import silence_facts
from tasks.marks import show_ending
from tasks.resolve import check_form
from tasks.run import Run
from tasks.run_log import tag_beginning, tag_ending

LOOK_SECONDS = 0.5
PRE_EMPTION = timedelta(minutes=10)
NO_BASE = "A plan and a preparation wait as well: what the servers serve meanwhile is nothing to compare with"
NOTHING_MORE = "this run changes nothing more"
RETRIED = "a retry of this run goes on with its release"


class HoldLost(Meant):
    """The heartbeat could not be renewed, so others may soon think this run dead: it stops going forward."""


class AskedToStop(Meant):
    """A roll-back or a hotfix asked this release to stop."""


class Heart:
    """A thread that renews the heartbeat, and stops the way forward before others may think us dead."""

    def __init__(self, company: Company, release: str, number: int, limits: Limits) -> None:
        self._company = company
        self._holds = Holds(company.store, company.rules.environment)
        self._release = release
        self._number = number
        self._limits = limits
        self._last_beat = time.monotonic()
        self._asked_to_stop: str | None = None
        self._red_flag: str | None = None
        self._overtaken: str | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{number}", daemon=True)

    def start(self) -> None:
        """Begin to beat; raises Unreachable if the first beat fails."""
        self._holds.beat(self._number)
        self._thread.start()

    def stop(self) -> None:
        """Fall silent."""
        self._stopped.set()
        self._thread.join(timeout=10)

    def check(self) -> None:
        """Return while the hold is ours and nobody objects; raises Superseded, RedFlag, AskedToStop or HoldLost."""
        if self._overtaken is not None:
            raise Superseded(self._overtaken)
        if self._red_flag is not None:
            raise RedFlag(self._red_flag)
        if self._asked_to_stop is not None:
            raise AskedToStop(self._asked_to_stop)
        silence = time.monotonic() - self._last_beat
        limit = self._limits.heartbeat_stale.total_seconds() * 2 / 3
        if silence > limit:
            raise HoldLost(f"the heartbeat could not be renewed for {silence:.0f} s, the limit is {limit:.0f} s")

    def _beat(self) -> None:
        while not self._stopped.wait(self._limits.heartbeat.total_seconds()):
            with suppress(BlockError):
                began = time.monotonic()
                self._holds.beat(self._number)
                self._last_beat = began
                self._notice(self._holds.newest())
                self._red_flag = next(iter(raised_flags(self._company, self._release)), None)

    def _notice(self, newest: Hold | None) -> None:
        if newest is None or newest.number < self._number:
            return
        if newest.number > self._number:
            self._overtaken = self._say_overtaken(newest)
        elif newest.released:
            self._overtaken = f"{newest.why or 'somebody else freed the environment'}; {NOTHING_MORE}"
        elif newest.asked_to_stop:
            self._asked_to_stop = newest.asked_to_stop

    def _say_overtaken(self, newest: Hold) -> str:
        """An answer that reaches this run now opens nothing, and whoever gave it reads why."""
        if newest.release == self._release:
            why = newest.why or "another process took this release over"
            return f"{why} (on {exact_clock(newest.since, self._company.rules.time_zone)}); {NOTHING_MORE}"
        return (
            f"an approval of this run is for {self._release}; since then {newest.by} began to release {newest.what}"
            f" (hold {newest.number}): {NOTHING_MORE}"
        )


@contextmanager
def holding(company: Company, release: Release) -> Iterator[Run]:
    """Hold the environment of `release` and yield its run; the hold is given back once the record is sealed.

    Raises Held when somebody else holds it. A run that dies, is cancelled or cannot seal its record leaves
    the hold behind: recovery finds it.
    """
    holds = Holds(company.store, release.environment)
    over = own_dead_hold(holds, release)
    if over is not None:
        refuse_unread_spool(company, release)
    why = RETRIED if over is not None else ""
    with recovery_awake(release.environment), held_run(company, holds, release, over=over, why=why) as run:
        yield run


@contextmanager
def held_run(
    company: Company, holds: Holds, release: Release, *, over: Hold | None, why: str = "", broken: str = ""
) -> Iterator[Run]:
    """Take the hold, over another one if named, and say `why` to whoever had that; yield the run, its heart beating.

    `broken` says who broke that hold and why, where its servers are for people from then on.
    """
    number = holds.take(
        release=release.key,
        by=release.request.requested_by,
        what=release.what,
        above=highest_fence(company),
        over=over,
        why=why,
    )
    record = Record(company.store, release.key, holder=number, spool=company.spool)
    heart = Heart(company, release.key, number, release.limits)
    run = Run(release=release, company=company, record=record, number=number, lookout=heart)
    heart.start()
    unsealed: str = Cause.UNSEALED
    try:
        write_beginning(record, release, over=over, why=why, broken=broken)
        if over is None:
            tag_beginning(run)
        raise_fences(run, all_of_them=over is None and release.way is not Way.HOMEWARD)
        with hearing_cancel(heart) as run.lookout, dead_mans_switch(run, holds):
            yield run
    except TerminationSignal:
        with suppress(BlockError):
            holds.abandon(number, Cause.CANCELLED)
        call_recovery(release.environment)
        raise
    except (BlockError, Unreadable) as error:
        unsealed = f"{unsealed}: {error}"
        raise
    finally:
        heart.stop()
        with suppress(Unreadable):
            publish_record(run)
        give_back(holds, run, unsealed=unsealed)
        show_ending(run)
        tag_ending(run)


def write_beginning(record: Record, release: Release, *, over: Hold | None, why: str = "", broken: str = "") -> None:
    """The record begins with what is released, also where a process died before it could say so.

    Then it says why another process goes on, and since when the one before was silent, if it was.
    """
    facts = {"release": release.model_dump(mode="json")}
    before = () if over is None else record.rows()
    if not before:
        record.append(Event.OPENED, facts=facts)
    if over is not None:
        said = {name: text for name, text in (("sentence", why), (BROKEN, broken)) if text}
        stale_after = release.limits.heartbeat_stale
        if over.is_dead(stale_after):
            said |= silence_facts(before, cause_of_death(over), last_sign=over.last_sign, stale_after=stale_after)
        record.append(Event.TOOK_OVER, facts={**facts, **said})


def cause_of_death(dead: Hold) -> Cause:
    """Tell a process that fell silent from a run that somebody cancelled, and from one that could not go on."""
    if dead.abandoned is None:
        return Cause.DIED
    return Cause.CANCELLED if dead.abandoned == Cause.CANCELLED else Cause.UNSEALED


def refuse_while_held(company: Company, request: Request, *, key: str) -> None:
    """Raise Held when another release is under way: what its servers serve meanwhile says nothing.

    What is wrong with the request itself is told first: nobody waits for a release only to hear of it then.
    """
    newest = Holds(company.store, request.environment).newest()
    if newest is not None and not newest.released and newest.release != key:
        check_form(request, company)
        raise Held(f"{newest.refusal}. {NO_BASE}")


def pre_empt(company: Company, environment: str, *, why: str) -> Hold | None:
    """Ask a running release to stop and wait until it has; return the hold if its process died instead."""
    holds = Holds(company.store, environment)
    stale_after = company.limits.heartbeat_stale
    deadline = time.monotonic() + PRE_EMPTION.total_seconds()
    while True:
        newest = holds.newest()
        if newest is None or newest.released:
            return None
        if newest.is_dead(stale_after):
            return newest
        if time.monotonic() > deadline:
            raise Held(f"{newest.sentence} and did not stop within {spoken(PRE_EMPTION)}")
        holds.ask_to_stop(newest.number, why)
        time.sleep(LOOK_SECONDS)


def own_dead_hold(holds: Holds, release: Release) -> Hold | None:
    """Return this release's own hold left by a process that died; raises Held while that process may live."""
    stale_after = release.limits.heartbeat_stale
    deadline = time.monotonic() + stale_after.total_seconds() + 5
    while True:
        newest = holds.newest()
        if newest is None or newest.released or newest.release != release.key:
            return None
        if newest.is_dead(stale_after):
            return newest
        if time.monotonic() > deadline:
            raise Held(f"an earlier process of this very release still lives ({newest.sentence})")
        time.sleep(LOOK_SECONDS)


def refuse_unread_spool(company: Company, release: Release) -> None:
    """Return if everything is known that an earlier process wrote; raises Unreachable where rows may wait unread.

    They may say that it went home: only going home again is safe then, and recovery does that.
    """
    record = Record(company.store, release.key, holder=0, spool=company.spool)
    record.rows()
    if record.spool_fault:
        raise Unreachable(
            f"rows of {release.key} may wait in the worker's spool, which cannot be read: {record.spool_fault};"
            " free its disk and retry"
        )


def give_back(holds: Holds, run: Run, *, unsealed: str = Cause.UNSEALED) -> None:
    """Release the hold if the record is sealed; an unsealed one stays held for recovery, which says why."""
    try:
        if _has_ended(run):
            holds.release(run.number)
            return
        holds.abandon(run.number, unsealed)
    except BlockError as error:
        get_run_logger().warning(
            "The hold %s is left for recovery, which finds it after %s: %s",
            run.number,
            spoken(run.limits.heartbeat_stale),
            error,
        )


def _has_ended(run: Run) -> bool:
    """Whether the store holds the record to its end; recovery tells people of one that cannot be read."""
    try:
        return run.record.sealed and not run.record.waits_in_spool
    except Unreadable:
        return False
