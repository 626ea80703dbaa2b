"""The record of one release over a folder that may go away, and over holders that should have stopped."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

import pytest

from blocks.errors import Superseded, Unreachable
from blocks.record import Record, list_records, row_key, verify_record
from blocks.store import FolderStore
from policy.record import Event
from tests.core.world import Died, MemoryStore, World

KEY = "20261124-180000-1f2e3d4c"


@dataclass
class Place:
    """A store that can be taken away and brought back, and the worker's spool."""

    folder: Path
    spool: Path

    @property
    def store(self) -> FolderStore:
        """The store."""
        return FolderStore(folder=str(self.folder))

    def record(self, holder: int = 1) -> Record:
        """What a process that holds the environment under this number writes to."""
        return Record(self.store, KEY, holder=holder, spool=self.spool)

    def take_away(self) -> None:
        """The store cannot be reached."""
        self.folder.rename(self.folder.with_name("away"))

    def bring_back(self) -> None:
        """The store can be reached again."""
        self.folder.with_name("away").rename(self.folder)

    def fault(self) -> str | None:
        """What is wrong with the rows in the store."""
        return verify_record(self.store, KEY).fault


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty store."""
    (tmp_path / "store").mkdir()
    return Place(tmp_path / "store", tmp_path / "spool")


def events(record: Record) -> list[Event]:
    return [row.event for row in record.rows()]


def test_rows_are_numbered_bound_to_each_other_and_read_by_everybody(place: Place) -> None:
    record = place.record()
    for event in (Event.OPENED, Event.BUILT, Event.SEALED):
        record.append(event, item="2.1.1", facts={"sentence": "done"})

    found = verify_record(place.store, KEY)

    assert (found.rows, found.sealed, found.fault) == (3, True, None)
    assert place.record().rows() == record.rows()
    assert record.sealed
    assert list_records(place.store) == (KEY,)


def test_going_forward_no_row_means_no_step(place: Place) -> None:
    record = place.record()
    record.append(Event.OPENED)
    place.take_away()

    with pytest.raises(Unreachable):
        record.append(Event.INTENDED)
    with pytest.raises(Unreachable):
        record.rows()

    place.bring_back()
    assert events(record) == [Event.OPENED]


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


def _rows_first(record: Record) -> None:
    record.rows()


def _blindly(_record: Record) -> None:
    """The older holder has not looked."""


@pytest.mark.parametrize("look", [_rows_first, _blindly])
def test_an_older_holder_writes_nothing_more(place: Place, look: Callable[[Record], None]) -> None:
    older, newer = place.record(holder=1), place.record(holder=2)
    older.append(Event.OPENED)
    newer.append(Event.TOOK_OVER)
    look(older)

    with pytest.raises(Superseded, match="hold 1 was taken over by hold 2"):
        older.append(Event.INTENDED)

    newer.append(Event.INTENDED)
    assert [row.holder for row in newer.rows()] == [1, 2, 2]
    assert place.fault() is None


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


@pytest.mark.parametrize("look", [_rows_first, _blindly])
def test_nothing_is_written_after_the_end(place: Place, look: Callable[[Record], None]) -> None:
    record, another = place.record(), place.record()
    record.append(Event.OPENED)
    record.append(Event.SEALED, facts={"sentence": "b2b2b2b is live"})
    look(another)

    with pytest.raises(Superseded, match="has ended: b2b2b2b is live"):
        another.append(Event.INTENDED)

    assert place.fault() is None


def test_many_threads_write_one_unbroken_record(place: Place) -> None:
    record, ready = place.record(), Barrier(4)

    def write(thread: int) -> None:
        ready.wait(timeout=10)
        for number in range(5):
            record.append(Event.JUDGED, subject=str(thread), facts={"number": number})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))

    assert len(record.rows()) == 20
    assert place.fault() is None
    for thread in range(4):
        assert [row.facts["number"] for row in record.rows() if row.subject == str(thread)] == list(range(5))


def test_two_processes_of_one_holder_write_one_unbroken_record(place: Place) -> None:
    records, ready = (place.record(), place.record()), Barrier(2)

    def write(record: Record) -> None:
        ready.wait(timeout=10)
        for _ in range(5):
            record.append(Event.JUDGED)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, records))

    assert len(place.record().rows()) == 10
    assert place.fault() is None


def test_a_row_taken_out_of_the_store_is_missed(place: Place) -> None:
    record = place.record()
    for _ in range(3):
        record.append(Event.JUDGED)
    (place.folder / row_key(KEY, 2)).unlink()

    assert place.fault() == "row 2 is missing"
