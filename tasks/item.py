"""How any item works: it fetches facts, hands them to a rule, and its verdict is a state in Prefect's view."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.context import TaskRunContext
from prefect.states import Completed, Failed

from blocks.errors import BlockError, Unreachable
from policy.checklist import ITEMS
from policy.items import Item, Kind
from policy.judgement import Judgement, failed, unknown
from policy.record import Event
from tasks.run import Run

RETRIES = 2
RETRY_DELAY_SECONDS = 1.0


@dataclass(frozen=True)
class Question:
    """An item that asks: the row of the checklist and the function that answers it."""

    item: Item
    ask: Callable[[Run], Judgement]


def item(number: str) -> Callable[[Callable[[Run], Judgement]], Question]:
    """Make a function the answer to the item of this number; a number that is not on the list is refused."""

    def bind(ask: Callable[[Run], Judgement]) -> Question:
        return Question(ITEMS[number], ask)

    return bind


def as_task(question: Question, run: Run) -> Task[[], Any]:
    """Return the task that asks: retried only while the system cannot be reached, never on a verdict."""

    @task(
        name=question.item.name,
        task_run_name=question.item.name,
        tags=[f"item:{question.item.number}"],
        retries=RETRIES,
        retry_delay_seconds=RETRY_DELAY_SECONDS,
        retry_condition_fn=_could_not_be_reached,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    def ask() -> State[None]:
        judgement = _answer(question, run)
        run.verdicts[question.item.number] = judgement
        run.record.append(
            Event.JUDGED,
            item=question.item.number,
            facts={
                "verdict": judgement.verdict.value,
                "sentence": judgement.sentence,
                "link": judgement.link,
            },
        )
        return _as_state(question.item, judgement)

    return ask


def _answer(question: Question, run: Run) -> Judgement:
    try:
        return question.ask(run)
    except Unreachable as error:
        if _will_try_again():
            raise
        return unknown(f"could not be measured: {error}")
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
