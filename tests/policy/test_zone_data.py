"""Stale zone data opens windows an hour early (T4)."""

from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from policy.judgement import Verdict
from policy.zone_data import judge_zone_data, judge_zone_rules


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ("2022f", Verdict.PASSED),
        ("2025b", Verdict.PASSED),
        ("2026f\n", Verdict.PASSED),
        ("2022e", Verdict.FAILED),
        ("2021a", Verdict.FAILED),
        ("", Verdict.UNKNOWN),
        (None, Verdict.UNKNOWN),
        ("2025.2", Verdict.UNKNOWN),
    ],
)
def test_zone_data_must_know_that_mexico_gave_up_summer_time(version: str | None, verdict: Verdict) -> None:
    assert judge_zone_data(version).verdict is verdict


def test_the_zone_data_of_this_machine_is_young_enough() -> None:
    assert judge_zone_rules(ZoneInfo("America/Mexico_City")).verdict is Verdict.PASSED


def test_data_that_still_has_summer_time_fails_whatever_its_version() -> None:
    assert judge_zone_rules(timezone(timedelta(hours=-5))).verdict is Verdict.FAILED
