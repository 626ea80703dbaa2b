"""What the catalogue and the rows say before a migration is tried, and what a broken connection leaves (6.2.1)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic

import psycopg
import pytest
from psycopg.sql import SQL

from blocks.errors import Refused, Unreachable
from blocks.postgres import Postgres
from blocks.postgres_tables import count_rows, read_applied, read_facts
from lab.home import Home
from lab.postgres import Cluster
from policy.migrations import read_migration
from policy.migrations.asked import Alike, Breaking, Longer, Orphans
from policy.migrations.findings import Safety
from tests.blocks.own_cluster import OWNER, connect, seen_by


def test_what_the_user_may_not_do_is_known_from_the_catalogue(truth: Postgres) -> None:
    facts = read_facts(truth, touched=(), nulls=())

    assert facts.user == OWNER
    assert facts.locked_schemas == {"theirs"}
    assert not facts.tables["Theirs"].owned
    assert facts.tables["Theirs"].may == frozenset(("SELECT", "DROP"))
    assert facts.tables["Patient"].owned


def test_a_database_in_which_the_user_may_read_nothing_says_so(own_cluster: Cluster, own_home: Home) -> None:
    stranger = own_home.secret("STRANGER")
    with own_cluster.connect("truth") as connection:
        connection.execute(f"CREATE ROLE stranger LOGIN PASSWORD '{stranger}'".encode())
        connection.execute(
            "CREATE TABLE _prisma_migrations (id text, checksum text, migration_name text, logs text,"
            " started_at timestamptz, finished_at timestamptz, rolled_back_at timestamptz, applied_steps_count int)"
        )
        connection.execute("REVOKE ALL ON _prisma_migrations FROM PUBLIC")
    other = seen_by("stranger", "STRANGER", own_cluster, own_home)
    sql = 'ALTER TABLE "Patient" ADD COLUMN "x" INT; UPDATE "Patient" SET "x" = 1 WHERE "x" IS NULL'

    try:
        with pytest.raises(Refused, match=r"^database truth: permission denied for table _prisma_migrations$"):
            read_applied(other)
        known = read_facts(other, touched=("Patient",), nulls=(), counts=(Alike("Patient", ("zip",)),))
    finally:
        with own_cluster.connect("truth") as connection:
            connection.execute("DROP TABLE _prisma_migrations; DROP ROLE stranger")

    assert (known.tables["Patient"].rows, known.counted) == (None, {})
    assert read_migration("m", sql, facts=known).will_fail == (
        "Patient belongs to somebody else than stranger, so this statement will fail",
        "stranger has no right to UPDATE on Patient, so this statement will fail",
    )


def test_a_connection_that_dies_in_the_middle_of_a_statement_leaves_the_old_schema(
    truth: Postgres, own_cluster: Cluster
) -> None:
    slow = 'ALTER TABLE "Patient" ADD COLUMN "half" INT; CREATE INDEX half ON "Patient"("half"); SELECT pg_sleep(60)'
    with connect(truth) as connection, own_cluster.connect("truth") as other, ThreadPoolExecutor(1) as pool:
        pid = connection.info.backend_pid
        dying = pool.submit(connection.execute, slow.encode())
        deadline = monotonic() + 60
        sleeping = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
        while not other.execute(sleeping, (pid,)).fetchone():
            assert monotonic() < deadline
        other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        with pytest.raises(psycopg.errors.AdminShutdown):
            dying.result()

    known = read_facts(truth, touched=(), nulls=())
    assert "half" not in known.tables["Patient"].columns
    assert "half" not in known.indexes


def test_a_question_whose_connection_dies_may_be_asked_again(truth: Postgres, own_cluster: Cluster) -> None:
    end_it = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ 'pg_sleep' AND pid <> pg_backend_pid()"
    )
    with own_cluster.connect("truth") as other, ThreadPoolExecutor(1) as pool:
        asking = pool.submit(truth.ask, SQL("SELECT pg_sleep(8)::text"))
        deadline = monotonic() + 60
        while not other.execute(end_it.encode()).fetchone():
            assert monotonic() < deadline
        with pytest.raises(Unreachable, match=r"^database truth: terminating connection"):
            asking.result()


def test_values_that_stand_twice_and_rows_that_point_to_nothing_are_counted(truth: Postgres) -> None:
    asked = (
        Alike("Patient", ("zip",)),
        Alike("Patient", ("zip", "name")),
        Alike("billing.Invoice", ("id",)),
        Orphans("Patient", ("age",), "Doctor", ("id",)),
        Orphans("Patient", ("doctorId",), "Doctor", ("id",)),
        Longer("Patient", "zip", 1),
        Longer("Patient", "nope", 1),
        Breaking("Patient", "zip LIKE '1%'"),
        Alike("Patient", ("zip",), "zip LIKE '%0'"),
    )

    known = read_facts(truth, touched=("Patient", "billing.Invoice"), nulls=(), counts=asked)

    assert [known.counted[one] for one in asked] == [7, 0, 0, 500, 0, 500, None, 500, 1]


def test_spaces_at_the_end_are_not_too_long_for_they_are_cut_off(truth: Postgres) -> None:
    with connect(truth, autocommit=True) as owner:
        owner.execute("CREATE TABLE \"Spaced\" AS SELECT 'ab  '::text AS word UNION ALL SELECT 'ab c'")
        asked = Longer("Spaced", "word", 2)
        known = read_facts(truth, touched=("Spaced",), nulls=(), counts=(asked,))
        owner.execute("DELETE FROM \"Spaced\" WHERE word = 'ab c'")
        owner.execute('ALTER TABLE "Spaced" ALTER COLUMN word TYPE varchar(2)')
        owner.execute('DROP TABLE "Spaced"')

    assert known.counted[asked] == 1


def test_a_count_that_takes_too_long_says_nothing(truth: Postgres) -> None:
    hurried = truth.model_copy(update={"statement_patience": timedelta(seconds=1)})
    slow = Breaking("Doctor", "pg_sleep(0.5) IS NOT NULL")

    known = read_facts(hurried, touched=("Doctor",), nulls=(), counts=(slow,))

    assert known.counted == {slow: None}
    assert known.tables["Doctor"].rows == 10


def test_a_table_that_cannot_be_counted_keeps_no_release_from_being_read(truth: Postgres) -> None:
    hurried = truth.model_copy(update={"statement_patience": timedelta(seconds=2)})
    with connect(truth, autocommit=True) as owner:
        owner.execute('CREATE TABLE "Slow" AS SELECT 1 AS id')
        owner.execute('ALTER TABLE "Slow" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY')
        owner.execute('CREATE POLICY slow ON "Slow" USING (pg_sleep(9) IS NOT NULL)')
        known = read_facts(hurried, touched=("Slow", "Doctor"), nulls=(), counts=(Alike("Slow", ("id",)),))
        owner.execute('DROP TABLE "Slow"')

    assert (known.tables["Slow"].rows, known.tables["Doctor"].rows) == (None, 10)
    assert known.counted == {}


def test_a_name_without_a_schema_is_of_the_one_that_prisma_looks_after(truth: Postgres) -> None:
    sql = 'ALTER TABLE "Invoice" ADD COLUMN "paid" BOOLEAN; CREATE TABLE "Receipt" ("id" INT PRIMARY KEY)'
    with connect(truth, autocommit=True) as owner:
        owner.execute('CREATE TABLE "Invoice" (id int)')
        known = read_facts(truth, touched=("Invoice",), nulls=(("Invoice", "id"),), schema="billing")
        counted = count_rows(truth, ["Invoice"], schema="billing")["Invoice"].rows
        there = owner.execute('SELECT count(*) FROM billing."Invoice"').fetchone()
        owner.execute('DROP TABLE "Invoice"')

    assert there == (counted,) == (known.tables["Invoice"].rows,)
    assert counted > 0
    assert "public.Patient" in known.tables
    assert read_migration("m", sql, facts=known).will_fail == ()


@pytest.mark.parametrize("named", ["billing", "public"])
def test_a_schema_that_is_named_beside_that_of_prisma_is_not_guessed_at(truth: Postgres, named: str) -> None:
    facts = read_facts(truth, touched=(), nulls=(), schema="billing")

    reading = read_migration("m", f'DROP TABLE "{named}"."Invoice"', facts=facts)

    assert reading.safety is Safety.DANGEROUS
    assert f"line 1 names the schema {named}" in reading.findings[0].reason
    made = read_migration("m", 'CREATE SCHEMA IF NOT EXISTS "billing"', facts=facts)
    assert "names the schema" not in made.findings[0].reason
