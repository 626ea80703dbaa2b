"""Traffic as usual for the time of day (3.1.5)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.judgement import Verdict
from policy.traffic import judge_traffic


@pytest.mark.parametrize(
    ("now_rate", "last_week_rate", "verdict", "says"),
    [
        (80.0, 100.0, Verdict.PASSED, "80.0 requests/s, 80% of last week's 100.0"),
        (50.0, 100.0, Verdict.PASSED, "limit 50%"),
        (49.9, 100.0, Verdict.FAILED, "limit 50%"),
        (300.0, 100.0, Verdict.PASSED, "300%"),
        (0.0, 100.0, Verdict.FAILED, "no traffic"),
        (0.0, 0.0, Verdict.UNKNOWN, "there was none to compare with"),
        (None, 100.0, Verdict.UNKNOWN, "the traffic of now is not known"),
        (float("nan"), 100.0, Verdict.UNKNOWN, "the traffic of now is not known"),
        (80.0, None, Verdict.UNKNOWN, "that of last week at this time is not known"),
        (80.0, float("inf"), Verdict.UNKNOWN, "that of last week at this time is not known"),
        (80.0, -1.0, Verdict.UNKNOWN, "that of last week at this time is not known"),
    ],
)
def test_traffic_is_compared_with_a_week_ago(
    now_rate: float | None, last_week_rate: float | None, verdict: Verdict, says: str
) -> None:
    judgement = judge_traffic(now_rate, last_week_rate, share=0.5)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


@given(st.floats(), st.floats())
def test_traffic_that_passes_was_measured_twice(now_rate: float, last_week_rate: float) -> None:
    if judge_traffic(now_rate, last_week_rate, share=0.5).verdict is Verdict.PASSED:
        assert math.isfinite(now_rate)
        assert now_rate >= 0.5 * last_week_rate
        assert last_week_rate > 0
