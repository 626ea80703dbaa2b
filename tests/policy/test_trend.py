"""A leak is a trend (3.2.1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.judgement import Judgement, Verdict
from policy.limits import Limits
from policy.trend import judge_trend

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
LIMITS = Limits()
NOISE = (0, 3, -2, 1, -3, 2, -1, 0, 2, -2)


@dataclass(frozen=True)
class Point:
    at: datetime
    value: float | None


def series(value_at: Callable[[int], float | None], *, count: int = 40) -> list[Point]:
    """One value every 30 s up to now."""
    return [Point(NOW - timedelta(seconds=30 * (count - 1 - at)), value_at(at)) for at in range(count)]


def judge(points: Sequence[Point]) -> Judgement:
    return judge_trend({"web-server-1": points}, now=NOW, limits=LIMITS)


@pytest.mark.parametrize(
    ("value_at", "verdict"),
    [
        pytest.param(lambda at: 100 + at, Verdict.FAILED, id="a leak"),
        pytest.param(lambda at: 100 + at + NOISE[at % 10], Verdict.FAILED, id="a leak under noise"),
        pytest.param(lambda at: 100 + at + (60 if at == 20 else 0), Verdict.FAILED, id="a leak with an outlier"),
        pytest.param(lambda at: 100 + 0.1 * at, Verdict.PASSED, id="growth below the limit"),
        pytest.param(lambda at: 100 + NOISE[at % 10], Verdict.PASSED, id="noise"),
        pytest.param(lambda _: 100, Verdict.PASSED, id="nothing changes"),
        pytest.param(lambda at: 140 - at, Verdict.PASSED, id="it falls"),
        pytest.param(lambda at: 100 + min(at, 8) * 5, Verdict.PASSED, id="it warms up and stays"),
        pytest.param(lambda at: 100 + 6 * (at % 10), Verdict.PASSED, id="a saw-tooth of a collector"),
        pytest.param(lambda at: 100 + 3 * (at % 20), Verdict.PASSED, id="a slow saw-tooth"),
        pytest.param(lambda at: 100 + 6 * (at % 10) + at, Verdict.FAILED, id="a leak under a saw-tooth"),
        pytest.param(lambda at: 100 if at < 39 else 500, Verdict.PASSED, id="one jump at the end"),
        pytest.param(lambda at: 0 if at < 20 else at, Verdict.UNKNOWN, id="it begins at nothing"),
        pytest.param(lambda _: None, Verdict.UNKNOWN, id="absent"),
        pytest.param(lambda _: float("nan"), Verdict.UNKNOWN, id="NaN"),
        pytest.param(lambda _: -5.0, Verdict.UNKNOWN, id="negative"),
        pytest.param(lambda at: 100 + at if at < 30 else None, Verdict.UNKNOWN, id="the newest is stale"),
    ],
)
def test_memory_that_grows_steadily_is_a_leak(value_at: Callable[[int], float | None], verdict: Verdict) -> None:
    judgement = judge(series(value_at))

    assert judgement.verdict is verdict, judgement.sentence


def test_seven_values_are_too_few() -> None:
    judgement = judge(series(lambda at: 100 + 50 * at, count=7))

    assert judgement.sentence == "web-server-1 memory: not enough values for a trend: 7 of 8"


def test_the_sentence_names_the_test_and_the_arithmetic() -> None:
    steady, leaking = series(lambda _: 100), series(lambda at: 100 + at)

    judgement = judge_trend({"web-server-1": steady, "web-server-2": leaking}, now=NOW, limits=LIMITS)

    assert judgement.sentence.startswith("web-server-2 memory: +39.0% in 19 min 30 s over 40 values")
    assert "Theil-Sen; Mann-Kendall z 3.3" in judgement.sentence
    assert "web-server-1" not in judgement.sentence


def test_no_series_at_all_is_unknown() -> None:
    assert judge_trend({}, now=NOW, limits=LIMITS).verdict is Verdict.UNKNOWN


@given(st.lists(st.one_of(st.none(), st.floats()), max_size=40))
def test_every_series_has_a_verdict(values: list[float | None]) -> None:
    judgement = judge(series(lambda at: values[at], count=len(values)))

    assert judgement.verdict in {Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN}


@given(st.lists(st.floats(50, 60), min_size=8, max_size=40), st.floats(1, 10))
def test_a_falling_series_never_fails(values: list[float], factor: float) -> None:
    falling = sorted((value * factor for value in values), reverse=True)

    judgement = judge(series(lambda at: falling[at], count=len(falling)))

    assert judgement.verdict is Verdict.PASSED
