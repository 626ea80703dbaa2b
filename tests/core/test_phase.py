"""A phase and Prefect's server: what the phase found counts, whatever becomes of the flow that shows it."""

import logging
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from prefect.exceptions import PrefectException
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from blocks.company import Company
from flows.phase import Report, phase
from flows.red_flag import RedFlag
from flows.way_home import way_home
from policy.checklist import ITEMS
from policy.items import Way
from policy.judgement import passed
from policy.plans import Cause
from policy.record import Event, last
from tasks.run import Run
from tests.core.prefect_server import in_run
from tests.core.scene import ALL_BACK, ALL_NEW, begun, serving
from tests.core.world import World
from tests.serving import served

TITLE = "3.1 Immediate verification"
WELL = Report(entries=((ITEMS["3.1.2"], passed("every server is healthy")),), way=Way.STANDARD)


class Body:
    """What a phase does: it counts how often it is asked, and may raise."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked = 0
        self._error = error

    def __call__(self, _run: Run) -> Report:
        """Health."""
        self.asked += 1
        if self._error is not None:
            raise self._error
        return WELL


def that_answers(status: int, *, well: bool) -> Starlette:
    """Prefect's server, or what stands before it, that gives this status for whatever a phase asks of it."""

    def answer(request: Request) -> JSONResponse:
        if well and request.url.path.endswith("/health"):
            return JSONResponse(content=True)
        return JSONResponse({"detail": "no"}, status_code=status)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "PATCH"])])


@pytest.fixture(params=["refuses the connection", "has a defect", "stands behind a proxy that knows no page"])
def away(request: pytest.FixtureRequest) -> Iterator[None]:
    """Prefect's server cannot be used."""
    status = 500 if request.param == "has a defect" else 404
    with served(that_answers(status, well=False)) as url:
        if request.param != "refuses the connection":
            with in_run(url):
                yield
            return
    with in_run(url):
        yield


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """What the phase says in the log of its run."""
    for module in ("flows.phase", "tasks.run_log"):
        monkeypatch.setattr(f"{module}.get_run_logger", lambda: logging.getLogger("release"))
    return caplog


@pytest.mark.usefixtures("away")
def test_a_live_fleet_stays_where_prefects_server_is_away_as_its_verification_begins(
    company: Company, world: World, logged: pytest.LogCaptureFixture
) -> None:
    run, body = begun(company, world, steps=ALL_BACK + 1).run, Body()

    with way_home(run):
        report = phase(TITLE)(body)(run)

    assert (report.entries, report.title, body.asked) == (WELL.entries, TITLE, 1)
    assert serving(world) == ALL_NEW
    said = [record.message for record in logged.records if record.name == "release"]
    assert said[0].startswith(f"Prefect does not show {TITLE} as it ended (")
    assert said[0].endswith("); the release goes on")
    assert said[1].startswith("The page evidence-3-1-immediate-verification could not be left in Prefect: ")


@pytest.mark.usefixtures("away", "logged")
def test_what_a_phase_raises_is_raised_and_not_what_prefect_could_not_show(company: Company, world: World) -> None:
    body = Body(RedFlag("Ana Souza: logins fail"))

    with pytest.raises(RedFlag, match="logins fail"):
        phase(TITLE)(body)(begun(company, world, steps=0).run)

    assert body.asked == 1


def test_a_release_whose_run_was_deleted_goes_home_before_its_next_phase(company: Company, world: World) -> None:
    run, body = begun(company, world, steps=ALL_BACK + 1).run, Body()

    with (
        served(that_answers(404, well=True)) as url,
        in_run(url),
        suppress(httpx.HTTPError, PrefectException),
        way_home(run),
    ):
        phase(TITLE)(body)(run)

    assert body.asked == 0
    home = last(run.record.rows(), Event.GOING_HOME)
    assert home is not None
    assert home.facts["cause"] == Cause.DELETED


def test_a_phase_does_not_wait_for_minutes_to_be_shown(company: Company, world: World) -> None:
    retries: list[int] = []

    def body(_run: Run) -> Report:
        """Health."""
        retries.append(PREFECT_CLIENT_MAX_RETRIES.value())
        return WELL

    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 5, PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        phase(TITLE)(body)(begun(company, world, steps=0).run)

    assert retries == [3]
