"""What the way to production waits for most, and what stops it most often."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policy.bottleneck import BEFORE_THE_REQUEST, list_stops, list_waits, read_not_passed, read_waits
from policy.items import Way
from policy.metrics import Ending, ReleaseFact
from policy.record import Event, Row
from policy.reminders import name_reminder
from tests.policy.rows import BEGAN, row
from tests.policy.test_metrics import release

MINUTE = timedelta(minutes=1)


def after(minutes: float, event: Event, item: str = "", **facts: Any) -> Row:
    return replace(row(event, item=item, **facts), at=BEGAN + minutes * MINUTE)


ROWS = (
    after(0, Event.OPENED),
    after(2, Event.JUDGED, "1.1.3", verdict="failed"),
    after(3, Event.JUDGED, "1.4.1", verdict="passed"),
    after(10, Event.BUILT, "2.1.1"),
    after(11, Event.INTENDED, "2.1.2"),
    after(13, Event.CONFIRMED, "2.1.2"),
    after(12, Event.CONFIRMED, "2.1.2"),
    after(43, Event.APPROVED, "2.1.4"),
    after(43, Event.LIVE),
    after(103, Event.JUDGED, "3.2.1", verdict="passed"),
    after(104, Event.SEALED),
)


def test_each_moment_until_live_belongs_to_the_item_whose_row_ended_it() -> None:
    waits = read_waits(ROWS, merged_at=BEGAN - 7 * MINUTE)

    assert waits == {
        BEFORE_THE_REQUEST: 7 * MINUTE,
        "1.1.3": 2 * MINUTE,
        "1.4.1": MINUTE,
        "2.1.1": 7 * MINUTE,
        "2.1.2": 3 * MINUTE,
        "2.1.4": 31 * MINUTE,
    }


@pytest.mark.parametrize("item", ["2.1.4", "4.1.1"])
def test_a_reminder_is_no_wait_of_its_own(item: str) -> None:
    """Records of before name the reminders at the gate 4.1.1."""
    reminded = [
        replace(after(minutes, event, item), step=name_reminder(60, 43 - minutes))
        for minutes in (23, 33)
        for event in (Event.INTENDED, Event.CONFIRMED)
    ]

    assert read_waits((*ROWS[:7], *reminded, *ROWS[7:]), merged_at=None) == read_waits(ROWS, merged_at=None)


def test_a_release_that_was_never_live_waited_until_its_end() -> None:
    assert "3.2.1" in read_waits([one for one in ROWS if one.event is not Event.LIVE], merged_at=None)
    assert read_waits((), merged_at=BEGAN) == {}


def test_only_items_that_could_stop_this_way_count_as_stopping() -> None:
    rows = [
        *ROWS,
        after(1, Event.JUDGED, "7.2.1", verdict="failed"),
        after(1, Event.JUDGED, "1.4.3", verdict="unknown"),
        after(1, Event.JUDGED, "99.9", verdict="failed"),
    ]

    assert read_not_passed(rows, Way.STANDARD) == {"1.1.3", "1.4.3"}


def waited(key: str, ending: Ending = Ending.SIGNED_OFF, **waits: int) -> ReleaseFact:
    names = {"gate": "2.1.4", "build": "2.1.1"}
    return replace(release(key, outcome=ending), waits={names[name]: count * MINUTE for name, count in waits.items()})


def test_the_longest_wait_comes_first_with_its_share() -> None:
    first, second = list_waits(
        [waited("a", gate=30, build=10), waited("b", build=40), waited("c", Ending.STOPPED, gate=500)]
    )

    assert (first.name.partition(" ")[0], first.keys) == ("2.1.1", ("a", "b"))
    assert first.sentence == "50 min in 2 releases, 62% of the way from merge to live"
    assert second.sentence == "30 min in 1 release, 38% of the way from merge to live"


@pytest.mark.parametrize(("failing", "said"), [(1, "1 of 3 releases, 33%"), (3, "3 of 3 releases, 100%")])
def test_what_stops_most_often_is_counted_in_releases(failing: int, said: str) -> None:
    releases = [
        replace(release(str(number)), not_passed=frozenset({"1.1.3"} if number < failing else set()))
        for number in range(3)
    ]

    (stop,) = list_stops(releases)

    assert stop.name.startswith("1.1.3 ")
    assert stop.sentence == f"failed or unknown in {said}"
