"""The record of one release over a folder that may go away, and over holders that should have stopped."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from blocks.errors import Superseded, Unreachable
from blocks.record import Record, list_records, row_key, verify_record
from policy.record import Event
from tests.core.place import KEY, Place, events
from tests.core.world import MemoryStore, World


def test_rows_are_numbered_bound_to_each_other_and_read_by_everybody(place: Place) -> None:
    record = place.record()
    for event in (Event.OPENED, Event.BUILT, Event.SEALED):
        record.append(event, item="2.1.1", facts={"sentence": "done"})

    found = verify_record(place.store, KEY)

    assert (found.rows, found.sealed, found.fault) == (3, True, None)
    assert place.record().rows() == record.rows()
    assert record.sealed
    assert list_records(place.store) == (KEY,)


@pytest.mark.usefixtures("impatient")
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


class Faltering(MemoryStore):
    """A store of which the next answers do not come: it was not reached, or what it did is not heard of."""

    def __init__(self, *, unheard: bool = False) -> None:
        super().__init__(World())
        self.falters = 0
        self.unheard = unheard
        self.asked = 0

    def create(self, key: str, body: bytes) -> None:
        """Keep it; that may not be heard of."""
        lost, self.falters = (self.falters, 0) if self.unheard else (0, self.falters)
        super().create(key, body)
        if lost:
            raise Unreachable("the answer was lost")

    def _reach(self, key: str) -> None:
        self.asked += 1
        if self.falters:
            self.falters -= 1
            raise Unreachable(f"503: {key}")


@pytest.mark.parametrize("unheard", [False, True], ids=["not reached", "not heard of"])
@pytest.mark.parametrize("event", [Event.INTENDED, Event.SEALED])
def test_going_forward_a_store_that_falters_once_has_the_row_once(
    tmp_path: Path, event: Event, *, unheard: bool
) -> None:
    store = Faltering(unheard=unheard)
    record = Record(store, KEY, holder=1, spool=tmp_path)
    record.append(Event.OPENED)

    store.falters = 1
    record.append(event, facts={"sentence": "done"})

    assert events(record) == [Event.OPENED, event]
    assert verify_record(store, KEY).fault is None


def test_going_forward_rows_are_read_though_the_store_falters(tmp_path: Path) -> None:
    store = Faltering()
    Record(store, KEY, holder=1, spool=tmp_path).append(Event.OPENED)

    store.falters = 2

    assert events(Record(store, KEY, holder=1, spool=tmp_path)) == [Event.OPENED]


def test_going_home_nobody_waits_for_the_store(tmp_path: Path) -> None:
    store = Faltering()
    record = Record(store, KEY, holder=1, spool=tmp_path)
    record.append(Event.OPENED)
    record.homeward, store.falters, store.asked = True, 1, 0

    record.append(Event.GOING_HOME)

    assert (store.asked, record.waits_in_spool) == (1, True)


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

    with pytest.raises(Superseded, match="another process took this release over"):
        older.append(Event.INTENDED)

    newer.append(Event.INTENDED)
    assert [row.holder for row in newer.rows()] == [1, 2, 2]
    assert place.fault() is None


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
        ready.wait(timeout=60)
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
        ready.wait(timeout=60)
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
