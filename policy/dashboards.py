"""Is any alert of the dashboards firing, and do their rules look at all (1.4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy.combined import combine
from policy.judgement import Judgement, failed, passed, spoken, unknown
from policy.wording import counted, listed

_GREEN, _FIRING = {"inactive", "normal"}, {"firing", "alerting"}
# The clocks of the worker and of Grafana may differ by so much without anything being wrong.
_CLOCK_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A rule as it was last evaluated; `blind` says how it would be green without looking."""

    title: str
    state: str
    health: str
    evaluated_at: datetime | None
    blind: Sequence[str] = ()
    folder: str = ""

    def __str__(self) -> str:
        return f"the alert {self.title!r} of {self.folder}" if self.folder else f"the alert {self.title!r}"


def judge_alert_rules(rules: Sequence[AlertRule], *, now: datetime, max_age: timedelta) -> Judgement:
    """Pass when no rule fires and every rule looked lately; a rule that does not look is not green."""
    if not rules:
        return unknown("Grafana has no alert rule, so nothing was looked at")
    parts = [part for rule in rules if (part := _judge_rule(rule, now=now, max_age=max_age)) is not None]
    return combine(parts or [passed(f"{counted(len(rules), 'alert rule')} of Grafana looked and none fires")])


def _judge_rule(rule: AlertRule, *, now: datetime, max_age: timedelta) -> Judgement | None:
    """Return what is wrong with a rule; a pending one may fire in a moment and is no evidence yet."""
    state = rule.state.casefold()
    if state in _FIRING:
        return failed(f"{rule} is firing")
    if rule.blind:
        return unknown(f"{rule} does not look: {listed(rule.blind)}")
    evaluated = rule.health.casefold() == "ok"
    if not evaluated or state not in _GREEN:
        stands = f"is {rule.state or 'in no state'}, its evaluation {rule.health}"
        return unknown(f"{rule} {stands}" if evaluated else f"{rule} could not be evaluated: it {stands}")
    if rule.evaluated_at is None or now - rule.evaluated_at > max_age:
        since = f"{spoken(now - rule.evaluated_at)} ago" if rule.evaluated_at else "never"
        return unknown(f"{rule} was evaluated {since} (limit {spoken(max_age)})")
    if rule.evaluated_at - now > _CLOCK_SKEW:
        return unknown(f"{rule} was evaluated {spoken(rule.evaluated_at - now)} from now: a clock is wrong")
    return None
