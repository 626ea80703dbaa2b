"""What `make doctor` says of Prefect before there is any."""

from pathlib import Path

from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.doctor import try_prefect
from deployments.settings import read_settings
from policy.judgement import Verdict

EXAMPLE = Path(__file__).parents[2] / "docs" / "example.toml"


def test_a_worker_that_knows_no_server_is_told_so_and_none_is_started() -> None:
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        (finding,) = try_prefect(read_settings(EXAMPLE))

    assert (finding.tried, finding.judgement.verdict) == ("server", Verdict.FAILED)
    assert "PREFECT_API_URL is not set" in finding.judgement.sentence
    assert "set PREFECT_API_URL" in finding.next_step
