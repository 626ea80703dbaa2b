"""Alert rules that fire, and alert rules that are green without looking."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.dashboards import AlertRule, judge_alert_rules
from policy.judgement import Verdict

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
LATELY = NOW - timedelta(minutes=1)
GREEN = AlertRule("Error rate", "inactive", "ok", LATELY)
CASES = {
    "no rule": ((), Verdict.UNKNOWN, "no alert rule"),
    "green": ((GREEN,), Verdict.PASSED, "1 alert rule of Grafana looked and none fires"),
    "firing": ((GREEN, AlertRule("CPU", "Firing", "ok", LATELY)), Verdict.FAILED, "'CPU' is firing"),
    "E12 firing beside a green namesake": (
        (
            AlertRule("CPU", "inactive", "ok", LATELY, folder="staging"),
            AlertRule("CPU", "firing", "ok", LATELY, folder="production"),
        ),
        Verdict.FAILED,
        "the alert 'CPU' of production is firing",
    ),
    "pending": ((AlertRule("CPU", "pending", "ok", LATELY),), Verdict.UNKNOWN, "'CPU' is pending, its evaluation ok"),
    "no state": ((AlertRule("CPU", "", "never evaluated", None),), Verdict.UNKNOWN, "in no state"),
    "E12 error": (
        (GREEN, AlertRule("High error rate", "Normal", "error", LATELY)),
        Verdict.UNKNOWN,
        "the alert 'High error rate' could not be evaluated: it is Normal, its evaluation error",
    ),
    "E12 no data": (
        (GREEN, AlertRule("High error rate", "inactive", "nodata", LATELY)),
        Verdict.UNKNOWN,
        "the alert 'High error rate' could not be evaluated: it is inactive, its evaluation nodata",
    ),
    "E12 no health": (
        (AlertRule("High error rate", "inactive", "", LATELY),),
        Verdict.UNKNOWN,
        "could not be evaluated",
    ),
    "E12 paused": ((AlertRule("CPU", "inactive", "ok", LATELY, ("it is paused",)),), Verdict.UNKNOWN, "it is paused"),
    "E12 old": (
        (AlertRule("CPU", "inactive", "ok", NOW - timedelta(hours=2)),),
        Verdict.UNKNOWN,
        "was evaluated 2 h ago (limit 15 min)",
    ),
    "E12 from the future": (
        (AlertRule("CPU", "inactive", "ok", NOW + timedelta(hours=1)),),
        Verdict.UNKNOWN,
        "was evaluated 1 h from now: a clock is wrong",
    ),
    "clocks differ a little": (
        (AlertRule("CPU", "inactive", "ok", NOW + timedelta(seconds=20)),),
        Verdict.PASSED,
        "none fires",
    ),
    "without a time": ((AlertRule("CPU", "normal", "ok", None),), Verdict.UNKNOWN, "was evaluated never"),
}


@pytest.mark.parametrize(("rules", "verdict", "sentence"), CASES.values(), ids=CASES.keys())
def test_a_rule_that_does_not_look_is_not_green(rules: tuple[AlertRule, ...], verdict: Verdict, sentence: str) -> None:
    judgement = judge_alert_rules(rules, now=NOW, max_age=timedelta(minutes=15))

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence
