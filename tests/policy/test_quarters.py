"""Which quarter a report covers, and which its trend shows."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.quarters import end_of_day, quarter_before, quarter_of, quarters_to, say_quarter

ZONE = ZoneInfo("America/Los_Angeles")
BEGINNING = datetime(2000, 1, 1, tzinfo=ZONE)
moments = st.timedeltas(timedelta(0), timedelta(days=36_500)).map(lambda later: BEGINNING + later)


@pytest.mark.parametrize(
    ("now", "since", "until"),
    [
        (datetime(2026, 11, 25, 9, tzinfo=ZONE), (2026, 7), (2026, 10)),
        (datetime(2026, 10, 1, 0, tzinfo=ZONE), (2026, 7), (2026, 10)),
        (datetime(2026, 9, 30, 23, tzinfo=ZONE), (2026, 4), (2026, 7)),
        (datetime(2026, 4, 1, 0, tzinfo=ZONE), (2026, 1), (2026, 4)),
        (datetime(2026, 2, 14, 9, tzinfo=ZONE), (2025, 10), (2026, 1)),
    ],
)
def test_the_report_covers_the_quarter_before(now: datetime, since: tuple[int, int], until: tuple[int, int]) -> None:
    begins, ends = quarter_before(now)

    assert begins == datetime(*since, 1, tzinfo=ZONE)
    assert ends == datetime(*until, 1, tzinfo=ZONE)


@given(moments)
def test_a_quarter_has_ended_and_has_three_months(now: datetime) -> None:
    begins, ends = quarter_before(now)

    assert begins < ends <= now
    assert timedelta(days=89) < ends - begins < timedelta(days=93)


@given(moments)
def test_every_moment_lies_in_its_quarter_which_follows_the_one_before(now: datetime) -> None:
    since, until = quarter_of(now)

    assert since <= now < until
    assert quarter_before(now)[1] == since


@given(moments)
def test_the_trend_is_eight_quarters_without_a_gap_up_to_the_end(until: datetime) -> None:
    quarters = quarters_to(until)

    assert len(quarters) == 8
    assert all(before[1] == after[0] for before, after in pairwise(quarters))
    assert quarters[-1][0] < until <= quarters[-1][1]


def test_names_and_the_end_of_a_day() -> None:
    assert say_quarter(datetime(2026, 7, 1, tzinfo=ZONE)) == "Q3 2026"
    assert end_of_day(datetime(2026, 9, 30, 23, 59, tzinfo=ZONE)) == datetime(2026, 10, 1, tzinfo=ZONE)
