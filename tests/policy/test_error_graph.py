"""The error rate as a line of text (4.2.5)."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.error_graph import Counted, draw_error_rate

BEGAN = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
ZONE = "America/Los_Angeles"


def points(*counted: tuple[float | None, float | None]) -> list[Counted]:
    return [Counted(BEGAN + number * timedelta(seconds=15), *one) for number, one in enumerate(counted)]


def test_the_highest_bar_is_the_highest_rate_and_the_ends_carry_their_times() -> None:
    drawn = draw_error_rate(points((100, 0), (100, 4), (100, 8), (100, 8), (100, 0)), limit=0.05, zone=ZONE)

    assert drawn.splitlines() == [
        "Failed requests: 8.0% at most, the limit is 5%; a full bar is 8.0%",
        "▁▅██▁",
        "10:00:00 10:01:00",
    ]


def test_below_the_limit_the_limit_is_the_full_bar_so_that_little_looks_little() -> None:
    drawn = draw_error_rate(points((1000, 5), (1000, 10)), limit=0.05, zone=ZONE)

    assert "a full bar is 5.0%" in drawn
    assert drawn.splitlines()[1] == "▂▂"


def test_what_was_not_measured_is_a_gap_and_no_zero() -> None:
    drawn = draw_error_rate(points((100, 0), (None, None), (0, 0), (100, 10)), limit=0.05, zone=ZONE)

    assert drawn.splitlines()[1] == "▁··█"
    assert "· not measured" in drawn


@pytest.mark.parametrize("counted", [(), ((None, None),), ((0, 0),)])
def test_without_any_number_that_is_said(counted: tuple[tuple[float | None, float | None], ...]) -> None:
    assert draw_error_rate(points(*counted), limit=0.05, zone=ZONE) == "The error rate was not measured."


@pytest.mark.parametrize(
    ("requests", "errors", "rate"), [(100, 8, 0.08), (100, 101, 1.0), (100, -1, 0.0), (0, 0, None), (5, None, None)]
)
def test_extrapolation_never_makes_more_than_all_of_them(
    requests: float, errors: float | None, rate: float | None
) -> None:
    assert Counted(BEGAN, requests, errors).rate == rate
