"""Error rate and latency of 3.1.5."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.judgement import Verdict
from policy.limits import Limits
from policy.samples import Sample, count_apart, judge_numbers

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
LIMITS = Limits()
MINUTE = timedelta(minutes=1)


def sample(
    requests: float | None,
    errors: float | None,
    p95_ms: float | None,
    *,
    server: str = "web-server-1",
    age: int = 0,
) -> Sample:
    p95 = None if p95_ms is None else timedelta(milliseconds=p95_ms)
    return Sample(NOW - timedelta(seconds=age), server, requests, errors, p95, MINUTE)


@pytest.mark.parametrize(
    ("one", "verdict", "says"),
    [
        (
            sample(1000, 9, 499),
            Verdict.PASSED,
            "0.9% errors (9 of 1,000 requests), p95 499 ms (limits 1%, 500 ms)",
        ),
        (sample(1000, 10, 100), Verdict.FAILED, "1.0% errors"),
        (sample(1000, 0, 500), Verdict.FAILED, "p95 500 ms"),
        (sample(1000, None, 100), Verdict.PASSED, "0.0% errors"),
        (sample(19, 0, 100), Verdict.UNKNOWN, "not enough requests: 19 of 20"),
        (sample(0, 0, None), Verdict.UNKNOWN, "no requests in the last 1 min"),
        (sample(None, None, None), Verdict.UNKNOWN, "the number of requests is not known"),
        (sample(1000, -1, 100), Verdict.UNKNOWN, "the number of errors is not known"),
        (sample(1000, 0, None), Verdict.UNKNOWN, "p95 is not known"),
        (sample(1000, 0, 100, age=121), Verdict.UNKNOWN, "no sample of the last 2 min"),
    ],
)
def test_the_newest_sample_of_a_server_is_judged(one: Sample, verdict: Verdict, says: str) -> None:
    judgement = judge_numbers([one], now=NOW, limits=LIMITS, servers=["web-server-1"])

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_one_bad_server_fails_all_and_only_it_is_named() -> None:
    well = sample(1000, 0, 100)
    bad = sample(1000, 50, 100, server="web-server-2")

    judgement = judge_numbers([well, bad], now=NOW, limits=LIMITS)

    assert judgement.verdict is Verdict.FAILED
    assert "web-server-1" not in judgement.sentence


def test_a_named_server_without_a_sample_is_unknown() -> None:
    judgement = judge_numbers([sample(1000, 0, 100)], now=NOW, limits=LIMITS, servers=["web-server-1", "web-2"])

    assert judgement.verdict is Verdict.UNKNOWN
    assert "web-2" in judgement.sentence


def test_no_samples_at_all_are_unknown() -> None:
    assert judge_numbers([], now=NOW, limits=LIMITS).verdict is Verdict.UNKNOWN


def test_a_moment_is_counted_once_where_samples_overlap() -> None:
    overlapping = [sample(60, 6, 100, age=age) for age in (90, 75, 60, 45, 30, 15, 0)]

    assert count_apart(overlapping) == (12, 120)


@given(st.floats(), st.floats(), st.integers(-1000, 3000))
def test_whatever_passes_is_below_both_limits(requests: float, errors: float, p95_ms: int) -> None:
    judgement = judge_numbers([sample(requests, errors, p95_ms)], now=NOW, limits=LIMITS)

    if judgement.verdict is Verdict.PASSED:
        assert requests >= LIMITS.least_requests
        assert 0 <= errors < 0.01 * requests
        assert 0 <= p95_ms < 500
