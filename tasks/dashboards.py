"""What 1.4.2 makes of alert rules and open incidents; the doctor asks the very same before anybody releases."""

from datetime import datetime, timedelta

from blocks.grafana import Grafana
from blocks.pagerduty_rest import PagerDutyRest
from policy.dashboards import AlertRule, judge_alert_rules
from policy.incidents import judge_incidents
from policy.judgement import Judgement


def judge_rules_of(grafana: Grafana, *, now: datetime, max_age: timedelta) -> Judgement:
    """No rule of Grafana fires, and each of them looked lately."""
    rules = [
        AlertRule(one.title, one.state, one.health, one.evaluated_at, one.blind, one.folder)
        for one in grafana.list_alert_rules()
    ]
    return judge_alert_rules(rules, now=now, max_age=max_age)


def judge_open_incidents_of(on_call: PagerDutyRest, *, now: datetime, zone: str, release: str = "") -> Judgement:
    """No incident of production is open; what `release` itself asked of people is none."""
    opened = on_call.list_open_incidents(on_call.services)
    return judge_incidents(opened, since=now, release=release, complete=True, zone=zone)
