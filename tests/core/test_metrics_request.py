"""Which days a report covers, as they are asked for."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from flows.metrics_report import ReportRequest, period
from tasks.resolve import BadRequest

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def asked(first: str = "", last: str = "") -> tuple[datetime, datetime]:
    return period(ReportRequest(first_day=first, last_day=last), zone=ZONE, now=NOW)


def test_without_days_it_is_the_quarter_that_ended_last() -> None:
    assert asked() == (datetime(2026, 7, 1, tzinfo=ZONE), datetime(2026, 10, 1, tzinfo=ZONE))


def test_the_last_day_counts_whole_and_days_to_come_do_not_count() -> None:
    assert asked("2026-02-01", "2026-02-28")[1] == datetime(2026, 3, 1, tzinfo=ZONE)
    assert asked("2026-10-01", "2026-12-31")[1] == datetime(2026, 11, 25, tzinfo=ZONE)


def test_a_period_that_has_not_begun_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"^first_day: 2026-11-25 has not come yet, today is 2026-11-24$"):
        asked("2026-11-25", "2026-12-31")


def test_an_open_end_is_today() -> None:
    assert asked("2026-10-01", "9999-12-31")[1] == datetime(2026, 11, 25, tzinfo=ZONE)


def test_what_is_wrong_with_both_days_is_told_at_once() -> None:
    with pytest.raises(BadRequest, match=r"^first_day: '2026-02-30' is no .*; last_day: 1999-01-01 lies before 2000"):
        asked("2026-02-30", "1999-01-01")


@pytest.mark.parametrize("day", ["0001-01-01", "0002-06-30"])
def test_days_before_anybody_released_anything_are_refused(day: str) -> None:
    with pytest.raises(BadRequest, match=f"^first_day: {day} lies before 2000"):
        asked(day, day)
