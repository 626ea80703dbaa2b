"""What `make doctor` says of the settings file, and of Prefect before there is any."""

import json
import logging
from pathlib import Path

import pytest
from prefect.exceptions import FailedRun
from prefect.settings import PREFECT_API_URL, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

from deployments.doctor import all_tried, company_of, try_prefect
from deployments.settings import Settings, read_settings
from policy.judgement import Verdict
from tasks.run_log import ends_failed

EXAMPLE = Path(__file__).parents[2] / "docs" / "example.toml"


def test_a_worker_that_knows_no_server_is_told_so_and_none_is_started() -> None:
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        (finding,) = try_prefect(read_settings(EXAMPLE))

    assert (finding.tried, finding.judgement.verdict) == ("server", Verdict.FAILED)
    assert "PREFECT_API_URL is not set" in finding.judgement.sentence
    assert "set PREFECT_API_URL" in finding.next_step


@pytest.mark.parametrize(
    ("found", "instead", "said", "step"),
    [
        ('country = "US"', "country = 7", "country: Input should be a valid string, found 7", "mend country in "),
        ('country = "US"', 'country = "US', "is no valid TOML", "mend what TOML cannot read in "),
        ('country = "US"', 'country = "US"\ncontry = "US"', "contry: Extra inputs", "mend contry in "),
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
