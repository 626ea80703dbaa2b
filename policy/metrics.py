"""The five figures of the deployments (9.1)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import mean, median

from policy.judgement import spoken, spoken_in_hours
from policy.limits import Limits, Risk
from policy.quarters import Covered
from policy.wording import counted

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

    `undone` is one that was signed off and rolled back later, by a record of its own. `waits` says for which item of
    the checklist the way to production waited how long, `not_passed` which stopping items failed or were unknown.
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
    waits: Mapping[str, timedelta] = field(default_factory=dict)
    not_passed: frozenset[str] = frozenset()
    waived: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()
    observed_only: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the releases that a figure was made from, by what they are to it."""

    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its value, what it should be, the sentence that says how it came about, and from which releases.

    `without_value` stands where a value would, in a table or a picture.
    """

    name: str
    value: float | timedelta | None
    target: str
    sentence: str
    met: bool | None
    parts: tuple[Part, ...] = ()
    without_value: str = "n/a"

    @property
    def keys(self) -> tuple[str, ...]:
        """Every release that the figure was made from, once."""
        return tuple(dict.fromkeys(key for part in self.parts for key in part.keys))


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


def measure(
    releases: Iterable[ReleaseFact],
    *,
    since: datetime,
    until: datetime,
    begins: datetime | None,
    limits: Limits,
    now: datetime | None = None,
) -> Figures:
    """Measure the releases that began in [since, until), each once; without data a figure has no value.

    `begins` is the first record, `now` when the records were read, where that is before the end of the period.
    """
    each = {release.key: release for release in releases if since <= release.began < until}
    touched = [release for release in each.values() if release.touched]
    ended = [release for release in touched if release.ended is not None]
    live = [release for release in ended if release.outcome == Ending.SIGNED_OFF]
    return Figures(
        since=since,
        until=until,
        frequency=_measure_frequency(live, period=Covered.of(since, until, begins=begins, now=now), limits=limits),
        lead_time=_measure_lead_time("lead time", "from the merge to live", live, lambda one: one.merged_at, limits),
        lead_time_from_first_commit=_measure_lead_time(
            "lead time from the first commit",
            "from the first commit to live",
            live,
            lambda one: one.first_commit_at,
            None,
        ),
        success_rate=_measure_success(touched, limits=limits),
        rollback_rate=_measure_rollbacks(ended, limits),
        recovery=_measure_recovery(touched, until=min(until, now or until), limits=limits),
    )


def has_failed(release: ReleaseFact) -> bool:
    """Whether a deployment failed: it did not end signed off, or it went bad afterwards, however often."""
    return release.outcome != Ending.SIGNED_OFF or release.first_bad_at is not None


def went_back(release: ReleaseFact) -> bool:
    """Whether a deployment was rolled back, at once or after its sign-off."""
    return release.undone or release.outcome == Ending.ROLLED_BACK


def part(name: str, releases: Iterable[ReleaseFact]) -> Part:
    """Name these releases."""
    return Part(name, tuple(release.key for release in releases))


def _measure_frequency(live: Sequence[ReleaseFact], *, period: Covered, limits: Limits) -> Figure:
    """Over the days that the records cover, a week of them at least: what was deployed before nobody knows."""
    name, target = "deployment frequency", f"> {limits.target_frequency:g} per week"
    if not period.length:
        return Figure(name, None, target, "not known yet (no record covers these days)", None, without_value="not yet")
    signed_off = (part("signed off", live),)
    since = f", counted from the start of {period.since:%d %b}, the day of the first record" if period.late else ""
    said = f"{len(live)} signed off in {spoken(period.length)}{since}"
    if period.length < _WEEK:
        sentence = f"not known yet ({said}; it takes a week)"
        return Figure(name, None, target, sentence, None, signed_off, without_value="not yet")
    value = len(live) / (period.length / _WEEK)
    met = value > limits.target_frequency
    return Figure(name, value, target, f"{value:.1f} per week ({said})", met, signed_off)


def _measure_lead_time(
    name: str,
    definition: str,
    live: Sequence[ReleaseFact],
    start_of: Callable[[ReleaseFact], datetime | None],
    limits: Limits | None,
) -> Figure:
    """The median; what has no times or ends before it begins is left out and counted."""
    target = f"< {spoken(limits.target_lead_time)}" if limits else "none"
    taken = {
        release.key: release.live_at - start
        for release in live
        if (start := start_of(release)) is not None and release.live_at is not None and release.live_at >= start
    }
    left_out = [release for release in live if release.key not in taken]
    parts = (Part("measured", tuple(taken)), part("without usable times", left_out))
    if not taken:
        sentence = f"not applicable (0 of {counted(len(live), 'deployment')} with usable times)"
        return Figure(name, None, target, sentence, None, parts)
    value = timedelta(seconds=median(time.total_seconds() for time in taken.values()))
    sentence = f"{spoken_in_hours(value)} {definition} (median of {counted(len(taken), 'deployment')})"
    if left_out:
        sentence += f"; {len(left_out)} without usable times left out"
    return Figure(name, value, target, sentence, value < limits.target_lead_time if limits else None, parts)


def _measure_success(touched: Sequence[ReleaseFact], *, limits: Limits) -> Figure:
    name, target = "success rate", f"> {limits.target_success:.0%}"
    ended = [release for release in touched if release.ended is not None]
    failures = [release for release in ended if has_failed(release)]
    still_open = [release for release in touched if release.ended is None]
    parts = (
        part("failed", failures),
        part("went well", [release for release in ended if not has_failed(release)]),
        part("not ended yet", still_open),
    )
    also = f"; {len(still_open)} not ended yet" if still_open else ""
    if not ended:
        return Figure(name, None, target, f"not applicable (0 deployments){also}", None, parts)
    value = 1 - len(failures) / len(ended)
    sentence = f"{value:.1%} ({len(failures)} of {counted(len(ended), 'deployment')} failed){also}"
    return Figure(name, value, target, sentence, value > limits.target_success, parts)


def _measure_rollbacks(ended: Sequence[ReleaseFact], limits: Limits) -> Figure:
    name, target = "rollback rate", f"< {limits.target_rollback:.0%}"
    if not ended:
        return Figure(name, None, target, "not applicable (0 deployments)", None)
    back = [release for release in ended if went_back(release)]
    parts = (part("rolled back", back), part("not rolled back", [one for one in ended if not went_back(one)]))
    value = len(back) / len(ended)
    sentence = f"{value:.1%} ({len(back)} of {counted(len(ended), 'deployment')} rolled back)"
    return Figure(name, value, target, sentence, value < limits.target_rollback, parts)


def _measure_recovery(touched: Sequence[ReleaseFact], *, until: datetime, limits: Limits) -> Figure:
    """The mean from the first bad sign to recovery; what has not recovered by `until` is open, never zero."""
    name, target = "mean time to recovery", f"< {spoken(limits.target_recovery)}"
    bad = {one.key: (one.first_bad_at, one.recovered_at) for one in touched if one.first_bad_at is not None}
    if not bad:
        sentence = f"not applicable (0 failures in {counted(len(touched), 'deployment')})"
        return Figure(name, None, target, sentence, None, (part("without failure", touched),))
    opened = {key: start for key, (start, end) in bad.items() if end is None or end >= until}
    times = {key: end - start for key, (start, end) in bad.items() if end and key not in opened and start <= end}
    strange = tuple(key for key in bad if key not in opened and key not in times)
    value = timedelta(seconds=mean(time.total_seconds() for time in times.values())) if times else None
    said = [f"{spoken_in_hours(value)} (mean of {counted(len(times), 'failure')})"] if value is not None else []
    if opened:
        first = min(opened.values()).astimezone(until.tzinfo)
        said.append(f"{len(opened)} open since {first:%Y-%m-%d %H:%M %Z}")
    if strange:
        said.append(f"{len(strange)} with impossible times left out")
    parts = (
        Part("recovered", tuple(times)),
        Part("still open", tuple(opened)),
        Part("with impossible times", strange),
    )
    met = _is_recovery_met(value, list(opened.values()), until, limits)
    return Figure(name, value, target, "; ".join(said), met, parts)


def _is_recovery_met(
    value: timedelta | None, opened: Sequence[datetime], until: datetime, limits: Limits
) -> bool | None:
    """An open failure older than the target misses it; a younger one leaves the question open."""
    if (value is not None and value >= limits.target_recovery) or any(
        until - start >= limits.target_recovery for start in opened
    ):
        return False
    return None if opened or value is None else True
