"""Going home needs no store: rows wait in the spool, or in memory where its disk takes none, and are merged later."""

from pathlib import Path

import pytest

from blocks.errors import BlockError, Misconfigured, Refused, Superseded, Unreachable
from blocks.record import Record, row_key, verify_record
from blocks.spool import Spool
from policy.record import Event
from tests.core.place import KEY, Place, events
from tests.core.world import Died, MemoryStore, World


def test_going_home_rows_wait_in_the_spool_and_are_merged_in_order(place: Place) -> None:
    record = place.record()
    record.append(Event.OPENED)
    place.take_away()
    record.homeward = True

    assert events(record) == [Event.OPENED]
    record.append(Event.GOING_HOME)
    record.append(Event.INTENDED)
    assert events(record) == [Event.OPENED, Event.GOING_HOME, Event.INTENDED]
    assert len(list(place.spool.rglob("*.json"))) == 2
    place.bring_back()
    record.append(Event.CONFIRMED)

    assert not record.waits_in_spool
    assert events(place.record()) == [Event.OPENED, Event.GOING_HOME, Event.INTENDED, Event.CONFIRMED]
    assert place.fault() is None


@pytest.mark.usefixtures("impatient")
def test_a_process_that_goes_forward_again_puts_no_row_beside_those_in_the_spool(place: Place) -> None:
    gone = place.record()
    gone.append(Event.OPENED)
    place.take_away()
    gone.homeward = True
    gone.append(Event.GOING_HOME)

    forward = place.record()
    with pytest.raises(Unreachable):
        forward.append(Event.INTENDED)

    assert [path.name for path in place.spool.rglob("*.json")] == ["000001.json"]


@pytest.mark.parametrize("spooled", [0, 2])
def test_going_home_rows_that_no_disk_takes_wait_in_memory_and_are_merged_in_order(place: Place, spooled: int) -> None:
    record = place.record()
    record.append(Event.OPENED)
    record.homeward = True
    place.take_away()
    for number in range(spooled):
        record.append(Event.JUDGED, facts={"number": number})
    place.fill_the_spool()

    for number in range(spooled, 4):
        record.append(Event.JUDGED, facts={"number": number})

    assert [row.facts.get("number") for row in record.rows()] == [None, 0, 1, 2, 3]
    assert str(place.spool) in record.only_in_memory
    assert record.waits_in_spool
    place.bring_back()
    record.append(Event.SEALED)
    assert (record.waits_in_spool, record.only_in_memory) == (False, "")
    assert [row.facts.get("number") for row in place.record().rows()] == [None, 0, 1, 2, 3, None]
    assert place.fault() is None


def test_rows_in_memory_go_to_the_spool_as_soon_as_its_disk_takes_them(place: Place) -> None:
    record = place.record()
    record.homeward = True
    place.take_away()
    place.fill_the_spool()
    record.append(Event.OPENED)
    record.append(Event.GOING_HOME)
    place.free_the_spool()

    record.append(Event.INTENDED)

    assert not record.only_in_memory
    place.bring_back()
    assert events(place.record()) == [Event.OPENED, Event.GOING_HOME, Event.INTENDED]


def test_a_row_that_was_damaged_in_the_spool_holds_up_no_other(place: Place) -> None:
    gone = place.record()
    gone.homeward = True
    place.take_away()
    for event in (Event.OPENED, Event.GOING_HOME, Event.INTENDED):
        gone.append(event)
    damaged = sorted(place.spool.rglob("*.json"))[1]
    damaged.write_bytes(b"{")
    place.bring_back()

    record = place.record()
    record.merge()
    record.append(Event.CONFIRMED)

    assert str(damaged) in record.spool_fault
    assert events(record) == [Event.OPENED, Event.INTENDED, Event.CONFIRMED]
    assert damaged.exists()
    assert place.fault() is None


class Refusing(MemoryStore):
    """A store that answers, and what it says is no."""

    error: BlockError | None = None

    def _reach(self, key: str) -> None:
        """Refuse it."""
        if self.error is not None:
            raise type(self.error)(f"{self.error}: {key}")


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("error", [Refused("AccessDenied"), Misconfigured("no permission"), Unreachable("no answer")])
def test_going_home_needs_no_store_whatever_it_answers(tmp_path: Path, error: BlockError) -> None:
    store = Refusing(World())
    record = Record(store, KEY, holder=1, spool=tmp_path)
    record.append(Event.OPENED)
    store.error = error
    with pytest.raises(type(error)):
        record.append(Event.INTENDED)

    record.homeward = True
    record.append(Event.GOING_HOME)

    assert events(record) == [Event.OPENED, Event.GOING_HOME]
    store.error = None
    record.append(Event.SEALED)
    assert verify_record(store, KEY).fault is None


def test_going_home_goes_on_beside_a_row_that_somebody_altered(place: Place) -> None:
    record = place.record()
    record.append(Event.OPENED)
    (place.folder / row_key(KEY, 2)).write_bytes(b"{}")
    record.homeward = True

    assert events(record) == [Event.OPENED]
    record.append(Event.GOING_HOME)

    assert events(record) == [Event.OPENED, Event.GOING_HOME]


def test_another_process_of_the_worker_finds_the_store_and_the_spool_together(place: Place) -> None:
    first = place.record()
    first.append(Event.OPENED)
    place.take_away()
    first.homeward = True
    first.append(Event.SEALED)
    place.bring_back()

    second = place.record(holder=2)

    assert events(second) == [Event.OPENED, Event.SEALED]
    second.merge()
    assert not second.waits_in_spool
    assert [row.holder for row in second.rows()] == [1, 1]
    assert place.fault() is None


def test_a_store_that_goes_away_in_the_middle_of_a_merge_loses_no_row(tmp_path: Path) -> None:
    world = World()
    store = MemoryStore(world)
    record = Record(store, KEY, holder=1, spool=tmp_path)
    record.homeward = True
    store.away = True
    for event in (Event.OPENED, Event.GOING_HOME, Event.INTENDED):
        record.append(event)
    store.away = False
    world.dies_after = 3

    with pytest.raises(Died):
        record.merge()
    store.away = True
    after = Record(store, KEY, holder=1, spool=tmp_path)
    after.homeward = True
    after.append(Event.CONFIRMED)
    store.away = False
    after.merge()

    assert events(after) == [Event.OPENED, Event.GOING_HOME, Event.INTENDED, Event.CONFIRMED]
    assert verify_record(store, KEY).fault is None


def test_an_older_holders_spool_is_merged_by_the_newer_one_only(place: Place) -> None:
    older = place.record(holder=1)
    older.append(Event.OPENED)
    older.homeward = True
    place.take_away()
    older.append(Event.GOING_HOME)
    place.bring_back()
    elsewhere = Record(place.store, KEY, holder=2, spool=place.spool.with_name("spool of another worker"))
    elsewhere.append(Event.TOOK_OVER)

    with pytest.raises(Superseded):
        older.append(Event.INTENDED)

    assert events(elsewhere) == [Event.OPENED, Event.TOOK_OVER]


def test_rows_that_come_to_light_after_others_took_over_are_no_part_of_the_record(place: Place) -> None:
    older = place.record(holder=1)
    older.append(Event.OPENED)
    older.homeward = True
    place.take_away()
    older.append(Event.SEALED, facts={"outcome": "signed off", "sentence": "live"})
    place.bring_back()
    place.fill_the_spool()
    place.record(holder=2).append(Event.TOOK_OVER)
    place.free_the_spool()

    newest = place.record(holder=3)
    newest.append(Event.TOOK_OVER)

    assert events(newest) == [Event.OPENED, Event.TOOK_OVER, Event.TOOK_OVER]
    assert not newest.sealed
    assert newest.came_too_late == "1 row by hold 1 came to light too late to count"


def test_a_spool_that_cannot_be_read_is_no_empty_one(tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(b"a file where the folder was")

    spool = Spool(tmp_path / "spool" / "release")

    assert spool.rows() == {}
    assert "Not a directory" in spool.fault
