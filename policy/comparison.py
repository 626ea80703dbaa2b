"""The page at the gate: the new version beside the old one, over the same minutes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import TypeVar

from policy.chart import Line, Panel, as_image, describe, draw_chart
from policy.exact_test import SIGNIFICANT, TEST, Answer, Tested, count, judge_error_rates, say_tested
from policy.judgement import spoken
from policy.limits import Limits
from policy.measurement import in_ms, measured, measured_time, ratio
from policy.samples import Sample

Value = TypeVar("Value", float, timedelta)

NEW, OLD = "new version", "old version"


@dataclass(frozen=True, slots=True)
class Moment:
    """One group of servers over a window that ended at `at`; None where it is not known."""

    at: datetime
    error_rate: float | None
    p95: timedelta | None


@dataclass(frozen=True, slots=True)
class Side:
    """What one group of servers served over the minutes; None where it is not known."""

    requests: float | None = None
    errors: float | None = None
    p50: timedelta | None = None
    p95: timedelta | None = None
    p99: timedelta | None = None
    moments: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides over the minutes since the new version took traffic, and what the exact test says of them.

    `counted` is how much of the minutes the numbers cover; `left_out`, how many samples were too early for latency.
    """

    new: Side = field(default_factory=Side)
    old: Side = field(default_factory=Side)
    minutes: tuple[datetime, datetime] | None = None
    counted: timedelta = timedelta(0)
    left_out: int = 0
    tested: Tested = field(default_factory=lambda: Tested(Answer.UNKNOWN))


def compare(
    samples: Iterable[Sample], *, new: Mapping[str, datetime], old: Sequence[str], limits: Limits
) -> Comparison:
    """Compare the servers of `new`, each since it took traffic, with those of `old` over the same minutes.

    Whether a server is warm is asked of its latency only: what fails while it warms up has failed.
    """
    taken = list(samples)
    since = min(new.values(), default=None)
    if since is None:
        return Comparison()
    started = dict.fromkeys(old, since) | dict(new)
    warm = {server: at + limits.warm_up for server, at in started.items()}
    own = {server: _list_own(taken, server, since=at) for server, at in started.items()}
    fresh, usual = [own[server] for server in new], [own[server] for server in old if server not in new]
    until = max((history[-1].at for history in own.values() if history), default=since)
    dark = {server for server, history in own.items() if _is_dark(history, until, limits)}
    rounds = _list_rounds([own[server] for server in own if server not in dark])
    sides = [_sum_up(histories, rounds, warm=warm) for histories in (fresh, usual)]
    return Comparison(
        new=sides[0],
        old=sides[1],
        minutes=(since, until),
        counted=sum((each[0].span for each in rounds), timedelta(0)),
        left_out=sum(_begin(sample) < warm[sample.server] for history in fresh for sample in history),
        tested=judge_error_rates(*(count(side.requests, side.errors) for side in sides), limit=limits.error_rate),
    )


def headline_of(comparison: Comparison) -> str:
    """Say in one line how the new version does beside the old one."""
    tested = comparison.tested
    sides = f"{_rate(comparison.new)} of requests fail, on the old version {_rate(comparison.old)}"
    if tested.answer is Answer.UNKNOWN:
        return "The versions cannot be compared: requests or failures are not known"
    if tested.answer is Answer.TOO_LITTLE:
        return f"Not enough traffic to tell the versions apart: {sides}"
    return f"The new version is {tested.answer}: {sides}"


def render_comparison(comparison: Comparison, *, limits: Limits) -> str:
    """Return both sides as a table, what the test says, and the picture."""
    sides = new, old = comparison.new, comparison.old
    minutes = f"same {spoken(comparison.counted)}" if comparison.counted else "same minutes"
    rows = [
        f"| {minutes} | {NEW} | {OLD} | limit |",
        "|---|---|---|---|",
        _row(
            "requests failed",
            [(_share(one), _failed(one)) for one in sides],
            limits.error_rate,
            f"{limits.error_rate:.2%}",
        ),
        f"| p50 latency | {_latency(new.p50)} | {_latency(old.p50)} | |",
        _row("p95 latency", [(side.p95, _latency(side.p95)) for side in sides], limits.p95, _latency(limits.p95)),
        f"| p99 latency | {_latency(new.p99)} | {_latency(old.p99)} | |",
    ]
    parts = ["\n".join(rows), f"{_say_test(comparison)} {_say_warm_up(comparison, limits)}".rstrip()]
    if comparison.minutes is not None and (new.moments or old.moments):
        parts.append(_draw(comparison, comparison.minutes, limits))
    return "\n\n".join(parts)


def _begin(sample: Sample) -> datetime:
    return sample.at - sample.span


def _at(sample: Sample) -> datetime:
    return sample.at


def _list_own(samples: Sequence[Sample], server: str, *, since: datetime) -> list[Sample]:
    """Return the server's samples whose whole span lies after `since`, in order of time, one a moment."""
    own = {
        sample.at: sample
        for sample in samples
        if sample.server == server and sample.span > timedelta(0) and _begin(sample) >= since
    }
    return [own[at] for at in sorted(own)]


def _is_known(sample: Sample) -> bool:
    """Whether requests and errors were measured; no value for errors beside requests is a true zero."""
    return measured(sample.requests) is not None and (sample.errors is None or measured(sample.errors) is not None)


def _is_dark(history: Sequence[Sample], until: datetime, limits: Limits) -> bool:
    return not history or not _is_known(history[-1]) or until - history[-1].at > limits.sample_age


def _list_rounds(histories: Sequence[Sequence[Sample]]) -> list[list[Sample]]:
    """Return one sample of each server over the same span, round by round, no two rounds covering the same moment.

    The newest round comes first. Servers are not measured at the same instant: half a span apart is the same.
    """
    known = [[sample for sample in history if _is_known(sample)] for history in histories]
    rounds: list[list[Sample]] = []
    for end in sorted({sample.at for history in known for sample in history}, reverse=True):
        if rounds and end > min(_begin(sample) for sample in rounds[-1]):
            continue
        newest = [max((one for one in history if one.at <= end), key=_at, default=None) for history in known]
        found = [one for one in newest if one is not None and end - one.at <= one.span / 2]
        if len(found) == len(histories):
            rounds.append(found)
    return rounds


def _sum_up(
    histories: Sequence[Sequence[Sample]], rounds: Sequence[Sequence[Sample]], *, warm: Mapping[str, datetime]
) -> Side:
    """Add the servers up over the rounds; of their latencies the middle counts, and of the servers the slowest.

    One server that is dark makes its side not known: what it hides may be the worst.
    """
    moments = _list_moments(histories, warm)
    measurements = [
        [sample for each in rounds for sample in each if history and sample.server == history[-1].server]
        for history in histories
    ]
    if not histories or not all(measurements):
        return Side(moments=moments)
    warmed = [[sample for sample in own if _begin(sample) >= warm[sample.server]] for own in measurements]
    return Side(
        requests=sum(measured(sample.requests) or 0 for own in measurements for sample in own),
        errors=sum(_errors(sample) for own in measurements for sample in own),
        p50=_slowest([_middle([sample.p50 for sample in own]) for own in warmed]),
        p95=_slowest([_middle([sample.p95 for sample in own]) for own in warmed]),
        p99=_slowest([_middle([sample.p99 for sample in own]) for own in warmed]),
        moments=moments,
    )


def _errors(sample: Sample) -> float:
    """Return the errors, never more than the requests."""
    return min(measured(sample.errors) or 0, measured(sample.requests) or 0)


def _middle(latencies: Sequence[timedelta | None]) -> timedelta | None:
    known = [measured_time(latency) for latency in latencies]
    seconds = [latency.total_seconds() for latency in known if latency is not None]
    return timedelta(seconds=median(seconds)) if seconds else None


def _slowest(latencies: Sequence[timedelta | None]) -> timedelta | None:
    """Return the slowest; None if one is not known, for it could be slower."""
    known = [latency for latency in latencies if latency is not None]
    return max(known) if known and len(known) == len(latencies) else None


def _list_moments(histories: Sequence[Sequence[Sample]], warm: Mapping[str, datetime]) -> tuple[Moment, ...]:
    """Return the group over time; a moment is known where all its servers are, and between windows apart is a gap."""
    moments: list[Moment] = []
    newest: dict[str, Sample] = {}
    for sample in sorted((one for history in histories for one in history), key=_at):
        newest[sample.server] = sample
        current = [one for one in newest.values() if one.at > _begin(sample)]
        if moments and moments[-1].at < _begin(sample):
            moments.append(Moment(_begin(sample), None, None))
        if len(current) == len(histories):
            moments.append(_moment(current, warm))
    return tuple(moments)


def _moment(current: Sequence[Sample], warm: Mapping[str, datetime]) -> Moment:
    """Return the servers at the newest of their samples; latency is not known while one of them warms up."""
    known = all(_is_known(sample) for sample in current)
    requests = sum(measured(sample.requests) or 0 for sample in current)
    errors = sum(_errors(sample) for sample in current)
    latencies = [measured_time(sample.p95) if _begin(sample) >= warm[sample.server] else None for sample in current]
    return Moment(
        at=max(sample.at for sample in current),
        error_rate=errors / requests if known and requests else None,
        p95=_slowest(latencies) if known else None,
    )


def _say_test(comparison: Comparison) -> str:
    new, old = (count(side.requests, side.errors) for side in (comparison.new, comparison.old))
    said = say_tested(comparison.tested, new, old, over=comparison.counted)
    return f"**{TEST}, at {SIGNIFICANT:.0%}:** {said}. The fixed limits decide; the test advises."


def _say_warm_up(comparison: Comparison, limits: Limits) -> str:
    if comparison.left_out == 0:
        return ""
    return f"Latency leaves out the first {spoken(limits.warm_up)} after a boot (warm-up)."


def _draw(comparison: Comparison, minutes: tuple[datetime, datetime], limits: Limits) -> str:
    sides = ((NEW, comparison.new.moments), (OLD, comparison.old.moments))
    rates = [
        Line(name, [(one.at, None if one.error_rate is None else 100 * one.error_rate) for one in moments])
        for name, moments in sides
    ]
    latencies = [
        Line(name, [(one.at, None if one.p95 is None else in_ms(one.p95)) for one in moments])
        for name, moments in sides
    ]
    panels = [
        Panel("Error rate", "%", rates, 100 * limits.error_rate),
        Panel("p95 latency", "ms", latencies, in_ms(limits.p95)),
    ]
    return as_image(
        draw_chart(panels, since=minutes[0], until=minutes[1]), alt=". ".join(describe(panel) for panel in panels)
    )


def _failed(side: Side) -> str:
    if side.requests is None or side.errors is None:
        return "not known"
    return f"{side.errors:,.0f} of {side.requests:,.0f}" + (f" ({_rate(side)})" if side.requests else "")


def _row(title: str, cells: Sequence[tuple[Value | None, str]], limit: Value, spoken_limit: str) -> str:
    """Return a row in which what is not below its limit stands out."""
    shown = [said if value is None or value < limit else f"**{said}**" for value, said in cells]
    return f"| {title} | {' | '.join(shown)} | below {spoken_limit} |"


def _share(side: Side) -> float | None:
    return ratio(side.errors, side.requests)


def _rate(side: Side) -> str:
    share = _share(side)
    return "not known" if share is None else f"{share:.2%}"


def _latency(value: timedelta | None) -> str:
    return "not known" if value is None else f"{in_ms(value):,.0f} ms"
