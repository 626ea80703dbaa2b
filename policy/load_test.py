"""What a load test measured (1.3.3), read from the file that `k6 run --summary-export` writes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from policy.judgement import Judgement, failed, passed, unknown
from policy.limits import Limits
from policy.measurement import in_ms, measured, measured_time, ratio
from policy.wording import counted


class NoSummary(ValueError):
    """The text is not what k6 writes at its end."""


@dataclass(frozen=True, slots=True)
class LoadTest:
    """The figures of one load test; None where k6 gave none.

    `crossed` names the script's own thresholds that were crossed.
    """

    requests: float | None
    failed_share: float | None
    p95: timedelta | None
    iterations: float | None
    rate: float | None
    dropped: float | None
    crossed: tuple[str, ...] = ()


def read_summary(text: str) -> LoadTest:
    """Return the figures; in this file `true` beside a threshold means that it was crossed."""
    try:
        metrics = json.loads(text)["metrics"]
        duration, failures = _metric(metrics, "http_req_duration"), _metric(metrics, "http_req_failed")
        iterations, dropped = _metric(metrics, "iterations"), _metric(metrics, "dropped_iterations")
        p95 = measured(duration.get("p(95)"))
        return LoadTest(
            requests=measured(_metric(metrics, "http_reqs").get("count")),
            failed_share=measured(failures.get("value", failures.get("rate"))),
            p95=timedelta(milliseconds=p95) if p95 is not None else None,
            iterations=measured(iterations.get("count")),
            rate=measured(iterations.get("rate")),
            # k6 leaves the metric out when nothing was dropped.
            dropped=measured(dropped.get("count", 0)),
            crossed=tuple(_list_crossed(metrics)),
        )
    except (ValueError, LookupError, AttributeError, TypeError, OverflowError, RecursionError) as error:
        raise NoSummary(f"k6's summary cannot be read: {type(error).__name__}") from error


def _metric(metrics: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = metrics.get(name, {})
    return found


def _list_crossed(metrics: Mapping[str, Any]) -> list[str]:
    return [
        f"{name} {threshold}"
        for name, metric in metrics.items()
        for threshold, crossed in metric.get("thresholds", {}).items()
        if crossed is not False
    ]


def judge_load_test(test: LoadTest, *, wanted_rate: float, limits: Limits) -> Judgement:
    """Pass when the wanted iterations a second were really sent, and answered in time and without failures.

    A load that was not reached proves nothing good: unknown, unless what was sent was already answered badly.
    """
    requests, share, iterations, rate, dropped = (
        measured(one) for one in (test.requests, test.failed_share, test.iterations, test.rate, test.dropped)
    )
    p95 = measured_time(test.p95)
    if requests is None or share is None or share > 1 or p95 is None:
        return unknown("load test: k6 names no requests, no share of failures or no p95")
    if requests < limits.least_requests:
        return unknown(f"load test: not enough requests: {requests:,.0f} of {limits.least_requests:,}")
    if iterations is None or rate is None or dropped is None:
        return unknown("load test: k6 names no iterations, so whether the load was reached is not known")
    sentence = (
        f"load test: p95 {in_ms(p95):.0f} ms, {share:.1%} of {counted(round(requests), 'request')} failed "
        f"(limits {in_ms(limits.p95):.0f} ms, {limits.error_rate:.0%}); {rate:.1f} of {wanted_rate:.1f} iterations/s, "
        f"{dropped:,.0f} of {iterations + dropped:,.0f} dropped (at least {limits.load_share:.0%})"
    )
    if p95 >= limits.p95 or share >= limits.error_rate:
        return failed(sentence)
    if test.crossed:
        return failed(f"{sentence}; the script's own limits were crossed: {', '.join(test.crossed)}")
    sent = ratio(iterations, iterations + dropped) or 0
    if rate < limits.load_share * wanted_rate or sent < limits.load_share:
        return unknown(f"{sentence}: the load was not reached, give k6 more virtual users")
    return passed(sentence)
