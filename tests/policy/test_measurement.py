"""Absent, NaN, infinite and negative are no values."""

from datetime import timedelta

import pytest

from policy.measurement import in_ms, measured, measured_time, ratio


@pytest.mark.parametrize("value", [None, True, "5", float("nan"), float("inf"), float("-inf"), -0.1, 10**400, [1], {}])
def test_what_is_no_measurement_has_no_value(value: object) -> None:
    assert measured(value) is None


@pytest.mark.parametrize("value", [0, 0.0, 1, 2.5, 10**15])
def test_a_measurement_keeps_its_value(value: float) -> None:
    assert measured(value) == value


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [(1, 4, 0.25), (0, 4, 0), (1, 0, None), (None, 4, None), (1, None, None), (1e300, 1e-300, None)],
)
def test_a_ratio_needs_both_sides(part: object, whole: object, share: float | None) -> None:
    assert ratio(part, whole) == share


def test_a_duration_is_not_negative() -> None:
    assert measured_time(timedelta(seconds=-1)) is None
    assert measured_time(None) is None
    assert measured_time(timedelta(0)) == timedelta(0)
    assert in_ms(timedelta(seconds=1.5)) == 1500
