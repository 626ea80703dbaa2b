"""Does a value creep up: a leak shows in its trend long before it shows in its level (3.2.1, 1.3.3)."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations, groupby, pairwise
from operator import itemgetter
from statistics import median
from typing import Protocol

from policy.judgement import Judgement, failed, passed, spoken, unknown, worst_of
from policy.limits import Limits
from policy.measurement import measured
from policy.wording import counted

# The normal approximation of the Mann-Kendall test needs about so many values.
_PARTS = 8
# One-sided, 5 %: how far above chance the rises must be.
_SIGNIFICANT = 1.645


class Point(Protocol):
    """One value of a server at one moment; None where the system had no value."""

    @property
    def at(self) -> datetime:
        """The moment."""

    @property
    def value(self) -> float | None:
        """The value."""


def judge_trend(series: Mapping[str, Sequence[Point]], *, now: datetime, limits: Limits) -> Judgement:
    """Pass when the memory of no server grows steadily; `series` holds the points of each server."""
    judgements = [_judge_one(f"{server} memory", points, now=now, limits=limits) for server, points in series.items()]
    worst = worst_of(judgements)
    shown = [one for one in judgements if one.verdict.lets_pass == worst.verdict.lets_pass]
    return Judgement(worst.verdict, "; ".join(one.sentence for one in shown) or worst.sentence)


def _judge_one(subject: str, measurements: Iterable[Point], *, now: datetime, limits: Limits) -> Judgement:
    """Fail when the floor of the value rises by the Mann-Kendall test and grew beyond the limit.

    The floor is the least value of each eighth, for memory is a saw-tooth and its teeth are no leak.
    The later half must grow at that pace too, so that a value which rose once and stays is none either.
    """
    points = _list_points(measurements, now)
    if len(points) < _PARTS:
        return unknown(f"{subject}: not enough values for a trend: {len(points)} of {_PARTS}")
    if now - points[-1][0] > limits.sample_age:
        return unknown(f"{subject}: the newest value is {spoken(now - points[-1][0])} old")
    floors = _list_floors(points)
    length, start = points[-1][0] - points[0][0], floors[0][1]
    if start == 0:
        return unknown(f"{subject}: begins at 0, so growth has no measure")
    growth = _slope_per_second(floors) * length.total_seconds() / start
    later = _slope_per_second(floors[_PARTS // 2 :]) * length.total_seconds() / start
    rises = _mann_kendall([value for _, value in floors])
    sentence = (
        f"{subject}: {growth:+.1%} in {spoken(length)} over {counted(len(points), 'value')}, "
        f"{later:+.1%} at the pace of the later half (Theil-Sen; Mann-Kendall z {rises:.1f}, "
        f"limits {limits.memory_growth:+.0%} and {_SIGNIFICANT})"
    )
    if rises > _SIGNIFICANT and min(growth, later) > limits.memory_growth:
        return failed(f"{sentence}: it grows steadily")
    return passed(sentence)


def _list_points(measurements: Iterable[Point], now: datetime) -> list[tuple[datetime, float]]:
    """Return what was measured, one value a moment, in order of time, nothing from the future."""
    values = {
        point.at: value for point in measurements if point.at <= now and (value := measured(point.value)) is not None
    }
    return sorted(values.items())


def _list_floors(points: Sequence[tuple[datetime, float]]) -> list[tuple[datetime, float]]:
    """Return the point of the least value in each of eight equal parts."""
    cuts = [len(points) * part // _PARTS for part in range(_PARTS + 1)]
    return [min(points[start:end], key=itemgetter(1)) for start, end in pairwise(cuts)]


def _slope_per_second(points: Sequence[tuple[datetime, float]]) -> float:
    """Theil-Sen: the median of the slopes between any two points, which single jumps do not move."""
    return median(
        (later - earlier) / (second - first).total_seconds()
        for (first, earlier), (second, later) in combinations(points, 2)
    )


def _mann_kendall(values: Sequence[float]) -> float:
    """How many standard deviations the rises outnumber the falls by, ties counted."""
    count = len(values)
    score = sum((later > earlier) - (later < earlier) for earlier, later in combinations(values, 2))
    ties = [len(list(group)) for _, group in groupby(sorted(values))]
    variance = (_spread(count) - sum(_spread(tie) for tie in ties)) / 18
    if variance <= 0 or score == 0:
        return 0.0
    return (score - math.copysign(1, score)) / math.sqrt(variance)


def _spread(count: int) -> int:
    return count * (count - 1) * (2 * count + 5)
