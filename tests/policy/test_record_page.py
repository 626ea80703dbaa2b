"""The record as a page."""

from dataclasses import replace
from datetime import UTC, datetime

from policy.record import Event
from policy.record_page import render_record
from tests.policy.rows import numbered, row


def test_the_page_says_how_the_release_ended_and_shows_every_row_in_order() -> None:
    rows = numbered(
        [
            row(Event.OPENED),
            row(Event.JUDGED, item="1.4.3", verdict="failed", sentence="a | b is 26 h old", link=None),
            row(Event.ASKED, item="2.1.4", approvers=["Tomas Lima", "Carla Ortiz"]),
            row(Event.SEALED, outcome="stopped", sentence="no server was touched"),
        ]
    )

    page = render_record(rows, zone="America/Los_Angeles")

    assert "**stopped: no server was touched**" in page
    assert "*judged* 1.4.3 Database backup recent | failed: a \\| b is 26 h old |" in page
    assert "Tomas Lima, Carla Ortiz" in page
    assert page.index("| 1 |") < page.index("| 2 |") < page.index("| 4 |")


def test_the_zone_stands_in_the_head_and_the_date_where_the_day_changes() -> None:
    night = [replace(row(Event.OPENED), at=datetime(2026, 11, 25, 7, minute, tzinfo=UTC)) for minute in (58, 59)]
    morning = replace(row(Event.OPENED), at=datetime(2026, 11, 25, 8, 1, tzinfo=UTC))

    page = render_record([*night, morning], zone="America/Los_Angeles")

    assert "| Row | Time in America/Los_Angeles | What | Said |" in page
    times = [line.split(" | ")[1] for line in page.splitlines() if "*opened*" in line]
    assert times == ["Tue 24 Nov 2026, 23:58:00", "23:59:00", "Wed 25 Nov 2026, 00:01:00"]


def test_an_open_record_is_said_to_be_open() -> None:
    assert "open, not sealed yet" in render_record(numbered([row(Event.OPENED)]), zone="UTC")


def test_who_typed_what_somebody_said_by_phone_is_shown() -> None:
    decided = row(Event.APPROVED, item="2.1.4", sentence="Carla Ortiz (CTO) may approve", typed_by="Ana Souza")

    page = render_record(numbered([row(Event.OPENED), decided]), zone="UTC")

    assert "Carla Ortiz (CTO) may approve (by phone, typed by Ana Souza)" in page
    assert "by phone" not in render_record(numbered([replace(decided, facts={"typed_by": ""})]), zone="UTC")
