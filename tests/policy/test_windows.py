"""Windows, holidays and clocks: 7.1.1 and 1.3.6."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.judgement import Verdict
from policy.limits import Risk
from policy.windows import Calendar, judge_window, next_opening, read_calendar

MEXICO = read_calendar({}, time_zone="America/Mexico_City", country="MX")
CALIFORNIA = read_calendar({}, time_zone="America/Los_Angeles", country="US")


def calendar(zone: str = "America/Los_Angeles", **table: Any) -> Calendar:
    return read_calendar(table, time_zone=zone, country="US")


def moment(text: str, zone: str = "America/Mexico_City") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("now", "risk", "verdict", "says"),
    [
        pytest.param(
            datetime(2026, 11, 24, 14, 30, tzinfo=UTC),
            Risk.LOW,
            Verdict.FAILED,
            "Tue 24 Nov 08:30 CST (America/Mexico_City)",
            id="T1: UTC would pass",
        ),
        pytest.param(
            datetime(2026, 11, 24, 22, 30, tzinfo=UTC),
            Risk.LOW,
            Verdict.PASSED,
            "Tue 24 Nov 16:30 CST (America/Mexico_City)",
            id="T1: UTC would fail",
        ),
        pytest.param(
            datetime(2027, 7, 6, 14, 30, tzinfo=UTC),
            Risk.LOW,
            Verdict.FAILED,
            "Tue 6 Jul 08:30",
            id="T4: Mexico has no summer time",
        ),
        pytest.param(
            moment("2026-09-15 06:30"),
            Risk.HIGH,
            Verdict.FAILED,
            "tomorrow, Wed 16 Sep, is Independence Day",
            id="T5: the day before",
        ),
        pytest.param(
            moment("2026-12-24 10:00"),
            Risk.LOW,
            Verdict.FAILED,
            "tomorrow, Fri 25 Dec, is Christmas Day",
            id="T5: Christmas Eve",
        ),
        pytest.param(
            moment("2027-02-01 10:00"),
            Risk.LOW,
            Verdict.FAILED,
            "today, Mon 1 Feb, is Constitution Day; Monday morning",
            id="T5: a moved holiday on a Monday morning",
        ),
        pytest.param(
            moment("2026-02-05 10:00"),
            Risk.LOW,
            Verdict.PASSED,
            "Thu 5 Feb 10:00",
            id="T5: the old fixed date",
        ),
        pytest.param(moment("2026-11-24 09:00"), Risk.LOW, Verdict.PASSED, "Mon-Thu 09:00-17:00", id="opens"),
        pytest.param(moment("2026-11-24 17:00"), Risk.LOW, Verdict.FAILED, "opens Wed 25 Nov 09:00", id="ends"),
        pytest.param(moment("2026-11-24 08:59"), Risk.MEDIUM, Verdict.PASSED, "08:59", id="medium before 9"),
        pytest.param(moment("2026-11-24 09:00"), Risk.MEDIUM, Verdict.FAILED, "18:00", id="medium by day"),
        pytest.param(moment("2026-11-24 23:59"), Risk.MEDIUM, Verdict.PASSED, "18:00-24:00", id="medium late"),
        pytest.param(moment("2026-11-23 08:30"), Risk.MEDIUM, Verdict.FAILED, "Monday morning", id="peak"),
        pytest.param(moment("2026-11-23 07:30"), Risk.MEDIUM, Verdict.PASSED, "Mon-Thu", id="before the peak"),
        pytest.param(moment("2026-11-23 06:30"), Risk.HIGH, Verdict.FAILED, "Tue-Thu", id="high not on Mondays"),
        pytest.param(moment("2026-11-26 07:59"), Risk.HIGH, Verdict.PASSED, "06:00-08:00", id="high on Thursday"),
        pytest.param(
            moment("2026-11-27 13:00"),
            Risk.LOW,
            Verdict.FAILED,
            "on Fridays from 12:00",
            id="Friday afternoon",
        ),
        pytest.param(moment("2026-11-28 10:00"), Risk.LOW, Verdict.FAILED, "weekends", id="Saturday"),
    ],
)
def test_a_moment_is_judged_in_the_companys_own_time(now: datetime, risk: Risk, verdict: Verdict, says: str) -> None:
    judgement = judge_window(now, risk=risk, calendar=MEXICO)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_an_emergency_may_be_deployed_at_any_time() -> None:
    christmas = moment("2026-12-25 03:00")

    judgement = judge_window(christmas, risk=Risk.HIGH, calendar=MEXICO, emergency=True)

    assert judgement.verdict is Verdict.PASSED


def test_a_moment_without_a_zone_is_unknown() -> None:
    naive = datetime(2026, 11, 24, 10, tzinfo=UTC).replace(tzinfo=None)

    assert judge_window(naive, risk=Risk.LOW, calendar=MEXICO).verdict is Verdict.UNKNOWN


def test_the_refusal_says_when_the_next_window_opens() -> None:
    before_thanksgiving = moment("2026-11-25 10:00", "America/Los_Angeles")

    judgement = judge_window(before_thanksgiving, risk=Risk.LOW, calendar=CALIFORNIA)

    assert "tomorrow, Thu 26 Nov, is Thanksgiving Day" in judgement.sentence
    assert "the next window opens Mon 30 Nov 12:00 PST" in judgement.sentence


def test_a_freeze_closes_its_first_and_its_last_day() -> None:
    frozen = calendar(holidays=False, freezes=[{"from": date(2026, 11, 24), "until": "2026-11-25", "reason": "audit"}])
    verdicts = [
        judge_window(moment(f"2026-11-{day} 13:00", "America/Los_Angeles"), risk=Risk.LOW, calendar=frozen)
        for day in (23, 24, 25, 26)
    ]

    assert [one.verdict.lets_pass for one in verdicts] == [True, False, False, True]
    assert "frozen from Tue 24 Nov to Wed 25 Nov: audit" in verdicts[1].sentence


def test_a_company_has_days_off_of_its_own() -> None:
    own = calendar(holidays=False, days_off={date(2026, 11, 24): "the company's anniversary"})

    judgement = judge_window(moment("2026-11-23 13:00", "America/Los_Angeles"), risk=Risk.LOW, calendar=own)

    assert "tomorrow, Tue 24 Nov, is the company's anniversary" in judgement.sentence


def test_a_calendar_may_be_open_at_all_hours() -> None:
    always = [{"days": "Mon-Sun", "from": "00:00", "until": "24:00"}]
    opened = calendar(
        holidays=False,
        avoid_weekends=False,
        avoid_friday_from="24:00",
        peaks=[],
        windows={"low": always, "medium": always, "high": always},
    )
    start = datetime(2026, 12, 20, tzinfo=UTC)

    verdicts = {
        judge_window(start + timedelta(minutes=37 * step), risk=risk, calendar=opened).verdict
        for risk in Risk
        for step in range(600)
    }

    assert verdicts == {Verdict.PASSED}


def test_a_risk_without_hours_never_opens() -> None:
    closed = calendar(windows={"high": []})

    judgement = judge_window(datetime(2026, 11, 24, 15, tzinfo=UTC), risk=Risk.HIGH, calendar=closed)

    assert "the window for high risk is never open" in judgement.sentence
    assert "no window opens within a year" in judgement.sentence


def test_a_risk_that_is_left_out_keeps_its_hours() -> None:
    other = calendar(windows={"low": [{"days": "Fri", "from": "08:00", "until": "10:00"}]})

    assert other.windows[Risk.HIGH] == CALIFORNIA.windows[Risk.HIGH]
    assert [str(span) for span in other.windows[Risk.LOW]] == ["Fri 08:00-10:00"]


@pytest.mark.parametrize(
    ("day", "span", "inside"),
    [
        pytest.param(date(2026, 3, 8), ("02:30", "04:00"), "03:00", id="the hour that does not exist"),
        pytest.param(date(2026, 11, 1), ("01:30", "02:00"), "01:30", id="the hour that comes twice"),
    ],
)
def test_a_window_opens_on_the_days_when_clocks_change(day: date, span: tuple[str, str], inside: str) -> None:
    hours = {"days": "Sun", "from": span[0], "until": span[1]}
    sundays = calendar(holidays=False, avoid_weekends=False, windows={"low": [hours]})
    midnight = datetime.combine(day, time(), ZoneInfo("America/Los_Angeles"))

    opening = next_opening(midnight, risk=Risk.LOW, calendar=sundays)

    assert opening is not None
    assert (opening.date(), f"{opening:%H:%M}") == (day, inside)


def test_the_second_of_two_equal_hours_opens_again() -> None:
    hours = {"days": "Sun", "from": "01:30", "until": "02:00"}
    sundays = calendar(holidays=False, avoid_weekends=False, windows={"low": [hours]})
    after_the_first = datetime(2026, 11, 1, 9, 10, tzinfo=UTC)

    opening = next_opening(after_the_first, risk=Risk.LOW, calendar=sundays)

    assert opening is not None
    assert (opening.astimezone(UTC), opening.fold) == (datetime(2026, 11, 1, 9, 30, tzinfo=UTC), 1)


ZONES = (
    "America/Mexico_City",
    "America/Los_Angeles",
    "Europe/Berlin",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
)
MOMENTS = st.integers(0, 700 * 24 * 60).map(lambda m: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=m))


@given(MOMENTS, st.sampled_from(Risk), st.sampled_from(ZONES))
def test_the_next_opening_is_open_and_nothing_before_it_is(now: datetime, risk: Risk, zone: str) -> None:
    company = calendar(zone)
    opening = next_opening(now, risk=risk, calendar=company)

    assert opening is not None
    assert opening >= now
    assert judge_window(opening, risk=risk, calendar=company).verdict is Verdict.PASSED
    just_before = opening - timedelta(minutes=1)
    if just_before >= now:
        assert judge_window(just_before, risk=risk, calendar=company).verdict is Verdict.FAILED


@given(MOMENTS, st.sampled_from(Risk))
def test_a_freeze_denies_whatever_the_windows_say(now: datetime, risk: Risk) -> None:
    frozen = calendar(freezes=[{"from": "2025-12-30", "until": "2028-01-02", "reason": "migration"}])

    assert judge_window(now, risk=risk, calendar=frozen).verdict is Verdict.FAILED


@given(MOMENTS, st.sampled_from(Risk), st.sampled_from(ZONES))
def test_the_verdict_does_not_depend_on_the_zone_the_moment_is_written_in(now: datetime, risk: Risk, zone: str) -> None:
    elsewhere = now.astimezone(ZoneInfo(zone))

    assert judge_window(now, risk=risk, calendar=MEXICO) == judge_window(elsewhere, risk=risk, calendar=MEXICO)
