"""The error rate over time as one line of text: it shows in an issue, in Notion and in Slack without any picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

_BARS = "▁▂▃▄▅▆▇█"
_NOT_KNOWN = "·"


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests and failures of all servers in the step that ended at `at`; None where nothing was measured."""

    at: datetime
    requests: float | None
    errors: float | None

    @property
    def rate(self) -> float | None:
        """The share of requests that failed; None without requests."""
        if not self.requests or self.errors is None:
            return None
        return min(1.0, max(0.0, self.errors / self.requests))


def draw_error_rate(points: Sequence[Counted], *, limit: float, zone: str) -> str:
    """Return the line with what its highest bar stands for and the times of its ends; without numbers, that."""
    rates = [point.rate for point in points]
    known = [rate for rate in rates if rate is not None]
    if not known:
        return "The error rate was not measured."
    highest = max(known)
    scale = max(highest, limit)
    bars = "".join(_NOT_KNOWN if rate is None else _bar(rate / scale) for rate in rates)
    first, last = (f"{point.at.astimezone(ZoneInfo(zone)):%H:%M:%S}" for point in (points[0], points[-1]))
    gap = f"; {_NOT_KNOWN} not measured" if _NOT_KNOWN in bars else ""
    return "\n".join(
        (
            f"Failed requests: {highest:.1%} at most, the limit is {limit:.0%}; a full bar is {scale:.1%}{gap}",
            bars,
            f"{first}{last:>{max(len(bars) - len(first), len(last) + 1)}}",
        )
    )


def _bar(share: float) -> str:
    return _BARS[min(len(_BARS) - 1, round(share * (len(_BARS) - 1)))]
