"""What a query of the stand-in works out: selection, growth over time, totals, ratios and quantiles.

Follows Prometheus' source for the extrapolation of `rate` and `increase`, and for the interpolation of
`histogram_quantile`.
"""

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Labels = tuple[tuple[str, str], ...]
Vector = dict[Labels, float]
Samples = list[tuple[float, float]]


class BadQueryError(Exception):
    """The query is not one that can be answered here."""


@dataclass(frozen=True, slots=True)
class Selector:
    """The series that are meant, over a range when there is one."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]
    span: float | None = None
    offset: float = 0.0

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Whether a series is meant; regular expressions are anchored on both sides."""
        if labels["__name__"] != self.name:
            return False
        for label, sign, wanted in self.matchers:
            value = labels.get(label, "")
            same = value == wanted if sign in ("=", "!=") else re.fullmatch(wanted, value) is not None
            if same == sign.startswith("!"):
                return False
        return True


class Store(Protocol):
    """Where samples are looked up."""

    def newest(self, selector: Selector, at: float) -> dict[Labels, tuple[float, float]]:
        """The newest sample of each series, if it is not stale."""

    def window(self, selector: Selector, start: float, end: float) -> dict[Labels, Samples]:
        """The samples of each series after `start` and not after `end`."""


Expression = Callable[[Store, float], Vector]


def _nameless(labels: Labels) -> Labels:
    return tuple(pair for pair in labels if pair[0] != "__name__")


def instant(selector: Selector) -> Expression:
    """The newest value of each series."""
    if selector.span is not None:
        raise BadQueryError("invalid expression type: a range vector cannot be answered")

    def work_out(store: Store, at: float) -> Vector:
        found = store.newest(selector, at - selector.offset)
        return {labels: value for labels, (_, value) in found.items()}

    return work_out


def timestamp(selector: Selector) -> Expression:
    """When each series was last measured."""

    def work_out(store: Store, at: float) -> Vector:
        found = store.newest(selector, at - selector.offset)
        return {_nameless(labels): when for labels, (when, _) in found.items()}

    return work_out


def over_time(selector: Selector, span: float, work: Callable[[Samples, float, float], float | None]) -> Expression:
    """What a range of each series comes to; `work` gets the samples, the start and the end."""

    def work_out(store: Store, at: float) -> Vector:
        end = at - selector.offset
        found = store.window(selector, end - span, end)
        values = {labels: work(samples, end - span, end) for labels, samples in found.items()}
        return {_nameless(labels): value for labels, value in values.items() if value is not None}

    return work_out


def rate(samples: Samples, start: float, end: float) -> float | None:
    """How much a counter grew per second."""
    grown = increase(samples, start, end)
    return None if grown is None else grown / (end - start)


def count_over_time(samples: Samples, start: float, end: float) -> float | None:
    """How many measurements there are."""
    del start, end
    return float(len(samples)) or None


def increase(samples: Samples, start: float, end: float) -> float | None:
    """How much a counter grew, resets counted in, extended towards the edges of the window."""
    if len(samples) < 2:
        return None
    (first_at, first), (last_at, last) = samples[0], samples[-1]
    pairs = itertools.pairwise(samples)
    growth = last - first + sum(before for (_, before), (_, after) in pairs if after < before)
    sampled = last_at - first_at
    usual = sampled / (len(samples) - 1)
    to_start, to_end = first_at - start, end - last_at
    if to_start >= usual * 1.1:
        to_start = usual / 2
    if growth > 0 and first >= 0:
        to_start = min(to_start, sampled * first / growth)
    if to_end >= usual * 1.1:
        to_end = usual / 2
    return growth * (sampled + to_start + to_end) / sampled


def totalled(total: Callable[[Sequence[float]], float], names: tuple[str, ...], inner: Expression) -> Expression:
    """One value for each group of series that share the named labels."""

    def work_out(store: Store, at: float) -> Vector:
        groups: dict[Labels, list[float]] = {}
        for labels, value in inner(store, at).items():
            groups.setdefault(tuple(pair for pair in labels if pair[0] in names), []).append(value)
        return {labels: total(values) for labels, values in groups.items()}

    return work_out


def divided(left: Expression, right: Expression) -> Expression:
    """The quotient of the series that have the same labels."""

    def work_out(store: Store, at: float) -> Vector:
        upper = {_nameless(labels): value for labels, value in left(store, at).items()}
        lower = {_nameless(labels): value for labels, value in right(store, at).items()}
        return {labels: _ratio(upper[labels], lower[labels]) for labels in upper if labels in lower}

    return work_out


def _ratio(upper: float, lower: float) -> float:
    if lower:
        return upper / lower
    return math.nan if upper == 0 or math.isnan(upper) else math.copysign(math.inf, upper)


def quantile(share: float, inner: Expression) -> Expression:
    """The quantile of each histogram, by straight lines between its limits."""

    def work_out(store: Store, at: float) -> Vector:
        groups: dict[Labels, list[tuple[float, float]]] = {}
        for labels, count in inner(store, at).items():
            limit = dict(labels).get("le")
            if limit is not None:
                rest = tuple(pair for pair in _nameless(labels) if pair[0] != "le")
                groups.setdefault(rest, []).append((float(limit), count))
        return {labels: _interpolated(share, sorted(buckets)) for labels, buckets in groups.items()}

    return work_out


def _interpolated(share: float, buckets: list[tuple[float, float]]) -> float:
    if len(buckets) < 2 or not math.isinf(buckets[-1][0]) or not buckets[-1][1]:
        return math.nan
    rank = share * buckets[-1][1]
    place = next((at for at, (_, count) in enumerate(buckets[:-1]) if count >= rank), len(buckets) - 1)
    if place == len(buckets) - 1:
        return buckets[-2][0]
    limit, count = buckets[place]
    below_limit, below = buckets[place - 1] if place else (0.0, 0.0)
    if place == 0 and limit <= 0:
        return limit
    return below_limit + (limit - below_limit) * (rank - below) / (count - below)
