"""Prefect shows what happens; what happens does not need it. Here tasks are plain calls and the log is silent."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from blocks.company import Company
from blocks.errors import BlockError
from policy.judgement import unknown
from policy.record import Event
from tasks.item import Question
from tasks.run import Run
from tasks.step import Step, perform
from tests.core.company import a_company
from tests.core.place import Place
from tests.core.world import World


@pytest.fixture
def world() -> World:
    """Three servers, all well on the old version."""
    return World()


@pytest.fixture
def company(world: World, tmp_path: Path) -> Company:
    """The company around them."""
    return a_company(world, tmp_path / "spool")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty store."""
    (tmp_path / "store").mkdir()
    place = Place(tmp_path / "store", tmp_path / "spool")
    place.store.mark()
    return place


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is away stays away: nobody waits for it."""
    monkeypatch.setattr("blocks.record.PATIENCE", timedelta(0))


def plain_step(step: Step, run: Run) -> Callable[[], object]:
    """The step without a task around it."""
    return lambda: perform(step, run)


def plain_item(question: Question, run: Run) -> Callable[..., None]:
    """The item without a task around it."""

    def ask(**_: Any) -> None:
        try:
            judgement = question.ask(run)
        except BlockError as error:
            judgement = unknown(str(error))
        run.verdicts[question.item.number] = judgement
        run.record.append(Event.JUDGED, item=question.item.number, facts={"verdict": judgement.verdict.value})

    return ask


def plain_mark(_name: str, act: Callable[[], object]) -> Callable[..., object]:
    """The mark without a task around it."""
    return lambda **_: act()


@pytest.fixture(autouse=True)
def without_prefect(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No task run, no server."""
    monkeypatch.setattr("tasks.step.as_task", plain_step)
    monkeypatch.setattr("tasks.marks.as_task", plain_mark)
    for module in ("flows.way_home", "flows.sign_off", "flows.database_home"):
        monkeypatch.setattr(f"{module}.as_task", plain_item)
    with disable_run_logger():
        yield
