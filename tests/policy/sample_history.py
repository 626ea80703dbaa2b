"""Samples of the metrics as a watch collects them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from policy.limits import Limits
from policy.red_flags import Baseline, Conclusion, Sample, judge_watch

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
LIMITS = Limits()
USUAL = Baseline(p95=timedelta(milliseconds=150), error_rate=0.001)
NO_BASELINE = Baseline(p95=None, error_rate=None)
NEW, OLD = "web-server-1", "web-server-2"


def sample(
    age: float = 0,
    *,
    server: str = NEW,
    requests: float | None = 600,
    errors: float | None = 0,
    p95_ms: float | None = 120,
    span: float = 60,
) -> Sample:
    """One sample that ended `age` seconds ago."""
    return Sample(
        at=NOW - timedelta(seconds=age),
        server=server,
        requests=requests,
        errors=errors,
        p95=None if p95_ms is None else timedelta(milliseconds=p95_ms),
        span=timedelta(seconds=span),
    )


def history(
    minutes: float,
    *,
    server: str = NEW,
    requests: float | None = 600,
    errors: float | None = 0,
    p95_ms: float | None = 120,
) -> list[Sample]:
    """Samples every 15 s that cover so many minutes up to now."""
    ages = range(0, int(minutes * 60) - 59, 15)
    return [sample(age, server=server, requests=requests, errors=errors, p95_ms=p95_ms) for age in ages]


def conclude(
    samples: Sequence[Sample],
    *,
    rolling_out: bool = True,
    baseline: Baseline = USUAL,
    new: Sequence[str] = (NEW,),
    old: Sequence[str] = (OLD,),
) -> Conclusion:
    return judge_watch(
        samples,
        now=NOW,
        new=frozenset(new),
        old=frozenset(old),
        rolling_out=rolling_out,
        baseline=baseline,
        limits=LIMITS,
    )
