"""k6 sends a steady load to staging, and says what it measured; the program is the genuine one."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from blocks.application import Application
from blocks.errors import Misconfigured
from blocks.k6 import K6
from lab.client import Lab
from lab.processes import program

CROSSED = """
import http from 'k6/http';
export const options = {
  scenarios: {one: {executor: 'shared-iterations', iterations: 1}},
  thresholds: {http_req_duration: ['p(95)<0.001']},
};
export default function () {
  http.get(`${__ENV.BASE_URL}/api/health`, {headers: {Host: __ENV.HOST}});
}
"""


@pytest.fixture
def staging(lab: Lab, settings: dict[str, Any]) -> Application:
    """The application on staging."""
    del lab
    address = settings["staging"]["health"].removesuffix("/api/health")
    return Application(**{**settings["application"], "url": address}, secrets_folder=settings["secrets"])


@pytest.fixture
def k6() -> K6:
    """Ten iterations a second for two seconds."""
    return K6(program=program("k6"), rate=10, duration=timedelta(seconds=2), users=5)


def nothing() -> None:
    """What happens meanwhile."""


def test_our_script_sends_the_load_and_every_request_is_answered(k6: K6, staging: Application) -> None:
    measured = k6.run(staging, meanwhile=nothing)

    assert measured.requests == pytest.approx(20, abs=2)
    assert (measured.failed_share, measured.dropped, measured.crossed) == (0, 0, ())
    assert measured.rate == pytest.approx(10, rel=0.2)
    assert measured.p95 is not None
    assert timedelta(0) < measured.p95 < timedelta(seconds=2)


def test_a_threshold_of_ones_own_script_that_is_crossed_is_named(k6: K6, staging: Application, tmp_path: Path) -> None:
    script = tmp_path / "ours.js"
    script.write_text(CROSSED)

    measured = k6.model_copy(update={"script": str(script)}).run(staging, meanwhile=nothing)

    assert measured.crossed == ("http_req_duration p(95)<0.001",)


@pytest.mark.parametrize(
    ("script", "says"),
    [("export default function () {", "k6 ended with status"), ("no script", "k6 ended with status")],
    ids=["a script that breaks off", "no script at all"],
)
def test_a_script_that_does_not_run_is_said(
    k6: K6, staging: Application, tmp_path: Path, script: str, says: str
) -> None:
    file = tmp_path / "broken.js"
    file.write_text(script)

    with pytest.raises(Misconfigured, match=says):
        k6.model_copy(update={"script": str(file)}).run(staging, meanwhile=nothing)


def test_a_program_that_is_not_there_is_said(k6: K6, staging: Application) -> None:
    absent = k6.model_copy(update={"program": "/nowhere/k6"})

    with pytest.raises(Misconfigured, match=r"load_test\.program: /nowhere/k6 cannot be started: No such file"):
        absent.run(staging, meanwhile=nothing)


def test_what_stops_the_release_stops_the_load(k6: K6, staging: Application) -> None:
    class RedFlag(Exception):
        """A person raised one."""

    def raise_it() -> None:
        raise RedFlag

    long = k6.model_copy(update={"duration": timedelta(minutes=10)})

    with pytest.raises(RedFlag):
        long.run(staging, meanwhile=raise_it)
