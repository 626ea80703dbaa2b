"""What the rules say of a statement is what PostgreSQL does: the locks it takes, what it writes anew, what it refuses.

Each statement runs in a genuine PostgreSQL, within a transaction that is taken back; a cluster of its own, no lab.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from blocks.postgres import Postgres
from blocks.postgres_tables import list_invalid_indexes, read_facts
from lab.home import Home
from lab.postgres import Cluster
from policy.migrations import DatabaseFacts, MigrationReading, Mode, read_migration
from policy.migrations.expressions import HARMLESS_FUNCTIONS, STEADY_FUNCTIONS
from policy.migrations.questions import list_questions
from tests.blocks.own_cluster import Connection, connect, make_company

STATEMENTS = Path(__file__).with_name("migration_truth.sql").read_text().strip().split("\n\n")
MODES = {
    "RowExclusiveLock": Mode.ROW_EXCLUSIVE,
    "ShareUpdateExclusiveLock": Mode.SHARE_UPDATE_EXCLUSIVE,
    "ShareLock": Mode.SHARE,
    "ShareRowExclusiveLock": Mode.SHARE_ROW_EXCLUSIVE,
    "ExclusiveLock": Mode.EXCLUSIVE,
    "AccessExclusiveLock": Mode.ACCESS_EXCLUSIVE,
}
RELATIONS = """
SELECT oid, CASE relnamespace::regnamespace::text WHEN 'public' THEN '' ELSE relnamespace::regnamespace || '.' END
    || relname, pg_relation_filenode(oid)
FROM pg_class WHERE relkind IN ('r', 'p', 'm', 'v') AND relnamespace::regnamespace::text IN ('public', 'billing')
"""
LOCKS = "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted"
SHAPE = """
SELECT 'column', attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull::text,
    coalesce(pg_get_expr(adbin, adrelid), '')
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace IN ('public'::regnamespace, 'billing'::regnamespace) AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '' FROM pg_constraint
    WHERE connamespace IN ('public'::regnamespace, 'billing'::regnamespace)
UNION ALL SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname !~ '^pg_'
UNION ALL SELECT 'relation', relname, relkind::text, relpersistence::text, '', '' FROM pg_class
    WHERE relnamespace IN ('public'::regnamespace, 'billing'::regnamespace)
UNION ALL SELECT 'type', typname, '', '', '', '' FROM pg_type WHERE typnamespace = 'public'::regnamespace
UNION ALL SELECT 'value', enumtypid::regtype::text, enumlabel, '', '', '' FROM pg_enum
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, '', '', '' FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, '', '', '', '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'schema', nspname, '', '', '', '' FROM pg_namespace WHERE nspname !~ '^pg_'
ORDER BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Truth:
    """What PostgreSQL did: its words if it refused, the strongest lock on each table, and what it wrote anew."""

    refused: str
    locks: dict[str, Mode]
    written: set[str]


@pytest.fixture(scope="module")
def session(truth: Postgres) -> Iterator[Connection]:
    """One connection for all that is taken back."""
    with connect(truth) as session:
        yield session


@pytest.fixture(scope="module")
def facts(truth: Postgres) -> DatabaseFacts:
    """The database as a release would know it that holds all the statements."""
    asked = list_questions(STATEMENTS)
    return read_facts(truth, touched=asked.tables, nulls=asked.required, counts=asked.counts)


def strongest(found: Iterable[tuple[str, Mode]]) -> dict[str, Mode]:
    order, locks = list(Mode), dict[str, Mode]()
    for table, mode in found:
        if table not in locks or order.index(mode) > order.index(locks[table]):
            locks[table] = mode
    return locks


def carried_out(connection: Connection, sql: str) -> Truth:
    """Run statements, look at what the transaction holds, and take them back."""
    before = {oid: (name, node) for oid, name, node in connection.execute(RELATIONS).fetchall()}
    try:
        connection.execute(sql.encode())
        held = connection.execute(LOCKS).fetchall()
        after = {oid: node for oid, _, node in connection.execute(RELATIONS).fetchall()}
    except psycopg.Error as error:
        return Truth(str(error), {}, set())
    finally:
        connection.rollback()
    return Truth(
        "",
        strongest((before[oid][0], MODES[mode]) for oid, mode in held if oid in before and mode in MODES),
        {name for oid, (name, node) in before.items() if oid in after and after[oid] != node},
    )


@pytest.mark.parametrize("sql", STATEMENTS, ids=[" ".join(sql.split())[:70] for sql in STATEMENTS])
def test_locks_rewrites_and_failures_are_as_the_rules_say(session: Connection, facts: DatabaseFacts, sql: str) -> None:
    reading = read_migration("m", sql, facts=facts)

    done = carried_out(session, sql)

    assert bool(done.refused) is bool(reading.will_fail), (done.refused, reading.will_fail)
    if done.refused:
        return
    assert strongest((lock.table, lock.mode) for lock in reading.locks) == done.locks
    assert set(reading.rewrites) == done.written
    if reading.down:
        take_back(session, sql, reading)


def take_back(connection: Connection, sql: str, reading: MigrationReading) -> None:
    """The statements that take it back leave the schema as it was."""
    before = connection.execute(SHAPE).fetchall()
    connection.execute(sql.encode())
    for statement in reading.down:
        connection.execute(statement.encode())
    after = connection.execute(SHAPE).fetchall()
    connection.rollback()
    assert after == before


ALONE = [
    'CREATE INDEX CONCURRENTLY i ON "Patient"("name")',
    "REINDEX INDEX CONCURRENTLY i",
    "DROP INDEX CONCURRENTLY i",
    'REINDEX TABLE CONCURRENTLY "Patient"',
    'VACUUM "Patient"',
    'VACUUM (FULL) "Patient"',
    'ALTER TABLE "Part" DETACH PARTITION "Part_2025" CONCURRENTLY',
]


def test_what_cannot_stand_beside_others_runs_alone_and_only_alone(
    truth: Postgres, own_cluster: Cluster, own_home: Home
) -> None:
    make_company(own_cluster, own_home, "alone")
    with connect(truth, name="alone", autocommit=True) as connection:
        for sql in ALONE:
            both = f"SELECT 1; {sql}"
            assert read_migration("m", sql).will_fail == (), sql
            assert "cannot run beside other statements" in "".join(read_migration("m", both).will_fail), sql
            with pytest.raises(psycopg.errors.ActiveSqlTransaction):
                connection.execute(both.encode())
            connection.execute(sql.encode())


FILES = [
    "CREATE TABLE left_behind (id int); SELECT 1 / 0",
    "BEGIN; CREATE TABLE left_behind (id int); COMMIT; SELECT 1 / 0",
    "CREATE TABLE left_behind (id int); COMMIT; SELECT 1 / 0",
    "DO $$ BEGIN CREATE TABLE left_behind (id int); COMMIT; PERFORM 1 / 0; END $$",
]


@pytest.mark.parametrize("sql", FILES)
def test_only_what_leaves_nothing_behind_is_held_to_be_one_transaction(truth: Postgres, sql: str) -> None:
    with connect(truth, autocommit=True) as connection, pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute(sql.encode())
    with connect(truth, autocommit=True) as connection:
        (left,) = connection.execute("SELECT count(*) FROM pg_class WHERE relname = 'left_behind'").fetchone() or (0,)
        connection.execute("DROP TABLE IF EXISTS left_behind")

    assert read_migration("m", sql).is_atomic is not bool(left)


def test_an_index_that_gives_up_its_lock_is_left_half_built(truth: Postgres) -> None:
    sql = 'CREATE INDEX CONCURRENTLY given_up ON "Patient"("zip")'
    with connect(truth) as reader, connect(truth, autocommit=True) as builder:
        reader.execute('UPDATE "Patient" SET "zip" = \'1\' WHERE "id" = 1')
        builder.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            builder.execute(sql.encode())
        assert list_invalid_indexes(truth) == ("given_up",)
        reader.rollback()
        builder.execute("SET lock_timeout = 0; DROP INDEX given_up")

    assert not read_migration("m", sql).is_atomic


def test_functions_that_are_held_to_be_steady_are_so_by_the_catalogue(truth: Postgres) -> None:
    volatile = (
        "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile = 'v'"
    )
    with connect(truth) as connection:
        moving = {name for (name,) in connection.execute(volatile.encode()).fetchall()}

    assert not moving & STEADY_FUNCTIONS
    assert moving & HARMLESS_FUNCTIONS == {"random", "gen_random_uuid", "uuidv7", "clock_timestamp"}
