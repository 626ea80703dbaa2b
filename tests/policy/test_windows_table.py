"""The calendar as it is read from the settings: days, hours, holidays, and what is refused."""

from datetime import date, time
from typing import Any

import pytest
from pydantic import ValidationError

from policy.limits import Risk
from policy.windows import Calendar, holidays_of, read_calendar


def calendar(**table: Any) -> Calendar:
    return read_calendar(table, time_zone="America/Los_Angeles", country="US")


@pytest.mark.parametrize(
    ("days", "meant"),
    [
        ("Mon-Thu", "Mon-Thu"),
        ("fri", "Fri"),
        ("Mon, Wed-Fri", "Mon, Wed, Thu, Fri"),
        ("Sat-Mon", "Mon, Sat, Sun"),
        ("Tue,Wed", "Tue, Wed"),
    ],
)
def test_days_are_read_as_people_write_them(days: str, meant: str) -> None:
    span = {"days": days, "from": time(8), "until": "9:30"}

    assert str(calendar(windows={"low": [span]}).windows[Risk.LOW][0]) == f"{meant} 08:00-09:30"


def test_a_calendar_survives_being_written_down() -> None:
    written = calendar(freezes=[{"from": "2026-12-20", "until": "2027-01-02", "reason": "year end"}])

    assert Calendar.model_validate_json(written.model_dump_json(by_alias=True)) == written


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ({"windows": {"low": [{"days": "Mo-Thu", "from": "09:00", "until": "17:00"}]}}, "windows.low.0.days"),
        (
            {"windows": {"low": [{"days": "Mon-Tue-Wed", "from": "09:00", "until": "17:00"}]}},
            "windows.low.0.days",
        ),
        ({"windows": {"low": [{"days": 1, "from": "09:00", "until": "17:00"}]}}, "windows.low.0.days"),
        ({"windows": {"low": [{"days": "Mon", "from": 9, "until": "17:00"}]}}, "windows.low.0.from"),
        ({"windows": {"low": [{"days": "Mon", "from": "09:00", "until": "24:30"}]}}, "windows.low.0.until"),
        ({"windows": {"low": [{"days": "Mon", "from": "22:00", "until": "06:00"}]}}, "windows.low.0"),
        ({"windows": {"tiny": []}}, "windows.tiny.[key]"),
        ({"freezes": [{"from": "2026-12-20", "until": "2026-12-19", "reason": "x"}]}, "freezes.0"),
        ({"freezes": [{"from": "2026-13-20", "until": "2026-12-19", "reason": "x"}]}, "freezes.0.from"),
        ({"peaks": [{"days": "Mon", "from": "08:00", "until": "12:00"}]}, "peaks.0.reason"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"time_zone": "../etc"}, "time_zone"),
        ({"country": "XX", "holidays": False}, "country"),
        ({"country": "US", "subdivision": "ZZ"}, "subdivision"),
        ({"avoid_friday_from": "noon"}, "avoid_friday_from"),
        ({"freeze": []}, "freeze"),
    ],
)
def test_a_malformed_calendar_is_refused_by_the_name_of_its_field(table: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        read_calendar(table, time_zone="UTC", country="US")

    assert place in {".".join(str(part) for part in error["loc"]) for error in refusal.value.errors()}


def test_holidays_come_with_the_days_on_which_they_are_observed() -> None:
    found = holidays_of("US", [2026, 2027])

    assert found[date(2026, 7, 3)] == "Independence Day (observed)"
    assert found[date(2027, 12, 31)] == "New Year's Day (observed)"
    assert date(2026, 7, 24) not in found
    assert holidays_of("US", [2026], subdivision="UT")[date(2026, 7, 24)] == "Pioneer Day"
