"""Stale zone data opens windows an hour early (T4)."""

from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

from policy.judgement import Verdict
from policy.zone_data import judge_zone_data


def test_the_zone_data_of_this_machine_is_young_enough() -> None:
    assert judge_zone_data(ZoneInfo("America/Mexico_City")).verdict is Verdict.PASSED


def test_data_that_still_has_summer_time_in_mexico_fails() -> None:
    assert judge_zone_data(timezone(timedelta(hours=-5))).verdict is Verdict.FAILED
