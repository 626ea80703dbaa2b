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
    "error": ((AlertRule("CPU", "inactive", "error", LATELY),), Verdict.UNKNOWN, "its evaluation error"),
    "paused": ((AlertRule("CPU", "inactive", "ok", LATELY, ("it is paused",)),), Verdict.UNKNOWN, "it is paused"),
    "old": (
        (AlertRule("CPU", "inactive", "ok", NOW - timedelta(hours=2)),),
        Verdict.UNKNOWN,
        "was evaluated 2 h ago (limit 15 min)",
    ),
    "without a time": ((AlertRule("CPU", "normal", "ok", None),), Verdict.UNKNOWN, "was evaluated never"),
}


@pytest.mark.parametrize(("rules", "verdict", "sentence"), CASES.values(), ids=CASES.keys())
def test_a_rule_that_does_not_look_is_not_green(rules: tuple[AlertRule, ...], verdict: Verdict, sentence: str) -> None:
    judgement = judge_alert_rules(rules, now=NOW, max_age=timedelta(minutes=15))

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence
