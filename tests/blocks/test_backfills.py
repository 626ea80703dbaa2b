"""Backfills on a genuine PostgreSQL: each range once, whoever dies, and nobody waits behind them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from blocks.backfills import BatchRefused, begin, carry_batch, read_progress
from blocks.errors import Refused
from blocks.postgres import Postgres
from policy.judgement import Verdict
from policy.migrations.backfill import Backfill, read_backfill
from policy.migrations.batches import Progress
from policy.migrations.schema_text import judge_same_schema

SECOND = timedelta(seconds=1)
COUNT_UP = "UPDATE filled SET n = n + 1 WHERE id BETWEEN :first AND :last"


@pytest.fixture
def database(settings: dict[str, Any]) -> Iterator[Postgres]:
    """Production's database with a table of 1,000 rows, whose keys have gaps."""
    programs = {key: settings["backups"][key] for key in ("pg_dump", "pg_restore")}
    database = Postgres(**settings["database"], **programs, secrets_folder=settings["secrets"])
    run(database, "DROP TABLE IF EXISTS filled; DROP SCHEMA IF EXISTS countersign CASCADE")
    run(database, "CREATE TABLE filled (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)")
    run(database, "INSERT INTO filled (id) SELECT 10 * n FROM generate_series(1, 1000) AS n")
    yield database
    run(database, "DROP TABLE IF EXISTS filled; DROP SCHEMA IF EXISTS countersign CASCADE")


def run(database: Postgres, statement: str) -> list[Any]:
    with psycopg.connect(**database.address()) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def batch(database: Postgres, backfill: Backfill, keys: int = 300) -> Progress:
    return carry_batch(database, backfill, keys, lock_timeout=SECOND, statement_timeout=SECOND * 10)


def test_every_row_is_changed_once_range_by_range(database: Postgres) -> None:
    backfill = read_backfill("count_up", COUNT_UP)
    assert read_progress(database, backfill) is None

    progress = begin(database, backfill)
    assert progress == Progress(begins=10, next=10, last=10_000, rows=0)
    seen = []
    while not progress.is_done:
        progress = batch(database, backfill)
        seen.append((progress.next, progress.rows))

    assert seen == [(3_001, 300), (6_001, 600), (9_001, 900), (10_001, 1_000)]
    assert run(database, "SELECT n, count(*) FROM filled GROUP BY n") == [(1, 1_000)]
    assert read_progress(database, backfill) == progress
    assert batch(database, backfill) == progress


def test_who_begins_again_goes_on_where_it_stood_and_new_rows_are_not_its_own(database: Postgres) -> None:
    backfill = read_backfill("count_up", COUNT_UP)
    begin(database, backfill)
    stood = batch(database, backfill)
    run(database, "INSERT INTO filled (id) VALUES (5), (20000)")

    assert begin(database, backfill) == stood


def test_a_batch_that_fails_leaves_neither_rows_nor_position(database: Postgres) -> None:
    run(database, "ALTER TABLE filled ADD CONSTRAINT small CHECK (id < 4000 OR n < 1) NOT VALID")
    backfill = read_backfill("count_up", COUNT_UP)
    begin(database, backfill)
    stood = batch(database, backfill)

    with pytest.raises(Refused, match="violates check constraint"):
        batch(database, backfill)

    assert read_progress(database, backfill) == stood
    assert run(database, "SELECT sum(n) FROM filled") == [(300,)]


def test_what_a_row_holds_is_not_repeated(database: Postgres) -> None:
    run(database, "ALTER TABLE filled ADD COLUMN word text DEFAULT 'Zoe Twin'")
    backfill = read_backfill("words", "UPDATE filled SET n = word::int WHERE id BETWEEN :first AND :last")
    begin(database, backfill)

    with pytest.raises(Refused, match="invalid input syntax for type integer") as raised:
        batch(database, backfill)

    assert "Zoe" not in str(raised.value)


def test_a_batch_gives_way_to_whoever_holds_its_rows_and_can_be_done_again(database: Postgres) -> None:
    backfill = read_backfill("count_up", COUNT_UP)
    begin(database, backfill)
    soon = timedelta(milliseconds=100)

    with psycopg.connect(**database.address()) as other:
        other.execute("UPDATE filled SET n = 0 WHERE id = 50")
        with pytest.raises(BatchRefused, match="LockNotAvailable"):
            carry_batch(database, backfill, 100, lock_timeout=soon, statement_timeout=SECOND * 10)

    assert batch(database, backfill, 100).rows == 100


@pytest.mark.parametrize("ask", [read_progress, begin, batch])
def test_a_text_that_was_changed_after_it_began_is_not_carried_out(database: Postgres, ask: Any) -> None:
    begin(database, read_backfill("count_up", COUNT_UP))

    with pytest.raises(Refused, match="was changed after it began; give the new one a name of its own"):
        ask(database, read_backfill("count_up", COUNT_UP.replace("+ 1", "+ 2")))


def test_an_empty_table_has_nothing_to_fill(database: Postgres) -> None:
    run(database, "TRUNCATE filled")

    assert begin(database, read_backfill("count_up", COUNT_UP)).is_done


def test_a_key_that_is_no_number_is_refused(database: Postgres) -> None:
    run(database, "ALTER TABLE filled ADD COLUMN word text")
    backfill = read_backfill("words", "UPDATE filled SET n = 1 WHERE word BETWEEN :first AND :last")

    with pytest.raises(Refused, match="COALESCE types"):
        begin(database, backfill)


def test_where_backfills_stand_is_no_part_of_the_schema_that_is_compared(database: Postgres) -> None:
    before = database.read_schema()

    begin(database, read_backfill("count_up", COUNT_UP))

    assert judge_same_schema(before, database.read_schema()).verdict is Verdict.PASSED


def test_keys_far_from_each_other_are_reached_as_soon_as_neighbours(database: Postgres) -> None:
    run(database, "ALTER TABLE filled ALTER COLUMN id TYPE bigint")
    run(database, "UPDATE filled SET id = id * 1000000000000")
    backfill = read_backfill("count_up", COUNT_UP)
    begin(database, backfill)

    batches = [batch(database, backfill, 400) for _ in range(3)]

    assert [one.rows for one in batches] == [400, 800, 1000]
    assert batches[-1].is_done
    assert run(database, "SELECT min(n), max(n) FROM filled") == [(1, 1)]
