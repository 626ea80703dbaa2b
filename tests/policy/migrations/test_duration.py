"""How long a migration will take (6.1.3)."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.judgement import Verdict
from policy.limits import Risk
from policy.migrations.duration import Estimate, estimate_duration, judge_duration, time_on_staging
from policy.migrations.history import Applied

LIMIT = timedelta(minutes=5)


@pytest.mark.parametrize(
    ("staging", "production", "seconds"),
    [
        pytest.param({"Patient": 1_000}, {"Patient": 10_000}, 100, id="ten times the rows"),
        pytest.param({"Patient": 1_000, "Visit": 10}, {"Patient": 2_000, "Visit": 500}, 500, id="the worst table"),
        pytest.param({"Patient": 1_000}, {"Patient": 10}, 10, id="never less than on staging"),
        pytest.param({}, {}, 10, id="no table was there before"),
        pytest.param({"Patient": 0}, {"Patient": 0}, 10, id="empty in both"),
        pytest.param({"Patient": 0}, {"Patient": 10}, None, id="empty on staging"),
        pytest.param({}, {"Patient": 10}, None, id="not on staging"),
    ],
)
def test_the_time_on_staging_is_scaled_by_rows(
    staging: dict[str, int], production: dict[str, int], seconds: int | None
) -> None:
    estimate = estimate_duration(timedelta(seconds=10), staging_rows=staging, production_rows=production)

    assert (estimate and estimate.takes.total_seconds()) == seconds


def test_the_arithmetic_is_said() -> None:
    estimate = estimate_duration(
        timedelta(seconds=10), staging_rows={"Patient": 1_000}, production_rows={"Patient": 31_000}
    )

    assert estimate
    assert estimate.sentence == "10 s on staging x 31.0 (31,000 rows of Patient against 1,000) = 5 min 10 s"


@pytest.mark.parametrize(
    ("minutes", "risk", "maintenance", "verdict"),
    [
        pytest.param(5, Risk.LOW, False, Verdict.PASSED, id="at the limit"),
        pytest.param(6, Risk.LOW, True, Verdict.FAILED, id="in business hours"),
        pytest.param(6, Risk.MEDIUM, False, Verdict.FAILED, id="off-hours, without maintenance"),
        pytest.param(6, Risk.MEDIUM, True, Verdict.PASSED, id="off-hours, with maintenance"),
        pytest.param(6, Risk.HIGH, False, Verdict.FAILED, id="early in the morning, without maintenance"),
        pytest.param(6, Risk.HIGH, True, Verdict.PASSED, id="early in the morning, with maintenance"),
        pytest.param(None, Risk.HIGH, True, Verdict.UNKNOWN, id="not timed"),
    ],
)
def test_over_five_minutes_is_for_off_hours_and_maintenance(
    *, minutes: int | None, risk: Risk, maintenance: bool, verdict: Verdict
) -> None:
    estimate = None if minutes is None else Estimate(timedelta(minutes=minutes), "timed")

    assert judge_duration(estimate, limit=LIMIT, risk=risk, maintenance=maintenance).verdict is verdict


def row(name: str, minutes: int | None, *, rolled_back: bool = False) -> Applied:
    began = datetime(2026, 11, 24, 10, tzinfo=UTC)
    ended = None if minutes is None else began + timedelta(minutes=minutes)
    return Applied(name, "c", began, ended, ended if rolled_back else None, 1)


@pytest.mark.parametrize(
    ("rows", "minutes"),
    [
        pytest.param([row("a", 4), row("b", 3), row("other", 90)], 7, id="one after the other"),
        pytest.param([row("a", 4, rolled_back=True), row("a", 2), row("b", 3)], 5, id="applied again"),
        pytest.param([row("a", 4, rolled_back=True), row("a", 4)], None, id="twice is not both"),
        pytest.param([row("a", 4), row("b", None)], None, id="not finished"),
        pytest.param([row("a", 4), row("b", 3, rolled_back=True)], None, id="taken back"),
        pytest.param([], None, id="nothing"),
    ],
)
def test_the_time_of_a_release_is_that_of_all_its_migrations(rows: list[Applied], minutes: int | None) -> None:
    took = time_on_staging(rows, {"a", "b"})

    assert (took and took.total_seconds() / 60) == minutes
