"""The fences of the hosts: the number of the newest hold that each has heard of, below which it refuses to act."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.errors import BlockError, Superseded
from tasks.run import Run

Answered = TypeVar("Answered")


def highest_fence(company: Company) -> int:
    """Return the highest number any host knows; the store and the reachable hosts must do."""
    highest = 0
    for answer in asked_together(company.fences()):
        try:
            highest = max(highest, answer.result())
        except BlockError as error:
            get_run_logger().warning("A fence could not be read: %s", error)
    return highest


def asked_together(asked: Iterable[Callable[[], Answered]]) -> list[Future[Answered]]:
    """Return what each host answered; those that hang are waited for all together."""
    each = list(asked)
    with ThreadPoolExecutor(max_workers=max(1, len(each))) as pool:
        return [pool.submit(ask) for ask in each]


def raise_fences(run: Run, *, all_of_them: bool) -> None:
    """Make the hosts refuse lower numbers; going home, one that does not answer is left out."""
    for answer in asked_together(run.company.fences_to(run.number)):
        try:
            answer.result()
        except Superseded:
            raise
        except BlockError as error:
            if all_of_them:
                raise
            get_run_logger().warning("A fence could not be raised: %s", error)
