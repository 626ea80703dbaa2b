"""A changed limit of the watch tried on what earlier watches measured, before it is switched on (2.1, 4.1)."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter

from policy.health import judge_health
from policy.health_watch import conclude_watch, judge_health_checks
from policy.judgement import Verdict
from policy.limits import Limits
from policy.measurement import measured_time
from policy.observed import Observed
from policy.red_flags import Conclusion, Flag, judge_watch
from policy.samples import error_rate

# What judges; the others say how it is measured, or belong to items whose evidence is not kept.
REPLAYED = (
    "error_rate_consider",
    "error_rate_roll_back",
    "roll_back_after",
    "consider_after",
    "p95",
    "p95_roll_back",
    "p95_factor",
    "same_factor",
    "least_requests",
    "least_errors",
    "red_samples",
    "of_samples",
    "sample_age",
)


_OF_ANSWER_TIMES = frozenset({"p95", "p95_roll_back", "p95_factor"})
# They judge what the servers answer about their health, too.
_OF_EVERYTHING = frozenset({"red_samples", "of_samples", "sample_age"})


class Effect(StrEnum):
    """What the limits would have changed for one release."""

    EARLIER = "stopped earlier"
    FOR_NOTHING = "stopped for nothing"
    SAVED = "stopped, and it went bad later"
    MISSED = "not stopped any more"
    SAME = "no difference"
    NOT_KEPT = "no measurements were kept"
    NOT_MEASURED = "nothing was measured that they judge"


UNKNOWN_EFFECTS = frozenset({Effect.NOT_KEPT, Effect.NOT_MEASURED})


@dataclass(frozen=True, slots=True)
class Past:
    """A release that has ended: what its watch measured, and what really happened.

    `stopped_at` is when it was sent home, or rolled back later; None where it never was. `by_watch` is whether the
    numbers did it, not a person. `touched` says when the update of each server began.
    """

    key: str
    began: datetime
    failed: bool
    stopped_at: datetime | None
    by_watch: bool
    live_at: datetime | None
    touched: Mapping[str, datetime]
    servers: tuple[str, ...]
    limits: Limits
    observed: Observed | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What other limits would have done with one release: when they stop it, when they ask people, and why."""

    past: Past
    effect: Effect
    stops_at: datetime | None = None
    asks_at: datetime | None = None
    sentence: str = ""

    @property
    def earlier(self) -> timedelta:
        """How much earlier than it really was stopped."""
        if self.stops_at is None or self.past.stopped_at is None:
            return timedelta(0)
        return self.past.stopped_at - self.stops_at


def replay(past: Past, limits: Limits, *, tried: Collection[str] = REPLAYED) -> Outcome:
    """Judge every look of the watch again by these limits; how it was measured stays as it was.

    `tried` are those in question: where nothing was measured that any of them judges, nobody knows what they would do.
    """
    if past.observed is None:
        return Outcome(past, Effect.NOT_KEPT)
    if not any(_was_measured(name, past.observed) for name in tried):
        return Outcome(past, Effect.NOT_MEASURED)
    as_measured = {name: getattr(past.limits, name) for name in ("watch_interval", "watch_window", "extended_watch")}
    judging = limits.model_copy(update=as_measured)
    asks_at = None
    for moment in _list_doubtful(past.observed, judging):
        conclusion = conclude_at(moment, past, past.observed, judging)
        if conclusion.flag is Flag.ROLL_BACK:
            effect = _effect(past, moment, judging)
            return Outcome(past, effect, moment, asks_at, f"{conclusion.sentence} ({conclusion.rule})")
        if conclusion.flag is Flag.CONSIDER and asks_at is None:
            asks_at = moment
    return Outcome(past, Effect.MISSED if past.by_watch else Effect.SAME, None, asks_at)


def _was_measured(name: str, observed: Observed) -> bool:
    """Whether the watch measured anything that this limit judges; a company without metrics has health checks only."""
    if name in _OF_EVERYTHING:
        return bool(observed.samples or observed.checks)
    if name in _OF_ANSWER_TIMES:
        return any(one.p95 is not None for one in observed.samples)
    return any(error_rate(one) is not None for one in observed.samples)


def _effect(past: Past, moment: datetime, limits: Limits) -> Effect:
    if not past.failed:
        return Effect.FOR_NOTHING
    if past.stopped_at is None:
        return Effect.SAVED
    # The watch writes its flag a moment after it measured; one look is no difference.
    return Effect.EARLIER if past.stopped_at - moment > limits.watch_interval else Effect.SAME


def _moments(observed: Observed) -> list[datetime]:
    """The watch judged after each reading of the metrics; without metrics, after each round of health checks."""
    return sorted({one.at for one in observed.samples} or {one.at for one in observed.checks})


def _list_doubtful(observed: Observed, limits: Limits) -> list[datetime]:
    """Return the moments at which any rule could find anything: nothing bad was measured shortly before the others."""
    usual = measured_time(observed.baseline.p95)
    slow = limits.p95_roll_back
    if usual is not None:
        slow = min(slow, max(limits.p95, usual * limits.p95_factor))
    rate = min(limits.error_rate_consider, limits.error_rate_roll_back)
    bad = [
        one.at
        for one in observed.samples
        if (error_rate(one) or 0.0) > rate or (one.p95 is not None and one.p95 > slow)
    ]
    ill = [one.at for one in observed.checks if one.answer and judge_health(one.answer).verdict is not Verdict.PASSED]
    doubtful = sorted((*bad, *ill))
    # The newest sample may be of that age, and the oldest that counts beside it as much older.
    span = 2 * limits.sample_age
    return [
        moment for moment in _moments(observed) if bisect_left(doubtful, moment - span) < bisect_right(doubtful, moment)
    ]


def conclude_at(now: datetime, past: Past, observed: Observed, limits: Limits) -> Conclusion:
    """Judge one look of the watch again, by what it had measured until then."""
    new = frozenset(server for server, since in observed.new_since.items() if since <= now)
    metrics = None
    if observed.samples:
        oldest = now - 2 * max(limits.consider_after, limits.extended_watch)
        begin = bisect_left(observed.samples, oldest, key=attrgetter("at"))
        end = bisect_right(observed.samples, now, key=attrgetter("at"))
        metrics = judge_watch(
            observed.samples[begin:end],
            now=now,
            new=new,
            old=frozenset(past.servers) - new,
            rolling_out=past.live_at is None or now < past.live_at,
            baseline=observed.baseline,
            limits=limits,
        )
    begin = bisect_left(observed.checks, now - limits.sample_age, key=attrgetter("at"))
    end = bisect_right(observed.checks, now, key=attrgetter("at"))
    untouched = frozenset(server for server in past.servers if past.touched.get(server, now) >= now)
    checks = [one for one in observed.checks[begin:end] if one.at >= observed.new_since.get(one.server, one.at)]
    health = judge_health_checks(checks, now=now, new=new, old=untouched, limits=limits)
    return conclude_watch(metrics, health)


def change_limits(limits: Limits, changes: Mapping[str, object]) -> Limits:
    """Return the limits with these changes; raises ValueError for one that is not replayed or makes no sense."""
    for name in changes:
        if name not in REPLAYED:
            raise ValueError(f"{name} cannot be tried on the past; what can: {', '.join(REPLAYED)}")
    return Limits.model_validate({**limits.model_dump(), **changes})


def list_effects(outcomes: Sequence[Outcome], effect: Effect) -> list[Outcome]:
    """Return the outcomes with this effect, oldest first."""
    return sorted((one for one in outcomes if one.effect is effect), key=lambda one: one.past.began)
