"""Is staging fast enough, does its memory stay, did it bear the load (1.3.3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from policy.combined import combine
from policy.judgement import Judgement, failed, not_applicable, passed, spoken, unknown
from policy.limits import Limits, Risk
from policy.load_test import LoadTest, judge_load_test
from policy.measurement import in_ms, measured, measured_time
from policy.samples import Sample
from policy.trend import Point, judge_trend
from policy.wording import counted

# Gaps between two scrapes make a series a little shorter than the window that was asked for.
_COVERED = 0.9


def judge_performance(
    window: Sample | None,
    memory: Mapping[str, Sequence[Point]],
    load: LoadTest | None,
    *,
    risk: Risk,
    now: datetime,
    watched: timedelta,
    wanted_rate: float,
    limits: Limits,
) -> Judgement:
    """Pass when staging was fast and its memory level over the window, and at high risk bore the load."""
    return combine(
        (
            _judge_latency(window, now=now, limits=limits),
            _judge_memory(memory, now=now, watched=watched, limits=limits),
            _judge_load(load, risk=risk, wanted_rate=wanted_rate, limits=limits),
        )
    )


def _judge_latency(window: Sample | None, *, now: datetime, limits: Limits) -> Judgement:
    """One p95 over every request of the window: a mean of many p95 would hide its bad minutes."""
    if window is None:
        return unknown("staging: its p95 is not known")
    requests, p95 = measured(window.requests), measured_time(window.p95)
    span = f"in {spoken(window.span)}"
    if now - window.at > limits.sample_age:
        return unknown(f"staging: its p95 is {spoken(now - window.at)} old")
    if not requests or requests < limits.least_requests:
        return unknown(f"staging: too few requests {span}: {requests or 0:,.0f} of {limits.least_requests:,}")
    over = f"over {counted(round(requests), 'request')} {span}"
    if p95 is None:
        return unknown(f"staging: its p95 {over} is not known")
    sentence = f"staging: p95 {in_ms(p95):.0f} ms {over} (limit {in_ms(limits.p95):.0f} ms)"
    return passed(sentence) if p95 < limits.p95 else failed(sentence)


def _judge_memory(
    memory: Mapping[str, Sequence[Point]], *, now: datetime, watched: timedelta, limits: Limits
) -> Judgement:
    """A leak that shows within minutes is one; its absence is only believed over the whole window."""
    judgement = judge_trend(memory, now=now, limits=limits)
    if not judgement.verdict.lets_pass:
        return judgement
    for server, points in memory.items():
        seen = [point.at for point in points if point.at <= now and measured(point.value) is not None]
        covered = max(seen) - min(seen)
        if covered < watched * _COVERED:
            return unknown(f"{server} memory: watched for {spoken(covered)} of {spoken(watched)}")
    return judgement


def _judge_load(load: LoadTest | None, *, risk: Risk, wanted_rate: float, limits: Limits) -> Judgement:
    if load is not None:
        return judge_load_test(load, wanted_rate=wanted_rate, limits=limits)
    if risk is Risk.HIGH:
        return failed("no load test was run, and high risk requires one")
    return not_applicable(f"no load test: {risk} risk does not require one")
