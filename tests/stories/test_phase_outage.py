"""A phase and Prefect's server: what is asked of production is asked while the server that shows it is away."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from prefect import flow

from blocks.record import Record
from flows.phase import Report, phase, run_items
from flows.red_flag import RedFlag
from lab.control_plane import ControlPlane
from policy.judgement import Judgement, Verdict, passed
from policy.record import Event
from tasks.item import item
from tasks.run import Run
from tests.core.company import a_company, a_release
from tests.core.world import World


@item("3.1.2")
def health_checks_passing(_run: Run) -> Judgement:
    """Every server is asked."""
    return passed("every server is healthy")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A release under way."""
    world = World()
    company, release = a_company(world, tmp_path / "spool"), a_release(world)
    return Run(release, company, Record(company.store, release.key, holder=1, spool=company.spool), number=1)


@pytest.fixture
def go_away(control: ControlPlane) -> Iterator[Callable[[], None]]:
    """Kill -9 Prefect's server; it is back for the next story."""
    yield control.kill_server
    control.start_server()


@pytest.mark.parametrize("when", ["before the phase", "during the phase"])
def test_a_phase_is_carried_out_while_prefects_server_is_away(
    run: Run, go_away: Callable[[], None], logged: pytest.LogCaptureFixture, when: str
) -> None:
    found: list[Report] = []

    @phase("3.1 Immediate verification")
    def verification(run: Run) -> Report:
        """Health."""
        if when == "during the phase":
            go_away()
        return run_items(run, health_checks_passing)

    @flow(name="Release")
    def release() -> None:
        if when == "before the phase":
            go_away()
        found.append(verification(run))

    with pytest.raises(httpx.ConnectError):
        # Nobody is there who could be told that the release is over.
        release()

    (report,) = found
    assert [judgement.verdict for _, judgement in report.entries] == [Verdict.PASSED]
    assert [row.item for row in run.record.rows() if row.event is Event.JUDGED] == ["3.1.2"]
    assert "Prefect does not show 3.1 Immediate verification as it ended" in logged.text


def test_a_red_flag_that_a_phase_hears_is_raised_while_prefects_server_is_away(
    run: Run, go_away: Callable[[], None]
) -> None:
    raised: list[Exception] = []

    @phase("3.1 Immediate verification")
    def verification(_run: Run) -> Report:
        """Health."""
        go_away()
        raise RedFlag("Ana Souza: logins fail")

    @flow(name="Release")
    def release() -> None:
        try:
            verification(run)
        except RedFlag as error:
            raised.append(error)

    with pytest.raises(httpx.ConnectError):
        release()

    assert [str(error) for error in raised] == ["Ana Souza: logins fail"]
