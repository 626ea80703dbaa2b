"""What the statements of a file, and the files of a release, do together that none of them does alone."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.migrations import read_migration, read_migrations
from policy.migrations.history import Applied
from policy.migrations.trying_again import list_to_try_again, lock_timeout_for, say_left_behind
from tests.policy.migrations.company import TODAY

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
USUAL, PATIENCE = timedelta(seconds=2), timedelta(minutes=30)
LOCKED = "ERROR: canceling statement due to lock timeout"
ADD = 'ALTER TABLE "Patient" ADD COLUMN "fax" TEXT;'
FILL = 'UPDATE "Patient" SET "fax" = \'\' WHERE "fax" IS NULL;'
BUILD = 'CREATE INDEX CONCURRENTLY i ON "Patient"("phone");'

FAILING = [
    pytest.param(
        [ADD + 'ALTER TABLE "Patient" ALTER "fax" SET NOT NULL;'], "1,000 of 1,000 rows have none", id="required"
    ),
    pytest.param([ADD + ADD], "Patient.fax is there already", id="added twice"),
    pytest.param([ADD, ADD], "Patient.fax is there already", id="added twice, in two files"),
    pytest.param(
        ['ALTER TABLE "Patient" DROP "phone"; CREATE INDEX i ON "Patient"("phone");'],
        "Patient has no column phone",
        id="dropped, then indexed",
    ),
    pytest.param(
        ['ALTER TABLE "Patient" DROP "phone";', 'UPDATE "Patient" SET "phone" = \'\' WHERE "phone" IS NULL;'],
        "Patient.phone is not there",
        id="dropped, then filled",
    ),
    pytest.param(
        ['ALTER TABLE "Patient" RENAME "phone" TO "tel";', 'ALTER TABLE "Patient" ALTER "phone" SET DEFAULT \'\';'],
        "Patient.phone is not there",
        id="renamed, then used",
    ),
    pytest.param(
        ['ALTER TABLE "Patient" RENAME TO "Person"; ' + ADD],
        "There is no table Patient today",
        id="table renamed, then used",
    ),
    pytest.param(
        ['DROP TABLE "LegacyPatient";', 'INSERT INTO "LegacyPatient" VALUES (1);'], "no table LegacyP", id="gone"
    ),
    pytest.param(['DROP TABLE "Doctor";'], "Patient needs it, so this statement will fail", id="still pointed to"),
    pytest.param([BUILD + ADD], "Line 1: CONCURRENTLY cannot run beside other statements", id="CONCURRENTLY first"),
    pytest.param([ADD + "\n" + BUILD], "Line 2: CONCURRENTLY cannot run beside", id="CONCURRENTLY last"),
    pytest.param([f"BEGIN; {BUILD} COMMIT;"], "CONCURRENTLY cannot run beside", id="CONCURRENTLY within BEGIN"),
    pytest.param(
        ["CREATE TABLE n (a INT);\nCREATE INDEX CONCURRENTLY i ON n(a);"],
        "CONCURRENTLY cannot run",
        id="on a new table",
    ),
    pytest.param(['VACUUM "Patient"; ' + ADD], "Line 1: VACUUM cannot run beside other statements", id="VACUUM"),
    pytest.param(
        ["BEGIN;" + ADD], "begins a transaction that no line commits, so nothing of this file stays", id="BEGIN"
    ),
    pytest.param(["BEGIN;" + ADD + "ROLLBACK;"], "Takes back what the file did before it", id="ROLLBACK"),
    pytest.param([f"SAVEPOINT s; {ADD} RELEASE s;"], "sets a savepoint, which needs a BEGIN", id="SAVEPOINT"),
    pytest.param(
        ['ALTER TYPE "Role" ADD VALUE \'X\'; ALTER TABLE "Patient" ADD "r" "Role" DEFAULT \'X\';'],
        "uses the value X of line 1",
        id="a new value as a default",
    ),
    pytest.param(['CREATE VIEW v AS SELECT * FROM "Gone";'], "There is no table Gone today", id="view of nothing"),
    pytest.param(["CREATE TABLE accounts.n (a INT);"], "There is no schema accounts today", id="no such schema"),
]


@pytest.mark.parametrize(("files", "sentence"), FAILING)
def test_what_the_statements_before_make_impossible_is_said_to_fail(files: list[str], sentence: str) -> None:
    readings = read_migrations({str(place): sql for place, sql in enumerate(files)}, facts=TODAY)

    assert sentence in "; ".join(why for one in readings for why in one.will_fail)


FITTING = [
    pytest.param([ADD + 'ALTER TABLE "Patient" DROP "fax";'], id="added, then dropped"),
    pytest.param(['ALTER TABLE "Patient" DROP "age", ADD "age" TEXT;'], id="made anew"),
    pytest.param(['ALTER TABLE "Patient" ADD "age" TEXT, DROP "age";'], id="made anew, dropped last"),
    pytest.param([f'{ADD} {FILL} ALTER TABLE "Patient" ALTER "fax" SET NOT NULL;'], id="filled"),
    pytest.param([ADD, 'ALTER TABLE "Patient" ALTER "fax" SET NOT NULL;'], id="filled between the files"),
    pytest.param(['ALTER TABLE "Patient" RENAME "phone" TO "tel"; CREATE INDEX i ON "Patient"("tel");'], id="new name"),
    pytest.param(['DROP TABLE "LegacyPatient"; CREATE TABLE "LegacyPatient" (id INT);'], id="table made anew"),
    pytest.param(['ALTER TABLE "Patient" DROP CONSTRAINT "Patient_doctorId_fkey"; DROP TABLE "Doctor";'], id="let go"),
    pytest.param(['DROP INDEX "Patient_phone_idx"; CREATE INDEX "Patient_phone_idx" ON "Patient"("zip");'], id="index"),
    pytest.param(
        ["CREATE TYPE t AS ENUM ('a'); ALTER TYPE t ADD VALUE 'b'; CREATE TABLE n (v t DEFAULT 'b');"], id="value"
    ),
    pytest.param(["ALTER TYPE t ADD VALUE 'age';", 'UPDATE "Patient" SET "age" = 1 WHERE "age" = 2;'], id="only alike"),
    pytest.param(["SELECT tidy();", 'DROP TABLE "Gone";'], id="after what nobody can read"),
    pytest.param(["SET search_path = billing; CREATE INDEX i ON anything(a);"], id="another search_path"),
    pytest.param(["CREATE SCHEMA accounts;", "CREATE TABLE accounts.n (a INT);"], id="schema made before"),
    pytest.param([BUILD], id="CONCURRENTLY alone"),
    pytest.param([f"-- CreateIndex\n\n{BUILD}\n-- done\n"], id="CONCURRENTLY between comments"),
]


@pytest.mark.parametrize("files", FITTING)
def test_what_the_statements_before_make_possible_is_not_said_to_fail(files: list[str]) -> None:
    readings = read_migrations({str(place): sql for place, sql in enumerate(files)}, facts=TODAY)

    assert [one.will_fail for one in readings] == [()] * len(files)


def row(name: str, *, logs: str, finished: bool = False) -> Applied:
    return Applied(name, "", TEN, TEN if finished else None, None, 0, logs)


AGAIN = ("m",)
ATOMIC = [
    pytest.param(ADD, AGAIN, id="one statement"),
    pytest.param(ADD + FILL, AGAIN, id="several"),
    pytest.param(f"BEGIN; {ADD} COMMIT;", (), id="its own transaction"),
    pytest.param(f"{ADD} COMMIT; {ADD}", (), id="COMMIT in the middle"),
    pytest.param(f"START TRANSACTION; {ADD} END;", (), id="in other words"),
    pytest.param(f"{ADD} PREPARE TRANSACTION 'x';", (), id="in two phases"),
    pytest.param(BUILD, (), id="CONCURRENTLY"),
    pytest.param('DROP INDEX CONCURRENTLY "Patient_phone_idx";', (), id="dropped CONCURRENTLY"),
    pytest.param('REINDEX TABLE CONCURRENTLY "Patient";', (), id="built anew CONCURRENTLY"),
    pytest.param('VACUUM FULL "Patient";', (), id="VACUUM"),
    pytest.param("CALL in_batches();", (), id="a procedure may commit"),
    pytest.param("DO 'BEGIN COMMIT; END';", (), id="a block may commit"),
    pytest.param("SELECT dblink_exec('', 'DELETE FROM x');", (), id="a function may reach another database"),
    pytest.param("no SQL", (), id="not to be read"),
    pytest.param("", (), id="empty"),
]


@pytest.mark.parametrize(("sql", "again"), ATOMIC)
def test_only_what_leaves_nothing_behind_is_tried_again_after_a_lock_time_out(sql: str, again: tuple[str, ...]) -> None:
    reading, rows = read_migration("m", sql), [row("m", logs=LOCKED)]

    assert reading.is_atomic is bool(again)
    assert list_to_try_again(rows, [reading]) == again
    assert bool(say_left_behind(rows, [reading])) is not bool(again)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([row("m", logs="ERROR: column exists")], id="stopped by something else"),
        pytest.param([row("m", logs=LOCKED, finished=True)], id="finished"),
        pytest.param([row("other", logs=LOCKED)], id="of another release"),
        pytest.param([row("m", logs="")], id="nobody wrote down why"),
    ],
)
def test_what_no_lock_stopped_is_never_tried_again(rows: list[Applied]) -> None:
    assert list_to_try_again(rows, [read_migration("m", ADD)]) == ()


def test_what_may_be_half_there_is_named_with_what_to_type() -> None:
    said = say_left_behind([row("m", logs=LOCKED)], [read_migration("m", BUILD)])

    assert said.startswith("m is no single transaction, so a part of it may be there (an invalid index")
    assert "`prisma migrate resolve --rolled-back`" in said


@pytest.mark.parametrize(
    ("files", "waits"),
    [
        pytest.param([BUILD], PATIENCE, id="nobody waits behind it"),
        pytest.param([BUILD, 'DROP INDEX CONCURRENTLY "i";'], PATIENCE, id="nor behind both"),
        pytest.param([BUILD, ADD], USUAL, id="beside one that blocks"),
        pytest.param([ADD], USUAL, id="blocks"),
        pytest.param(['VACUUM FULL "Patient";'], USUAL, id="alone, and blocks"),
        pytest.param([], USUAL, id="nothing"),
    ],
)
def test_an_index_beside_everything_waits_as_long_as_it_takes(files: list[str], waits: timedelta) -> None:
    readings = [read_migration("m", sql) for sql in files]

    assert lock_timeout_for(readings, usual=USUAL, patience=PATIENCE) == waits


KEY = 'ALTER TABLE "Patient" ADD CONSTRAINT f FOREIGN KEY ("doctorId") REFERENCES "Doctor"("id") NOT VALID;'
POSITIVE = 'ALTER TABLE "Patient" ADD CONSTRAINT f CHECK ("age" > 0) NOT VALID;'
VALIDATE = 'ALTER TABLE "Patient" VALIDATE CONSTRAINT f;'


@pytest.mark.parametrize(
    ("files", "who"),
    [
        pytest.param(
            [f"{KEY}\n{VALIDATE}"], "line 2 takes as long as Patient is large; writes of Patient wait", id="key"
        ),
        pytest.param(
            [f"{KEY} {VALIDATE}"], "line 1 takes as long as Patient is large; writes of Patient", id="one line"
        ),
        pytest.param([f"{POSITIVE} {VALIDATE}"], "reads and writes of Patient wait for it", id="check, one line"),
        pytest.param(
            [f"{KEY} {ADD} {VALIDATE}"], "reads and writes of Patient wait for it", id="a stronger lock between"
        ),
        pytest.param([KEY, VALIDATE], "", id="as it is advised"),
        pytest.param([f"{VALIDATE} {KEY}"], "", id="another one validated before"),
    ],
)
def test_a_constraint_that_is_validated_in_its_own_file_keeps_its_lock_all_the_while(
    files: list[str], who: str
) -> None:
    readings = read_migrations({str(place): sql for place, sql in enumerate(files)}, facts=TODAY)
    said = [one.reason for reading in readings for one in reading.together]

    assert bool(said) is bool(who), said
    assert who in "".join(said)


@pytest.mark.parametrize(
    ("index", "back"),
    [
        pytest.param(
            'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS u ON "Patient"("phone");',
            ('ALTER TABLE "Patient" DROP CONSTRAINT "u"', 'CREATE UNIQUE INDEX u ON "Patient" (phone)'),
            id="as it is advised",
        ),
        pytest.param(
            'CREATE UNIQUE INDEX CONCURRENTLY u ON "Patient"("phone") NULLS NOT DISTINCT WHERE "age" > 3;',
            (),
            id="one that cannot be written again",
        ),
    ],
)
def test_a_constraint_by_an_index_of_the_same_release_is_taken_back(index: str, back: tuple[str, ...]) -> None:
    files = {"1": index, "2": 'ALTER TABLE "Patient" ADD CONSTRAINT u UNIQUE USING INDEX u;'}

    *_, last = read_migrations(files, facts=TODAY)

    assert last.down == back
    assert bool(last.irreversible) is not bool(back)
