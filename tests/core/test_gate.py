"""A gate and Prefect's server: one that is away is waited for; a run that it no longer knows is waited for no more."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import cast
from uuid import uuid4

import pytest
from prefect import get_client
from prefect.exceptions import ObjectNotFound
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from blocks.company import Company
from flows.approval import require_approval
from flows.choice import choose
from flows.database_approval import require_database_approval
from flows.gate import ApprovalForm, NobodyAnswered, RunDeleted, ask
from flows.phase import ChecksFailed, Report
from flows.waivers import require_or_waive
from flows.way_home import way_home
from policy.checklist import ITEMS
from policy.items import Way
from policy.judgement import failed, passed
from policy.plans import Cause
from policy.record import Event, last
from tasks.run import Run, Silent
from tests.core.company import People
from tests.core.prefect_server import in_run
from tests.core.scene import ALL_BACK, ALL_OLD, FIRST_BACK, begun, outcome, serving
from tests.core.world import World
from tests.serving import served

A_DAY, A_MOMENT = timedelta(days=1), timedelta(seconds=1)
SAID = "the run was deleted in Prefect while it waited for an answer, so nobody can answer"
STOPPED = Report(entries=((ITEMS["1.4.3"], failed("no backup found")),), way=Way.STANDARD)
WELL = Report(entries=((ITEMS["1.4.3"], passed("40 minutes old")),), way=Way.STANDARD)


def prefects_server(*, well: bool, status: int) -> Starlette:
    """Prefect's server, or what stands before it, that gives this status for whatever a gate asks of its run."""

    def answer(request: Request) -> JSONResponse:
        if well and request.url.path.endswith("/health"):
            return JSONResponse(content=True)
        return JSONResponse({"detail": "Not Found"}, status_code=status)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


@pytest.fixture
def deleted() -> Iterator[None]:
    """The run that asks was deleted in Prefect."""
    with served(prefects_server(well=True, status=404)) as url, in_run(url):
        yield


def ask_within(time: timedelta) -> None:
    ask(
        ApprovalForm,
        "evidence",
        within=time,
        lookout=Silent(),
        remind=lambda _left: None,
        remind_every=A_DAY,
    )


@pytest.mark.usefixtures("deleted")
def test_a_run_that_prefect_no_longer_knows_is_not_waited_for() -> None:
    with pytest.raises(RunDeleted, match=rf"^{SAID}$"):
        ask_within(A_DAY)


@pytest.mark.parametrize(
    ("well", "status"),
    [
        pytest.param(False, 404, id="a proxy that knows no page"),
        pytest.param(True, 500, id="a defect of its own"),
    ],
)
def test_a_server_that_is_away_is_waited_for_until_the_time_is_over(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, *, well: bool, status: int
) -> None:
    monkeypatch.setattr("flows.gate.get_run_logger", lambda: logging.getLogger("gate"))

    with (
        served(prefects_server(well=well, status=status)) as url,
        in_run(url),
        pytest.raises(NobodyAnswered, match=r"^nobody answered within 1 s$"),
    ):
        ask_within(A_MOMENT)

    said = [record.message for record in caplog.records if record.name == "gate"]
    assert said
    assert all("Prefect's server is away" in one and "(None)" not in one for one in said), said


def test_a_server_that_refuses_the_connection_is_waited_for_until_the_time_is_over() -> None:
    with served(prefects_server(well=True, status=404)) as url:
        gone = url

    with in_run(gone), pytest.raises(NobodyAnswered, match="nobody answered within"):
        ask_within(A_MOMENT)


@pytest.mark.usefixtures("deleted")
def test_a_release_that_is_deleted_at_its_approval_goes_home_at_once(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_BACK)

    with pytest.raises(RunDeleted), way_home(process.run):
        require_approval(process.run, lambda _run: WELL)

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    home = last(process.run.record.rows(), Event.GOING_HOME)
    assert home is not None
    assert (home.facts["cause"], home.facts["sentence"]) == (Cause.DELETED, SAID)
    (asked,) = [text for text in cast("People", company.slack).said.values() if "*For:*" in text]
    assert "/flow-run/" not in asked
    assert asked.endswith(
        f"its run was deleted in Prefect; the record: `python -m deployments.verify_record {process.run.release.key}`"
    )


@pytest.mark.usefixtures("deleted")
@pytest.mark.parametrize("steps", [FIRST_BACK, ALL_BACK + 1], ids=["servers differ", "live everywhere"])
def test_a_release_that_is_deleted_while_people_choose_goes_home_as_a_cancelled_one(
    company: Company, world: World, steps: int
) -> None:
    process = begun(company, world, steps=steps)

    with pytest.raises(RunDeleted), way_home(process.run):
        choose(process.run, "the metrics could not be read")

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)


@pytest.mark.usefixtures("deleted")
def test_a_release_that_is_deleted_between_its_gates_says_so_and_not_what_prefect_refused(
    company: Company, world: World
) -> None:
    process = begun(company, world, steps=FIRST_BACK)

    with pytest.raises(ObjectNotFound), way_home(process.run), get_client(sync_client=True) as client:
        client.read_flow_run(uuid4())

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    home = last(process.run.record.rows(), Event.GOING_HOME)
    assert home is not None
    assert (home.facts["cause"], home.facts["sentence"]) == (
        Cause.DELETED,
        "the run was deleted in Prefect while its release went on",
    )


@pytest.mark.usefixtures("deleted")
def test_nothing_is_waived_in_a_run_that_was_deleted(company: Company, world: World) -> None:
    run = asking_for_waivers(begun(company, world, steps=0).run)

    with pytest.raises(ChecksFailed, match=f"no backup found; {SAID}, so nothing is waived"):
        require_or_waive(run, lambda _run: (STOPPED,))


@pytest.mark.usefixtures("deleted")
def test_the_database_is_left_as_it_is_where_the_run_that_asks_was_deleted(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.database_approval.down_of", lambda _run: ("DROP TABLE reminders",))
    run = begun(company, world, steps=0).run

    with pytest.raises(RunDeleted):
        require_database_approval(run, lambda _run: (WELL, False))


def asking_for_waivers(run: Run) -> Run:
    request = run.release.request.model_copy(update={"ask_for_waivers": True})
    run.release = run.release.model_copy(update={"request": request})
    return run
