"""6.3.2: who is in a migration's way, how long others waited, and when it is tried again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from policy.migrations import Lock, Mode
from policy.migrations.waiting import LONGEST_PAUSE, Holder, Waits, find_in_the_way, pause_after_time_out

TWO_SECONDS = timedelta(seconds=2)
READER = Holder(4711, "holi", "reports", "active", "Patient", "ACCESS SHARE", timedelta(seconds=40))


@pytest.mark.parametrize(
    ("mode", "held", "waits"),
    [
        (Mode.ACCESS_EXCLUSIVE, "ACCESS SHARE", True),
        (Mode.ACCESS_EXCLUSIVE, "ROW EXCLUSIVE", True),
        (Mode.SHARE, "ACCESS SHARE", False),
        (Mode.SHARE, "ROW SHARE", False),
        (Mode.SHARE, "SHARE", False),
        (Mode.SHARE, "ROW EXCLUSIVE", True),
        (Mode.SHARE, "SHARE UPDATE EXCLUSIVE", True),
        (Mode.SHARE_ROW_EXCLUSIVE, "ROW SHARE", False),
        (Mode.SHARE_ROW_EXCLUSIVE, "SHARE", True),
        (Mode.EXCLUSIVE, "ACCESS SHARE", False),
        (Mode.EXCLUSIVE, "ROW SHARE", True),
        (Mode.SHARE_UPDATE_EXCLUSIVE, "ROW EXCLUSIVE", False),
        (Mode.SHARE_UPDATE_EXCLUSIVE, "SHARE UPDATE EXCLUSIVE", True),
        (Mode.ROW_EXCLUSIVE, "ROW EXCLUSIVE", False),
        (Mode.ROW_EXCLUSIVE, "SHARE", True),
        (Mode.ROW_EXCLUSIVE, "ACCESS EXCLUSIVE", True),
    ],
)
def test_only_whose_lock_conflicts_is_in_the_way(mode: Mode, held: str, *, waits: bool) -> None:
    found = find_in_the_way([replace(READER, mode=held)], [Lock("Patient", mode)], longer_than=TWO_SECONDS)

    assert bool(found) is waits


def test_who_keeps_another_table_or_began_a_moment_ago_is_not_in_the_way() -> None:
    locks = [Lock("Patient", Mode.ACCESS_EXCLUSIVE)]
    elsewhere = replace(READER, table="Appointment")
    just_begun = replace(READER, kept_for=TWO_SECONDS)

    assert find_in_the_way([elsewhere, just_begun], locks, longer_than=TWO_SECONDS) == ()


def test_who_is_in_the_way_is_named_without_its_query() -> None:
    assert READER.sentence == "session 4711 of holi (reports), active, has kept Patient for 40 s"


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 4), (2, 8), (4, 32), (5, 60), (30, 60)])
def test_the_pause_after_a_lock_time_out_doubles_up_to_a_minute(attempt: int, seconds: float) -> None:
    assert pause_after_time_out(attempt, lock_timeout=TWO_SECONDS) == timedelta(seconds=seconds)
    assert timedelta(seconds=seconds) <= LONGEST_PAUSE


def test_the_longest_wait_is_kept_whatever_is_seen_later() -> None:
    waits = Waits().worse_of(timedelta(seconds=1.9), 3).worse_of(timedelta(0), 0).worse_of(timedelta(seconds=1), 7)

    assert waits.sentence == "others waited 1.9 s for a lock at most (7 sessions at a time)"
    assert Waits().sentence == "nobody waited for a lock"
    assert replace(waits, trouble="database holi: away").sentence.endswith("not seen throughout: database holi: away")


@pytest.mark.parametrize("mode", Mode)
def test_whoever_keeps_a_table_for_itself_is_in_the_way_of_every_lock(mode: Mode) -> None:
    keeper = replace(READER, mode="ACCESS EXCLUSIVE")

    assert find_in_the_way([keeper], [Lock("Patient", mode)], longer_than=TWO_SECONDS) == (keeper,)
