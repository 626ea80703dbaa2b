"""How any step works: it looks, writes what it means to do, acts, and confirms by looking again."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from blocks.company import Company
from blocks.errors import BlockError, Meant, NotDone, Superseded, Unreachable
from policy.checklist import ITEMS
from policy.items import Item
from policy.judgement import spoken
from policy.record import Event
from tasks.run import Run, pause_after

AWAY_SECONDS = 10.0


class Again(StrEnum):
    """Whether a step may be done a second time."""

    SAFE = "looking tells whether it was done"
    NEVER = "nobody can tell whether it was done, so it is not repeated after a crash"


class StepFailed(Meant):
    """A step did not reach what it is for; the message says who, what, measured, limit."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What looking showed: whether the step's aim holds, and the sentence for the record."""

    done: bool
    sentence: str


@dataclass(frozen=True)
class Step:
    """One change to the world, found again after a crash by looking at the world."""

    number: str
    subject: str
    name: str
    look: Callable[[Company], Seen]
    act: Callable[[Company, int], None]
    does: str
    undo: str
    within: timedelta
    again: Again = Again.SAFE
    explain: Callable[[Company], str] | None = None
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def item(self) -> Item:
        """The row of the checklist that the step carries out."""
        return ITEMS[self.number]

    @property
    def title(self) -> str:
        """How the step is called in run names and messages."""
        return " ".join(part for part in (self.number, self.subject, self.name) if part)


def carry_out(step: Step, run: Run) -> None:
    """Return when the step's aim was seen to hold; raises StepFailed, or what the lookout raises."""
    run.lookout.check()
    as_task(step, run)()


def as_task(step: Step, run: Run) -> Callable[[], object]:
    """Return the task that carries the step out, named so that the run list reads as a log."""

    @task(
        name=f"{step.number} {step.name}",
        task_run_name=step.title,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    def carry() -> State[None]:
        return Completed(message=perform(step, run))

    return carry


def perform(step: Step, run: Run) -> str:
    """Look, and if the aim does not hold yet: write the intent, act, wait until it is seen to hold; say what is so."""
    try:
        seen = _look(step, run, until=time.monotonic() + min(_seconds(step), AWAY_SECONDS))
        if seen.done:
            return _confirm(step, run, seen.sentence)
        if step.again is Again.NEVER and _was_intended(step, run):
            return _confirm(step, run, "may have been done before the crash; not repeated")
        run.record.append(
            Event.INTENDED,
            item=step.number,
            subject=step.subject,
            step=step.name,
            facts={"seen": seen.sentence, "does": step.does, "undo": step.undo, **step.facts},
        )
        _act(step, run)
        done = "done once" if step.again is Again.NEVER else _wait_until_done(step, run).sentence
        return _confirm(step, run, done)
    except Superseded:
        raise
    except BlockError as error:
        raise StepFailed(f"{step.title}: {error}") from error


@contextmanager
def before_acting() -> Iterator[None]:
    """What an act asks before it changes anything: without an answer to that, nothing was done."""
    try:
        yield
    except Unreachable as error:
        raise NotDone(str(error), cause=error.cause) from error


def _act(step: Step, run: Run) -> None:
    """Act; what was not done is done again while there is time, if looking still says so.

    An answer that was lost on the way is no failure yet: looking will tell.
    """
    began = time.monotonic()
    until = began + _seconds(step)
    while True:
        try:
            return step.act(run.company, run.number)
        except NotDone:
            if step.again is Again.NEVER or time.monotonic() > until:
                raise
        except Unreachable:
            if step.again is Again.NEVER:
                raise
            return None
        run.pause(pause_after(time.monotonic() - began))
        if _look(step, run, until=until).done:
            return None


def _look(step: Step, run: Run, *, until: float) -> Seen:
    """Look once more than once: a system that is away for a moment is not a failed step."""
    began = time.monotonic()
    while True:
        run.lookout.check()
        try:
            return step.look(run.company)
        except Unreachable:
            if time.monotonic() > until:
                raise
        run.pause(pause_after(time.monotonic() - began))


def _wait_until_done(step: Step, run: Run) -> Seen:
    began = time.monotonic()
    deadline = began + _seconds(step)
    while True:
        run.lookout.check()
        try:
            seen = step.look(run.company)
        except Unreachable as error:
            seen = Seen(done=False, sentence=str(error))
        if seen.done:
            return seen
        if time.monotonic() > deadline:
            more = f". {_explain(step, run)}" if step.explain else ""
            raise StepFailed(f"{step.title}: {seen.sentence}; waited {spoken(step.within)}{more}")
        time.sleep(pause_after(time.monotonic() - began))


def _seconds(step: Step) -> float:
    return step.within.total_seconds()


def _explain(step: Step, run: Run) -> str:
    """What section 10 says to a failed step; a host that does not answer leaves its log to people."""
    try:
        return step.explain(run.company) if step.explain else ""
    except BlockError as error:
        return f"its log could not be read: {error}"


def _confirm(step: Step, run: Run, sentence: str) -> str:
    run.record.append(
        Event.CONFIRMED,
        item=step.number,
        subject=step.subject,
        step=step.name,
        facts={"sentence": sentence},
    )
    return sentence


def _was_intended(step: Step, run: Run) -> bool:
    return any(
        row.event is Event.INTENDED and row.is_about(item=step.number, subject=step.subject, step=step.name)
        for row in run.record.rows()
    )
