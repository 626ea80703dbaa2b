"""One server over one span of time, as the metrics show it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy.judgement import Judgement, failed, passed, spoken, unknown, worst_of
from policy.limits import Limits
from policy.measurement import in_ms, measured, measured_time
from policy.wording import counted


@dataclass(frozen=True, slots=True)
class Sample:
    """One server over the `span` that ended at `at`; None where the system had no value."""

    at: datetime
    server: str
    requests: float | None
    errors: float | None
    p95: timedelta | None
    span: timedelta
    p50: timedelta | None = None
    p99: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was usual before the release; None where it was not measured."""

    p95: timedelta | None
    error_rate: float | None


def error_rate(sample: Sample) -> float | None:
    """Return the share of failed requests; None without requests or with a value that is none.

    No value for errors beside a value for requests is a true zero: the series begins with the first error.
    """
    requests = measured(sample.requests)
    errors = 0.0 if sample.errors is None else measured(sample.errors)
    if not requests or errors is None:
        return None
    return min(1.0, errors / requests)


def has_enough_requests(sample: Sample, limits: Limits) -> bool:
    """Whether so many requests were served that their numbers say something."""
    return (measured(sample.requests) or 0) >= limits.least_requests


def fresh_history(samples: Iterable[Sample], *, server: str, now: datetime, limits: Limits) -> list[Sample]:
    """Return the server's samples in order of time, nothing from the future; none when stale."""
    own = {
        sample.at: sample
        for sample in samples
        if sample.server == server and sample.at <= now and sample.span > timedelta(0)
    }
    history = [own[at] for at in sorted(own)]
    return history if history and now - history[-1].at <= limits.sample_age else []


def list_newest(history: Sequence[Sample], limits: Limits) -> list[Sample]:
    """Return the newest samples of a fresh history, at most n and none that is stale beside the newest."""
    return [sample for sample in history[-limits.of_samples :] if history[-1].at - sample.at <= limits.sample_age]


def count_apart(samples: Sequence[Sample]) -> tuple[float, float]:
    """Return errors and requests over the samples, without counting a moment twice."""
    errors = requests = 0.0
    begun: datetime | None = None
    for sample in reversed(samples):
        if begun is None or sample.at <= begun:
            errors += measured(sample.errors) or 0
            requests += measured(sample.requests) or 0
            begun = sample.at - sample.span
    return min(errors, requests), requests


def judge_numbers(
    samples: Iterable[Sample], *, now: datetime, limits: Limits, servers: Collection[str] | None = None
) -> Judgement:
    """Pass when the newest sample of each server, named or sampled, is below the limits of 3.1.5."""
    taken = list(samples)
    judgements = [
        _judge_newest(server, fresh_history(taken, server=server, now=now, limits=limits), limits)
        for server in sorted({sample.server for sample in taken} if servers is None else servers)
    ]
    worst = worst_of(judgements)
    shown = [one for one in judgements if one.verdict.lets_pass == worst.verdict.lets_pass]
    return Judgement(worst.verdict, "; ".join(one.sentence for one in shown) or worst.sentence)


def _judge_newest(server: str, history: Sequence[Sample], limits: Limits) -> Judgement:
    if not history:
        return unknown(f"{server}: no sample of the last {spoken(limits.sample_age)}")
    sample = history[-1]
    if gap := find_gap(sample, limits):
        return unknown(f"{server}: {gap}")
    sentence = (
        f"{server}: {say_numbers(sample)} (limits {limits.error_rate:.0%}, {in_ms(limits.p95):.0f} ms) "
        f"in {spoken(sample.span)}"
    )
    rate, latency = error_rate(sample), measured_time(sample.p95)
    normal = rate is not None and rate < limits.error_rate and latency is not None and latency < limits.p95
    return passed(sentence) if normal else failed(sentence)


def find_gap(sample: Sample, limits: Limits) -> str | None:
    """Say what a sample lacks to be judged; None when it lacks nothing."""
    requests = measured(sample.requests)
    if requests is None:
        return "the number of requests is not known"
    if requests == 0:
        return f"no requests in the last {spoken(sample.span)}"
    if requests < limits.least_requests:
        return f"not enough requests: {requests:,.0f} of {limits.least_requests:,}"
    if error_rate(sample) is None:
        return "the number of errors is not known"
    if measured_time(sample.p95) is None:
        return "p95 is not known"
    return None


def say_failed(errors: float, requests: float) -> str:
    """Say how many requests failed of how many: `12 of 1,300 requests`."""
    return f"{errors:,.0f} of {counted(round(requests), 'request')}"


def say_numbers(sample: Sample) -> str:
    """Say the numbers of a sample that lacks nothing."""
    errors, requests = count_apart([sample])
    latency = f"p95 {in_ms(sample.p95):.0f} ms" if sample.p95 is not None else "p95 is not known"
    return f"{errors / requests:.1%} errors ({say_failed(errors, requests)}), {latency}"
