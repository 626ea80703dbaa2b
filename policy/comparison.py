"""The page at the gate: the new version beside the old one, over the same minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from policy.red_flags import Sample


@dataclass(frozen=True, slots=True)
class Side:
    """What one group of servers served over the newest window; None where it is not known."""

    requests: float | None
    errors: float | None
    p95: timedelta | None


def sum_up(samples: Sequence[Sample], servers: Sequence[str]) -> Side:
    """Return the newest sample of each of the servers, added up; the slowest p95 counts."""
    newest = {sample.server: sample for sample in samples if sample.server in servers}
    if not newest or any(sample.requests is None for sample in newest.values()):
        return Side(None, None, None)
    latencies = [sample.p95 for sample in newest.values() if sample.p95 is not None]
    return Side(
        requests=sum(sample.requests or 0 for sample in newest.values()),
        errors=sum(sample.errors or 0 for sample in newest.values()),
        p95=max(latencies) if latencies else None,
    )


def render_comparison(new: Side, old: Side, *, span: timedelta) -> str:
    """Return both sides as a table."""
    seconds = span.total_seconds()
    return "\n".join(
        (
            f"| last {seconds:g} s | new version | old version |",
            "|---|---|---|",
            f"| requests | {_count(new.requests)} | {_count(old.requests)} |",
            f"| failed | {_failed(new)} | {_failed(old)} |",
            f"| p95 latency | {_latency(new.p95)} | {_latency(old.p95)} |",
        )
    )


def _count(value: float | None) -> str:
    return "not known" if value is None else f"{value:.0f}"


def _failed(side: Side) -> str:
    if side.requests is None or side.errors is None or side.requests <= 0:
        return "not known"
    return f"{side.errors:.0f} ({side.errors / side.requests:.2%})"


def _latency(value: timedelta | None) -> str:
    return "not known" if value is None else f"{value.total_seconds() * 1000:.0f} ms"
