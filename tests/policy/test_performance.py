"""Staging is fast, its memory stays, and it bears the load (1.3.3)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policy.judgement import Judgement, Verdict
from policy.limits import Limits, Risk
from policy.load_test import LoadTest
from policy.performance import judge_performance
from policy.samples import Sample

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
WINDOW = Sample(NOW, "staging", 1200, 0, timedelta(milliseconds=180), timedelta(minutes=30))
LOAD = LoadTest(requests=6000, failed_share=0, p95=timedelta(milliseconds=240), iterations=3000, rate=50, dropped=0)


@dataclass(frozen=True)
class Point:
    at: datetime
    value: float | None


def series(value_at: Callable[[int], float | None] = lambda _: 100, *, count: int = 61) -> dict[str, list[Point]]:
    """One value every 30 s up to now: 61 of them are half an hour."""
    return {"staging": [Point(NOW - timedelta(seconds=30 * (count - 1 - at)), value_at(at)) for at in range(count)]}


def judge(**changes: Any) -> Judgement:
    facts: dict[str, Any] = {"window": WINDOW, "memory": series(), "load": LOAD, "risk": Risk.MEDIUM}
    facts |= {"watched": timedelta(minutes=30), "wanted_rate": 50}
    return judge_performance(now=NOW, limits=Limits(), **(facts | changes))


def sample(**changes: Any) -> Sample:
    return replace(WINDOW, **changes)


@pytest.mark.parametrize(
    ("changes", "verdict", "says"),
    [
        pytest.param(
            {},
            Verdict.PASSED,
            "staging: p95 180 ms over 1,200 requests in 30 min (limit 500 ms); staging memory: +0.0%",
            id="well",
        ),
        pytest.param(
            {"window": sample(p95=timedelta(milliseconds=500))}, Verdict.FAILED, "p95 500 ms", id="exactly the limit"
        ),
        pytest.param(
            {"window": sample(p95=timedelta(milliseconds=499))}, Verdict.PASSED, "p95 499 ms", id="just below"
        ),
        pytest.param({"window": None}, Verdict.UNKNOWN, "its p95 is not known", id="no metrics"),
        pytest.param(
            {"window": sample(requests=19)},
            Verdict.UNKNOWN,
            "too few requests in 30 min: 19 of 20",
            id="too few requests",
        ),
        pytest.param(
            {"window": sample(requests=None)}, Verdict.UNKNOWN, "too few requests in 30 min: 0 of 20", id="no requests"
        ),
        pytest.param(
            {"window": sample(p95=None)},
            Verdict.UNKNOWN,
            "its p95 over 1,200 requests in 30 min is not known",
            id="no p95",
        ),
        pytest.param(
            {"window": sample(at=NOW - timedelta(minutes=9))}, Verdict.UNKNOWN, "its p95 is 9 min old", id="stale"
        ),
        pytest.param({"memory": series(lambda at: 100 + at)}, Verdict.FAILED, "it grows steadily", id="a leak"),
        pytest.param(
            {"memory": series(lambda at: 100 + 5 * at, count=10)},
            Verdict.FAILED,
            "it grows steadily",
            id="a leak shows early",
        ),
        pytest.param(
            {"memory": series(count=40)},
            Verdict.UNKNOWN,
            "staging memory: watched for 19 min 30 s of 30 min",
            id="not watched long enough",
        ),
        pytest.param({"memory": series(count=55)}, Verdict.PASSED, "staging memory", id="nine tenths are enough"),
        pytest.param(
            {"memory": series(count=7)}, Verdict.UNKNOWN, "not enough values for a trend", id="too few values"
        ),
        pytest.param({"memory": {}}, Verdict.UNKNOWN, "nothing was judged", id="no series"),
        pytest.param(
            {"load": None}, Verdict.PASSED, "no load test: medium risk does not require one", id="no load test"
        ),
        pytest.param(
            {"load": None, "risk": Risk.HIGH},
            Verdict.FAILED,
            "no load test was run, and high risk requires one",
            id="none at high risk",
        ),
        pytest.param({"risk": Risk.HIGH}, Verdict.PASSED, "load test: p95 240 ms", id="a load test at high risk"),
        pytest.param(
            {"load": replace(LOAD, p95=timedelta(seconds=1)), "risk": Risk.LOW},
            Verdict.FAILED,
            "load test: p95 1000 ms",
            id="a bad one counts though none was required",
        ),
    ],
)
def test_staging_is_fast_and_stays_so(changes: dict[str, Any], verdict: Verdict, says: str) -> None:
    judgement = judge(**changes)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence
