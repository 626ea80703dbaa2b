"""What the schema lost counts by when it was taken away, not by when anybody planned to (D5)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.errors import Unreachable
from blocks.record import row_key
from flows.rollback import release_to_undo
from policy.record import Event, Row, digest_of, encode
from tasks.closed import find_closed
from tasks.records import list_newest_first
from tests.core.company import Figures, a_release
from tests.core.test_asked_back import ASKED
from tests.core.world import MemoryStore, World
from tests.policy.rows import NEW, built, row, way_back

NINE = datetime(2026, 1, 27, 9, tzinfo=UTC)
RELEASE = "20260127-100000-aaaaaaaa"
PLANNED_BEFORE, PLANNED_AFTER = "20260127-090000-bbbbbbbb", "20260127-110000-cccccccc"
TOOK = "Patient.nickname dropped"


class Told(Figures):
    """A database that says what Prisma applied."""

    def __init__(self, *applied: tuple[str, datetime]) -> None:
        self.applied = applied

    def ask(self, query: object) -> Any:
        """Return the rows, where the table was found to be there."""
        if "to_regclass" in str(query):
            return "_prisma_migrations"
        return [
            {
                "name": name,
                "checksum": "c",
                "started_at": at,
                "finished_at": at,
                "rolled_back_at": None,
                "steps": 1,
            }
            for name, at in self.applied
        ]


class Silent(Figures):
    """A database that does not answer."""

    def ask(self, _query: object) -> Any:
        """Say nothing."""
        raise Unreachable("the database does not answer")


def write(company: Company, world: World, key: str, *, at: datetime, rows: Iterable[Row], **changed: Any) -> None:
    """The record of a run that wrote its rows at that time, whatever its key says."""
    release = a_release(world).model_copy(update={"key": key, **changed})
    opened = row(Event.OPENED, release=release.model_dump(mode="json"))
    store, previous = cast("MemoryStore", company.store), ""
    for number, one in enumerate((opened, *rows), start=1):
        body = encode(replace(one, number=number, at=at + timedelta(seconds=number), previous=previous))
        store.kept[row_key(key, number)] = (body, store.now)
        previous = digest_of(body)


def released(company: Company, world: World, *, at: datetime) -> None:
    write(company, world, RELEASE, at=at, rows=(built(), way_back()))


def migrated(company: Company, world: World, key: str, *, at: datetime, **changed: Any) -> None:
    took = row(Event.INTENDED, item="6.3.2", subject="database", migrations="m1", takes_away=TOOK)
    write(company, world, key, at=at, rows=(took,), **changed)


def spoil(company: Company, key: str, *, at: datetime) -> None:
    """The last row of a record is no longer what was written, and the store says when that was."""
    store = cast("MemoryStore", company.store)
    last = max(one for one in store.kept if key in one)
    store.kept[last] = (b"{", at - datetime.now(UTC))


def asks(company: Company, database: Figures) -> Company:
    prisma = SimpleNamespace(database_schema="public")
    return replace(company, database=cast("Any", database), prisma=cast("Any", prisma))


@pytest.mark.parametrize("key", [PLANNED_BEFORE, PLANNED_AFTER])
def test_what_was_taken_after_the_release_counts_whenever_that_run_was_planned(
    company: Company, world: World, key: str
) -> None:
    released(company, world, at=NINE + timedelta(hours=1))
    migrated(company, world, key, at=NINE + timedelta(hours=5))

    assert find_closed(company, RELEASE) == TOOK


@pytest.mark.parametrize("key", [PLANNED_BEFORE, PLANNED_AFTER])
def test_what_was_taken_before_the_release_ran_closes_nothing(company: Company, world: World, key: str) -> None:
    """A release that was planned on Monday for Wednesday met the schema of Wednesday."""
    migrated(company, world, key, at=NINE + timedelta(days=1))
    released(company, world, at=NINE + timedelta(days=2))

    assert find_closed(company, RELEASE) == ""


def test_what_the_release_itself_took_counts(company: Company, world: World) -> None:
    took = row(Event.INTENDED, item="6.3.2", subject="database", migrations="m1", takes_away=TOOK)
    write(company, world, RELEASE, at=NINE, rows=(built(), way_back(), took))

    assert find_closed(company, RELEASE) == TOOK


def test_what_another_environment_took_does_not_count(company: Company, world: World) -> None:
    released(company, world, at=NINE)
    migrated(company, world, PLANNED_AFTER, at=NINE + timedelta(hours=1), environment="demo")
    migrated(company, world, PLANNED_BEFORE, at=NINE + timedelta(hours=1), environment="demo")
    spoil(company, PLANNED_BEFORE, at=NINE + timedelta(hours=1))

    assert find_closed(asks(company, Silent()), RELEASE) == ""


@pytest.mark.parametrize(
    ("database", "said"),
    [
        pytest.param(Silent(), "and the database does not say what was migrated since", id="not known"),
        pytest.param(Told(("m1", NINE + timedelta(hours=5))), "and m1 was migrated since", id="migrated since"),
        pytest.param(Told(("m0", NINE - timedelta(hours=5))), "", id="nothing migrated since"),
    ],
)
def test_a_record_that_cannot_be_read_is_not_one_that_took_nothing(
    company: Company, world: World, database: Figures, said: str
) -> None:
    known = asks(company, database)
    released(known, world, at=NINE + timedelta(hours=1))
    migrated(known, world, PLANNED_BEFORE, at=NINE + timedelta(hours=5))
    spoil(known, PLANNED_BEFORE, at=NINE + timedelta(hours=5))

    closed = find_closed(known, RELEASE)

    assert closed == (f"of {PLANNED_BEFORE} nobody can read what it took, {said}" if said else "")


def test_a_record_that_ended_before_the_release_need_not_be_readable(company: Company, world: World) -> None:
    known = asks(company, Silent())
    migrated(known, world, PLANNED_BEFORE, at=NINE)
    spoil(known, PLANNED_BEFORE, at=NINE)
    released(known, world, at=NINE + timedelta(hours=1))

    assert find_closed(known, RELEASE) == ""


def test_where_nothing_migrates_a_record_that_cannot_be_read_keeps_no_image_from_going_back(
    company: Company, world: World
) -> None:
    released(company, world, at=NINE)
    migrated(company, world, PLANNED_AFTER, at=NINE + timedelta(hours=1))
    spoil(company, PLANNED_AFTER, at=NINE + timedelta(hours=1))

    assert find_closed(company, RELEASE) == ""


def test_the_newest_release_is_the_one_that_began_last(company: Company, world: World) -> None:
    released(company, world, at=NINE + timedelta(hours=1))
    write(company, world, PLANNED_BEFORE, at=NINE + timedelta(hours=5), rows=(built(), way_back()))
    for machine in world.machines.values():
        machine.digest = NEW

    assert [key for key, _ in list_newest_first(company)] == [PLANNED_BEFORE, RELEASE]
    assert release_to_undo(company, ASKED)[0].key == PLANNED_BEFORE
