"""What is red: each rule of 2.1 and 4.1 looks at the history of one server and says how much it was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial

from policy.judgement import spoken
from policy.limits import Limits
from policy.measurement import in_ms, measured, measured_time
from policy.samples import Baseline, Sample, count_apart, error_rate, has_enough_requests, list_newest, say_failed
from policy.wording import counted


class Flag(StrEnum):
    """What the watch concludes."""

    CLEAR = "clear"
    ROLL_BACK = "roll back"
    CONSIDER = "consider"
    NOT_THIS_RELEASE = "not this release"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One server broke one rule: how much, and in words."""

    value: float
    sentence: str


Find = Callable[[Sequence[Sample]], Finding | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is red: `find` answers for the history of one server; `before` is a value that was red already."""

    name: str
    flag: Flag
    find: Find
    before: float | None


def list_rules(*, rolling_out: bool, baseline: Baseline, limits: Limits) -> list[Rule]:
    """List the rules in the order in which they speak."""
    at_once = Rule(
        "2.1: error rate",
        Flag.ROLL_BACK,
        partial(_find_errors, limits=limits),
        _red_before(baseline.error_rate, limits.error_rate_roll_back),
    )
    slow = Rule(
        "2.1, 4.1: p95",
        Flag.ROLL_BACK,
        partial(_find_slow, limit=limits.p95_roll_back, why="", limits=limits),
        _red_before(in_ms(baseline.p95) if baseline.p95 is not None else None, in_ms(limits.p95_roll_back)),
    )
    lasting = Rule(
        "4.1: error rate for longer",
        Flag.ROLL_BACK,
        partial(_find_lasting, limit=limits.error_rate_roll_back, lasts=limits.roll_back_after, limits=limits),
        _red_before(baseline.error_rate, limits.error_rate_roll_back),
    )
    consider = Rule(
        "4.1: consider",
        Flag.CONSIDER,
        partial(_find_lasting, limit=limits.error_rate_consider, lasts=limits.consider_after, limits=limits),
        _red_before(baseline.error_rate, limits.error_rate_consider),
    )
    return [*([at_once] if rolling_out else []), slow, *_list_doubled(baseline, limits), lasting, consider]


def _list_doubled(baseline: Baseline, limits: Limits) -> list[Rule]:
    """Twice as slow as before counts above the limit of 3.1.5; it cannot have been red before."""
    usual = measured_time(baseline.p95)
    if usual is None:
        return []
    why = f" and {limits.p95_factor:g} times the {in_ms(usual):.0f} ms before the release"
    limit = max(limits.p95, usual * limits.p95_factor)
    find = partial(_find_slow, limit=limit, why=why, limits=limits)
    return [Rule("2.1: p95 doubled", Flag.ROLL_BACK, find, None)]


def _red_before(before: float | None, limit: float) -> float | None:
    value = measured(before)
    return value if value is not None and value > limit else None


def _find_errors(history: Sequence[Sample], *, limits: Limits) -> Finding | None:
    """Errors above the limit in k of the newest n samples, each with enough requests and enough errors."""
    newest = list_newest(history, limits)
    bad = [sample for sample in newest if _has_many_errors(sample, limits)]
    if len(bad) < limits.red_samples:
        return None
    errors, requests = count_apart(bad)
    return Finding(
        errors / requests,
        f"{errors / requests:.1%} errors ({say_failed(errors, requests)}) in {len(bad)} of the "
        f"newest {counted(len(newest), 'sample')}, the limit is {limits.error_rate_roll_back:.0%}",
    )


def _has_many_errors(sample: Sample, limits: Limits) -> bool:
    rate = error_rate(sample)
    return (
        rate is not None
        and rate > limits.error_rate_roll_back
        and has_enough_requests(sample, limits)
        and (sample.errors or 0) >= limits.least_errors
    )


def _find_slow(history: Sequence[Sample], *, limit: timedelta, why: str, limits: Limits) -> Finding | None:
    """p95 above the limit in k of the newest n samples, each with enough requests."""
    newest = list_newest(history, limits)
    slow = [s.p95 for s in newest if has_enough_requests(s, limits) and s.p95 is not None and s.p95 > limit]
    if len(slow) < limits.red_samples:
        return None
    sentence = f"p95 {in_ms(max(slow)):.0f} ms in {len(slow)} of the newest {counted(len(newest), 'sample')}"
    return Finding(in_ms(max(slow)), f"{sentence}, the limit is {in_ms(limit):.0f} ms{why}")


def _find_lasting(history: Sequence[Sample], *, limit: float, lasts: timedelta, limits: Limits) -> Finding | None:
    """Errors above the limit in every sample, without a hole, over more than the whole time."""
    run = _list_unbroken(history, limit=limit, limits=limits)
    errors, requests = count_apart(run)
    if not run or requests < limits.least_requests or errors < limits.least_errors:
        return None
    length = run[-1].at - (run[0].at - run[0].span)
    if length <= lasts:
        return None
    return Finding(
        errors / requests,
        f"{errors / requests:.1%} errors ({say_failed(errors, requests)}) for {spoken(length)}, "
        f"the limit is {limit:.0%} for {spoken(lasts)}",
    )


def _list_unbroken(history: Sequence[Sample], *, limit: float, limits: Limits) -> list[Sample]:
    """Return the samples up to the newest that are all above the limit and leave no time between them out."""
    run: list[Sample] = []
    for sample in reversed(history):
        rate = error_rate(sample)
        hole = bool(run) and run[-1].at - run[-1].span - sample.at > limits.watch_interval
        if rate is None or rate <= limit or hole:
            break
        run.append(sample)
    return run[::-1]


def is_alarming(sample: Sample, limits: Limits) -> bool:
    """Whether one sample is beyond a limit of going back, though one alone decides nothing."""
    return _has_many_errors(sample, limits) or (sample.p95 is not None and sample.p95 > limits.p95_roll_back)
