"""How any item works: it fetches facts, hands them to a rule, and its verdict is a state in Prefect's view."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, overload

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.context import TaskRunContext
from prefect.states import Completed, Failed

from blocks.errors import BlockError, Misconfigured, Unreachable
from policy.checklist import ITEMS
from policy.items import Item, Kind
from policy.judgement import Judgement, failed, not_configured, unknown
from policy.own_checks import facts_of
from policy.record import Event
from tasks.run import Run, utc_now
from tasks.systems import Kind as SystemKind
from tasks.systems import System

RETRIES = 2
RETRY_DELAY_SECONDS = 1.0


@dataclass(frozen=True)
class Question:
    """An item that asks: the row of the checklist and the function that answers it."""

    item: Item
    ask: Callable[[Run], Judgement]


@overload
def item(number: str) -> Callable[[Callable[[Run], Judgement]], Question]: ...


@overload
def item(number: str, *, needs: System[SystemKind]) -> Callable[[Callable[[Run, SystemKind], Judgement]], Question]: ...


def item(number: str, *, needs: System[Any] | None = None) -> Callable[[Callable[..., Judgement]], Question]:
    """Make a function the answer to the item of this number; a number that is not on the list is refused.

    The function gets the system it needs; where the company has none the item is not applicable.
    """

    def bind(ask: Callable[..., Judgement]) -> Question:
        return Question(ITEMS[number], ask if needs is None else _ask_if_configured(ask, needs))

    return bind


def _ask_if_configured(ask: Callable[..., Judgement], system: System[Any]) -> Callable[[Run], Judgement]:
    @wraps(ask)
    def ask_it(run: Run) -> Judgement:
        found = system.of(run.company)
        return not_configured(system.section) if found is None else ask(run, found)

    return ask_it


def as_task(question: Question, run: Run) -> Task[[], Any]:
    """Return the task that asks: retried only while the system cannot be reached, never on a verdict."""

    @task(
        name=question.item.name,
        task_run_name=question.item.name,
        retries=RETRIES,
        retry_delay_seconds=RETRY_DELAY_SECONDS,
        retry_condition_fn=_could_not_be_reached,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    def ask() -> State[None]:
        kept = run.kept.get(question.item.number)
        judgement = kept.now(utc_now()) if kept else answer(question, run)
        write_down(run, question.item, judgement)
        return _as_state(question.item, judgement)

    return ask


def write_down(run: Run, item: Item, judgement: Judgement) -> None:
    """The run and its record hold this as the newest word on the item."""
    run.verdicts[item.number] = judgement
    run.record.append(Event.JUDGED, item=item.number, facts={**judgement.facts, **facts_of(item)})


def answer(question: Question, run: Run) -> Judgement:
    """Return what the item found; a system that cannot be reached raises as long as the task will try again."""
    try:
        return question.ask(run)
    except Unreachable as error:
        if _will_try_again():
            raise
        return unknown(f"could not be measured: {error}")
    except Misconfigured as error:
        return unknown(f"could not be asked: {error}")
    except BlockError as error:
        return failed(str(error))


def _will_try_again() -> bool:
    context = TaskRunContext.get()
    return context is not None and context.task_run.run_count <= RETRIES


def _could_not_be_reached(_task: object, _run: object, state: State[Any]) -> bool:
    return isinstance(state.data, Unreachable) or "Unreachable" in str(state.message)


def _as_state(item: Item, judgement: Judgement) -> State[None]:
    name = judgement.verdict.value.capitalize()
    if judgement.verdict.lets_pass or item.kind is Kind.ADVICE:
        return Completed(name=name, message=judgement.sentence)
    return Failed(name=name, message=judgement.sentence)
