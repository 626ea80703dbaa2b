"""When must a release go back, when are people asked, and when is it not this release (2.1.3, 3.2.1, 4.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from policy.judgement import Judgement, failed, passed, spoken, unknown
from policy.limits import Limits
from policy.measurement import measured_time
from policy.red_rules import Finding, Flag, Rule, is_alarming, list_rules
from policy.samples import (
    Baseline,
    Sample,
    find_gap,
    fresh_history,
    list_newest,
    say_numbers,
)
from policy.wording import counted

# The facts of the watch stand in two files; whoever watches finds them here.
__all__ = ["Baseline", "Conclusion", "Flag", "RaisedFlag", "Sample", "judge_watch", "worst_conclusion"]

_WORST_FIRST = (Flag.ROLL_BACK, Flag.NOT_THIS_RELEASE, Flag.CONSIDER, Flag.UNKNOWN, Flag.CLEAR)


class RaisedFlag(StrEnum):
    """Why a person raises a red flag: what no machine sees (2.1, 4.1)."""

    USER_REPORTS = "users report problems"
    FEATURE_BROKEN = "a critical feature is broken"
    DATA_CORRUPTION = "data is corrupted"
    SECURITY_HOLE = "a security hole was found"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The flag, the sentence with the arithmetic, and the rule of the checklist that says so."""

    flag: Flag
    sentence: str
    rule: str


def judge_conclusion(conclusion: Conclusion) -> Judgement:
    """Pass when the watch is clear; what it does not know is unknown (2.1.3, 3.2.1)."""
    if conclusion.flag is Flag.CLEAR:
        return passed(conclusion.sentence)
    if conclusion.flag is Flag.UNKNOWN:
        return unknown(conclusion.sentence)
    return failed(f"{conclusion.flag} ({conclusion.rule}): {conclusion.sentence}")


def judge_watch(
    samples: Iterable[Sample],
    *,
    now: datetime,
    new: frozenset[str],
    old: frozenset[str],
    rolling_out: bool,
    baseline: Baseline,
    limits: Limits,
) -> Conclusion:
    """Conclude for the worst of the new servers; what is as bad on the old ones is not this release.

    The samples of a new server begin after it came back with the new version.
    """
    if not new:
        return Conclusion(Flag.UNKNOWN, "no server serves the new version yet", "2.1.3")
    taken = list(samples)
    histories = {server: fresh_history(taken, server=server, now=now, limits=limits) for server in new | old}
    elsewhere = [histories[server] for server in sorted(old - new) if histories[server]]
    rules = list_rules(rolling_out=rolling_out, baseline=baseline, limits=limits)
    conclusions = [
        _conclude(server, histories[server], elsewhere, rules=rules, baseline=baseline, limits=limits)
        for server in sorted(new)
    ]
    return worst_conclusion(conclusions)


def worst_conclusion(conclusions: Sequence[Conclusion]) -> Conclusion:
    """Return the first of the worst."""
    return min(conclusions, key=lambda conclusion: _WORST_FIRST.index(conclusion.flag))


def _conclude(
    server: str,
    history: Sequence[Sample],
    elsewhere: Sequence[Sequence[Sample]],
    *,
    rules: Sequence[Rule],
    baseline: Baseline,
    limits: Limits,
) -> Conclusion:
    """Give the worst of the rules that the server breaks; without one, whether all is well can be said."""
    if not history:
        return Conclusion(Flag.UNKNOWN, f"{server}: no sample of the last {spoken(limits.sample_age)}", "no evidence")
    broken = []
    for rule in rules:
        if (finding := rule.find(history)) is None:
            continue
        said = f"{server}: {finding.sentence}"
        same = _find_same(finding, rule, elsewhere, limits=limits)
        flag = Flag.NOT_THIS_RELEASE if same else rule.flag
        broken.append(Conclusion(flag, f"{said}; {same}" if same else said, rule.name))
    if broken:
        return worst_conclusion(broken)
    return _conclude_without_finding(server, history, baseline=baseline, limits=limits)


def _find_same(finding: Finding, rule: Rule, elsewhere: Sequence[Sequence[Sample]], *, limits: Limits) -> str | None:
    """Say how the old version is as bad by the same rule: on all its servers, or else before the release."""
    if not elsewhere:
        if rule.before is None or finding.value > limits.same_factor * rule.before:
            return None
        return "it was as bad before the release"
    found = [rule.find(history) for history in elsewhere]
    measured = [other.value for other in found if other is not None]
    if len(measured) < len(elsewhere) or finding.value > limits.same_factor * max(measured):
        return None
    return f"the old version is as bad on {len(measured)} of {counted(len(elsewhere), 'server')}"


def _conclude_without_finding(
    server: str, history: Sequence[Sample], *, baseline: Baseline, limits: Limits
) -> Conclusion:
    """All is well only when the newest samples show it; what is missing or undecided is unknown."""
    newest = list_newest(history, limits)
    if gap := find_gap(newest[-1], limits):
        return Conclusion(Flag.UNKNOWN, f"{server}: {gap}", "no evidence")
    usable = [sample for sample in newest if find_gap(sample, limits) is None]
    if len(usable) < limits.red_samples:
        said = f"not enough samples: {len(usable)} of {limits.red_samples}"
        return Conclusion(Flag.UNKNOWN, f"{server}: {said}", "no evidence")
    said = f"{server}: {say_numbers(newest[-1])}"
    if any(is_alarming(sample, limits) for sample in usable):
        return Conclusion(Flag.UNKNOWN, f"{said}; too high, but not for long enough to go back", "not decided")
    if measured_time(baseline.p95) is None and any(s.p95 is not None and s.p95 > limits.p95 for s in usable):
        doubt = "p95 before the release is not known, so it may have doubled"
        return Conclusion(Flag.UNKNOWN, f"{said}; {doubt}", "no evidence")
    return Conclusion(Flag.CLEAR, said, "no red flag")
