"""What `make doctor` says of the settings file, and of Prefect before there is any."""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from prefect.exceptions import FailedRun
from prefect.settings import PREFECT_API_URL, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deployments.doctor import all_tried, company_of, try_prefect
from deployments.settings import Settings, read_settings
from policy.judgement import Verdict
from tasks.run_log import ends_failed
from tests.serving import served

POOL = "5f0c7c1e-0000-4000-8000-000000000001"
EXAMPLE = Path(__file__).parents[2] / "docs" / "example.toml"


def test_a_worker_that_knows_no_server_is_told_so_and_none_is_started() -> None:
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        finding, *others = try_prefect(read_settings(EXAMPLE))

    assert [one.judgement.sentence for one in others] == ["not tried: see Prefect, server"] * 3
    assert (finding.tried, finding.judgement.verdict) == ("server", Verdict.FAILED)
    assert "PREFECT_API_URL is not set" in finding.judgement.sentence
    assert "set PREFECT_API_URL" in finding.next_step


@pytest.mark.parametrize(
    ("found", "instead", "said", "step"),
    [
        ('country = "US"', "country = 7", "country: Input should be a valid string, found 7", "mend country in "),
        ('country = "US"', 'country = "US', "is no valid TOML", "mend what TOML cannot read in "),
        ('country = "US"', 'country = "US"\ncontry = "US"', "contry: there is no such key", "mend contry in "),
    ],
)
def test_settings_that_are_wrong_are_one_red_row_with_file_field_and_what_to_do(
    tmp_path: Path, found: str, instead: str, said: str, step: str
) -> None:
    file = tmp_path / "countersign.toml"
    file.write_text(EXAMPLE.read_text().replace(found, instead, 1))

    (finding,) = all_tried(file)

    assert finding.is_red
    assert str(file) in finding.judgement.sentence
    assert said in finding.judgement.sentence
    assert finding.next_step.startswith(f"{step}{file}")


def test_the_doctor_does_not_show_a_secret_that_was_typed_into_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "countersign.toml"
    file.write_text(EXAMPLE.read_text().replace("REGISTRY_PASSWORD", "hunter2 secret value!"))

    (finding,) = all_tried(file)

    assert "registry.password: expected the name of a secret" in finding.judgement.sentence
    assert "hunter2" not in f"{finding}"


@dataclass
class Prefect:
    """What Prefect's server says of its work pool; `ahead` is how far its clock is."""

    silent_for: timedelta = timedelta(seconds=5)
    ahead: timedelta = timedelta(0)
    paused: bool = False
    exists: bool = True

    @property
    def app(self) -> Starlette:
        """The few addresses that are asked here; anything else is not there."""
        return Starlette(
            routes=[
                Route("/api/health", self._well),
                Route("/api/hello", self._well),
                Route("/api/work_pools/countersign", self._pool),
                Route("/api/work_pools/countersign/workers/filter", self._workers, methods=["POST"]),
                Route("/api/deployments/filter", self._nothing, methods=["POST"]),
            ]
        )

    @property
    def _now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def _well(self, _request: Request) -> Response:
        return JSONResponse(content=True, headers={"date": format_datetime(self._now, usegmt=True)})

    async def _nothing(self, _request: Request) -> Response:
        return JSONResponse([])

    async def _pool(self, _request: Request) -> Response:
        if not self.exists:
            return JSONResponse({"detail": "not found"}, status_code=404)
        pool = {
            "id": POOL,
            "name": "countersign",
            "type": "process",
            "is_paused": self.paused,
            "default_queue_id": POOL,
        }
        return JSONResponse(pool)

    async def _workers(self, _request: Request) -> Response:
        beat = (self._now - self.silent_for).isoformat()
        worker = {"name": "one", "work_pool_id": POOL, "last_heartbeat_time": beat, "status": "ONLINE"}
        return JSONResponse([{**worker, "heartbeat_interval_seconds": 30}])


@pytest.mark.parametrize(
    ("prefect", "verdict", "said", "step"),
    [
        (Prefect(), Verdict.PASSED, "one, heartbeat ", ""),
        (Prefect(ahead=timedelta(minutes=-10)), Verdict.PASSED, "one, heartbeat ", ""),
        (Prefect(silent_for=timedelta(seconds=90)), Verdict.FAILED, "though shown as online", "prefect worker start"),
        (Prefect(paused=True), Verdict.FAILED, "is paused", "prefect work-pool resume countersign"),
        (Prefect(exists=False), Verdict.FAILED, "no work pool countersign", "prefect work-pool create countersign"),
    ],
)
def test_a_worker_is_well_while_its_heartbeat_is_young_by_the_clock_of_prefect(
    prefect: Prefect, verdict: Verdict, said: str, step: str
) -> None:
    with served(prefect.app) as url, temporary_settings({PREFECT_API_URL: f"{url}/api"}):
        found = {one.tried: one for one in try_prefect(read_settings(EXAMPLE))}

    assert found["server"].is_well
    assert found["worker"].judgement.verdict is verdict, found["worker"]
    assert said in found["worker"].judgement.sentence
    assert step in found["worker"].next_step


def test_the_lines_to_look_at_a_server_by_hand_go_to_its_own_folder() -> None:
    with company_of(read_settings(EXAMPLE)) as company:
        server = company.fleet.servers[0]
        lines = company.fleet.hand_look_commands(server)

    assert lines["hold"].startswith(f"ssh -p {server.port} {company.fleet.user}@{server.host} ")
    assert f"cd {server.directory} && cat HOLD" in lines["hold"]
    assert f"logs --tail 50 {server.service}" in lines["log"]


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (finding,) = all_tried(tmp_path / "none.toml")

    assert finding.is_red
    assert f"to {tmp_path / 'none.toml'}" in finding.next_step
    assert "COUNTERSIGN_SETTINGS" in finding.next_step


def test_a_failed_state_leaves_no_traceback_and_anything_else_does(caplog: pytest.LogCaptureFixture) -> None:
    ends_failed("Look", "2 red of 60")
    logger = logging.getLogger("prefect.flow_runs")
    logger.addHandler(caplog.handler)
    try:
        with temporary_settings({PREFECT_LOGGING_TO_API_ENABLED: False}):
            for error in (FailedRun("2 red of 60"), ValueError("a defect")):
                logger.error("Engine execution exited with unexpected exception", exc_info=error)
    finally:
        logger.removeHandler(caplog.handler)

    (record,) = {id(record): record for record in caplog.records}.values()
    assert "a defect" in caplog.text
    assert record.levelno == logging.ERROR


def test_no_setting_has_an_order_that_each_process_sees_differently() -> None:
    """What was saved would differ from the settings file in every other process."""
    assert "uniqueItems" not in json.dumps(Settings.model_json_schema())
