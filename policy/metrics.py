"""The five figures of the deployments (9.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import mean, median

from policy.judgement import spoken
from policy.limits import Limits, Risk

_WEEK = timedelta(weeks=1)


class Ending(StrEnum):
    """How a release ended."""

    SIGNED_OFF = "signed off"
    ROLLED_BACK = "rolled back"
    STOPPED = "stopped"
    STUCK = "stuck"
    PREPARED = "prepared"
    PROPOSED = "revert proposed"
    STAYED = "stayed on the new version without a sign-off"


@dataclass(frozen=True, slots=True)
class ReleaseFact:
    """What the records say about the times and the end of one release; None where it did not happen.

    `undone` is one that was signed off and rolled back later, by a record of its own.
    """

    key: str
    began: datetime
    merged_at: datetime | None
    first_commit_at: datetime | None
    live_at: datetime | None
    ended: datetime | None
    outcome: str
    risk: Risk
    touched: bool
    first_bad_at: datetime | None
    recovered_at: datetime | None
    own_approval: str | None = None
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its value, what it should be, and the sentence that says how it came about."""

    name: str
    value: float | timedelta | None
    target: str
    sentence: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of the releases that began in [since, until)."""

    since: datetime
    until: datetime
    frequency: Figure
    lead_time: Figure
    lead_time_from_first_commit: Figure
    success_rate: Figure
    rollback_rate: Figure
    recovery: Figure

    @property
    def rows(self) -> tuple[Figure, ...]:
        """The figures in the order of 9.1."""
        return (
            self.frequency,
            self.lead_time,
            self.lead_time_from_first_commit,
            self.success_rate,
            self.rollback_rate,
            self.recovery,
        )


def measure(releases: Iterable[ReleaseFact], *, since: datetime, until: datetime, limits: Limits) -> Figures:
    """Measure the releases that began in [since, until), each once; without data a figure has no value."""
    each = {release.key: release for release in releases if since <= release.began < until}
    touched = [release for release in each.values() if release.touched]
    ended = [release for release in touched if release.ended is not None]
    live = [release for release in ended if release.outcome == Ending.SIGNED_OFF]
    return Figures(
        since=since,
        until=until,
        frequency=_measure_frequency(len(live), length=until - since, limits=limits),
        lead_time=_measure_lead_time(
            "lead time", "from the merge to live", [(one.merged_at, one.live_at) for one in live], limits
        ),
        lead_time_from_first_commit=_measure_lead_time(
            "lead time from the first commit",
            "from the first commit to live",
            [(one.first_commit_at, one.live_at) for one in live],
            None,
        ),
        success_rate=_measure_success(ended, open_ones=len(touched) - len(ended), limits=limits),
        rollback_rate=_measure_rollbacks(ended, limits),
        recovery=_measure_recovery(touched, until=until, limits=limits),
    )


def has_failed(release: ReleaseFact) -> bool:
    """Whether a deployment failed: it did not end signed off, or it went bad afterwards, however often."""
    return release.outcome != Ending.SIGNED_OFF or release.first_bad_at is not None


def _measure_frequency(count: int, *, length: timedelta, limits: Limits) -> Figure:
    name, target = "deployment frequency", f"> {limits.target_frequency:g} per week"
    if length <= timedelta(0):
        return Figure(name, None, target, "not applicable (the period is empty)", None)
    value = count / (length / _WEEK)
    sentence = f"{value:.1f} per week ({count} signed off in {spoken(length)})"
    return Figure(name, value, target, sentence, value > limits.target_frequency)


def _measure_lead_time(
    name: str,
    definition: str,
    ends: Sequence[tuple[datetime | None, datetime | None]],
    limits: Limits | None,
) -> Figure:
    """The median; what has no times or ends before it begins is left out and counted."""
    target = f"< {spoken(limits.target_lead_time)}" if limits else "none"
    times = [end - start for start, end in ends if start is not None and end is not None and end >= start]
    if not times:
        return Figure(name, None, target, f"not applicable (0 of {len(ends)} deployments have the times)", None)
    value = timedelta(seconds=median(time.total_seconds() for time in times))
    sentence = f"{spoken(value)} {definition} (median of {len(times)} deployments)"
    if len(times) < len(ends):
        sentence += f"; {len(ends) - len(times)} without usable times left out"
    return Figure(name, value, target, sentence, value < limits.target_lead_time if limits else None)


def _measure_success(ended: Sequence[ReleaseFact], *, open_ones: int, limits: Limits) -> Figure:
    name, target = "success rate", f"> {limits.target_success:.0%}"
    if not ended:
        return Figure(name, None, target, "not applicable (0 deployments)", None)
    failures = sum(has_failed(release) for release in ended)
    value = 1 - failures / len(ended)
    sentence = f"{value:.1%} ({failures} of {len(ended)} deployments failed)"
    if open_ones:
        sentence += f"; {open_ones} not ended yet"
    return Figure(name, value, target, sentence, value > limits.target_success)


def _measure_rollbacks(ended: Sequence[ReleaseFact], limits: Limits) -> Figure:
    name, target = "rollback rate", f"< {limits.target_rollback:.0%}"
    if not ended:
        return Figure(name, None, target, "not applicable (0 deployments)", None)
    count = sum(release.undone or release.outcome == Ending.ROLLED_BACK for release in ended)
    value = count / len(ended)
    sentence = f"{value:.1%} ({count} of {len(ended)} deployments rolled back)"
    return Figure(name, value, target, sentence, value < limits.target_rollback)


def _measure_recovery(touched: Sequence[ReleaseFact], *, until: datetime, limits: Limits) -> Figure:
    """The mean from the first bad sign to recovery; what has not recovered by `until` is open, never zero."""
    name, target = "mean time to recovery", f"< {spoken(limits.target_recovery)}"
    bad = [(one.first_bad_at, one.recovered_at) for one in touched if one.first_bad_at is not None]
    if not bad:
        return Figure(name, None, target, f"not applicable (0 failures in {len(touched)} deployments)", None)
    opened = sorted(start for start, end in bad if end is None or end >= until)
    times = [end - start for start, end in bad if end is not None and start <= end < until]
    value = timedelta(seconds=mean(time.total_seconds() for time in times)) if times else None
    parts = [f"{spoken(value)} (mean of {len(times)} failures)"] if value is not None else []
    if opened:
        parts.append(f"{len(opened)} open since {opened[0]:%Y-%m-%d %H:%M} UTC")
    if strange := len(bad) - len(opened) - len(times):
        parts.append(f"{strange} with impossible times left out")
    return Figure(name, value, target, "; ".join(parts), _is_recovery_met(value, opened, until, limits))


def _is_recovery_met(
    value: timedelta | None, opened: Sequence[datetime], until: datetime, limits: Limits
) -> bool | None:
    """An open failure older than the target misses it; a younger one leaves the question open."""
    if (value is not None and value >= limits.target_recovery) or any(
        until - start >= limits.target_recovery for start in opened
    ):
        return False
    return None if opened or value is None else True
