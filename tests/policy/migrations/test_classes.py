"""The class of each statement: the lists of 6.2, and what the checklist is silent about (6.2.1)."""

import pytest

from policy.migrations import Column, Constraint, DatabaseFacts, Safety, Table, read_migration, read_migrations

SAFE, RISKY, DANGEROUS = Safety.SAFE, Safety.RISKY, Safety.DANGEROUS
PATIENT = Table(
    1_000,
    columns={
        "phone": Column("text"),
        "zip": Column("character varying(10)"),
        "lastName": Column("text", nulls=3),
        "firstName": Column("text", nulls=0),
    },
    constraints={"Patient_doctorId_fkey": Constraint.FOREIGN_KEY, "Patient_age": Constraint.CHECK},
)
TODAY = DatabaseFacts(18, {"Patient": PATIENT, "Empty": Table(0), "Doctor": Table(12)})
RENAME_BY_DROP = "Drops Patient.phone; looks like a rename: use RENAME COLUMN if that was meant."
HEADER = """\
/*
  Warnings:

  - You are about to drop the column "phone" on the `Patient` table.
*/
-- DROP TABLE "Patient";
"""
NOTE = """\
CREATE TABLE "Note" (
    "id" SERIAL NOT NULL,
    "hint" TEXT NOT NULL DEFAULT 'never run ALTER TABLE x DROP COLUMN y;',
    CONSTRAINT "Note_pkey" PRIMARY KEY ("id")
);
"""

FROM_THE_FIELD = [
    pytest.param(
        'ALTER TABLE "Patient" ADD COLUMN "isVip" BOOLEAN NOT NULL DEFAULT false;',
        SAFE,
        "New column Patient.isVip with a constant default",
        id="S1",
    ),
    pytest.param(
        'ALTER TABLE "Patient" ADD COLUMN "mrn" INTEGER NOT NULL;',
        RISKY,
        "Column mrn is required and has no default; Patient has 1,000 rows, so this statement will fail",
        id="S2",
    ),
    pytest.param(
        'ALTER TABLE "Patient" DROP COLUMN "phone",\nADD COLUMN "phoneNumber" TEXT;', DANGEROUS, RENAME_BY_DROP, id="S5"
    ),
    pytest.param(
        'ALTER TABLE "Patient" ADD COLUMN "phoneNumber" TEXT,\nDROP COLUMN "phone";',
        DANGEROUS,
        RENAME_BY_DROP,
        id="S5, added first",
    ),
    pytest.param(
        'ALTER TABLE "Patient" DROP COLUMN "phone";\nALTER TABLE "Patient" ADD COLUMN "phoneNumber" TEXT;',
        DANGEROUS,
        RENAME_BY_DROP,
        id="S5, in two statements",
    ),
    pytest.param(
        'ALTER TABLE "Patient" RENAME COLUMN "phone" TO "phoneNumber";',
        RISKY,
        "The old version on web-server-2 still reads Patient.phone",
        id="S6",
    ),
    pytest.param(
        'ALTER TABLE "Appointment" ALTER COLUMN "patientId" DROP NOT NULL;',
        DANGEROUS,
        "Removes NOT NULL from Appointment.patientId; readers may meet NULL",
        id="S9",
    ),
    pytest.param(HEADER + NOTE, SAFE, "New table Note", id="S11"),
    pytest.param(
        'CREATE INDEX "Patient_lastName_idx" ON "Patient"("lastName");',
        RISKY,
        "Blocks writes to Patient while it builds; use CONCURRENTLY",
        id="S16",
    ),
    pytest.param(
        'ALTER TABLE "Patient" ALTER COLUMN "zip" SET DATA TYPE VARCHAR(20);',
        RISKY,
        "Changes the type of Patient.zip from character varying(10) to varchar",
        id="S17",
    ),
    pytest.param(
        'drop table if exists "public"."LegacyPatient";', DANGEROUS, "Drops the table LegacyPatient", id="S17, drop"
    ),
]


@pytest.mark.parametrize(("sql", "safety", "sentence"), FROM_THE_FIELD)
def test_what_went_wrong_for_others_is_seen(sql: str, safety: Safety, sentence: str) -> None:
    reading = read_migration("m", sql, facts=TODAY, still_old=("web-server-2",))

    assert reading.safety is safety
    assert sentence in "; ".join(one.reason for one in reading.findings)


@pytest.mark.parametrize(("sql", "safety", "sentence"), FROM_THE_FIELD)
def test_the_class_does_not_depend_on_knowing_the_database(sql: str, safety: Safety, sentence: str) -> None:
    del sentence
    assert read_migration("m", sql).safety is safety


ADDED = 'ALTER TABLE "Patient" ADD COLUMN "x" '
CONSTANT = [
    "TEXT",
    "TEXT DEFAULT NULL",
    "TEXT NOT NULL DEFAULT ''",
    "INTEGER NOT NULL DEFAULT -1",
    "DECIMAL(10,2) DEFAULT 0.00",
    "TEXT[] DEFAULT ARRAY[]::TEXT[]",
    "JSONB NOT NULL DEFAULT '{}'::jsonb",
    "TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP",
    "TIMESTAMPTZ NOT NULL DEFAULT now()",
    "TIMESTAMPTZ DEFAULT now() + interval '1 day'",
    "\"Role\" NOT NULL DEFAULT 'USER'",
    "BOOLEAN DEFAULT (1 = 1)",
]


@pytest.mark.parametrize("definition", CONSTANT)
def test_a_new_column_with_one_value_for_all_rows_is_safe(definition: str) -> None:
    assert read_migration("m", ADDED + definition).safety is SAFE


REWRITING = [
    "SERIAL",
    "BIGSERIAL NOT NULL",
    "INTEGER GENERATED ALWAYS AS IDENTITY",
    "INTEGER GENERATED ALWAYS AS (1 + 1) STORED",
    "UUID NOT NULL DEFAULT gen_random_uuid()",
    "DOUBLE PRECISION DEFAULT random()",
    "TIMESTAMPTZ DEFAULT clock_timestamp()",
    "TEXT DEFAULT upper(gen_random_uuid()::text)",
    "TEXT DEFAULT billing.next_number()",
    "INTEGER DEFAULT nextval('numbers')",
]


@pytest.mark.parametrize("definition", REWRITING)
def test_a_new_column_that_is_computed_for_each_row_rewrites_the_table(definition: str) -> None:
    reading = read_migration("m", ADDED + definition)

    assert reading.safety is RISKY
    assert reading.rewrites == ("Patient",)


LISTED = [
    pytest.param(
        'CREATE TABLE "A" ("id" INT PRIMARY KEY); CREATE UNIQUE INDEX "i" ON "A"("id");',
        SAFE,
        id="new table with its index",
    ),
    pytest.param(
        "CREATE TABLE a (id INT); ALTER TABLE a ADD CONSTRAINT p PRIMARY KEY (id);", SAFE, id="key of a new table"
    ),
    pytest.param('CREATE INDEX CONCURRENTLY "i" ON "Patient"("phone");', SAFE, id="index beside everything"),
    pytest.param(
        'CREATE UNIQUE INDEX CONCURRENTLY "i" ON "Patient"("phone");', RISKY, id="unique index beside everything"
    ),
    pytest.param('CREATE UNIQUE INDEX "i" ON "Patient"("phone");', RISKY, id="unique index"),
    pytest.param(
        "CREATE TABLE IF NOT EXISTS a (id INT); CREATE INDEX i ON a(id);", RISKY, id="table that may be there"
    ),
    pytest.param('ALTER TABLE "Patient" ALTER COLUMN "phone" SET NOT NULL;', RISKY, id="NOT NULL"),
    pytest.param('ALTER TABLE "Patient" ADD CONSTRAINT u UNIQUE ("phone");', RISKY, id="UNIQUE"),
    pytest.param('ALTER TABLE "Patient" ADD CONSTRAINT u UNIQUE USING INDEX i;', RISKY, id="UNIQUE by an index"),
    pytest.param(ADDED + "INT UNIQUE", RISKY, id="New column, UNIQUE"),
    pytest.param(ADDED + "INT CHECK (x > 0)", RISKY, id="New column, CHECK"),
    pytest.param(ADDED + 'INT REFERENCES "Doctor"(id)', DANGEROUS, id="New column, foreign key"),
    pytest.param(
        'ALTER TABLE "Patient" ADD CONSTRAINT f FOREIGN KEY (d) REFERENCES "Doctor"(id);', DANGEROUS, id="foreign key"
    ),
    pytest.param(
        'ALTER TABLE "Patient" ADD CONSTRAINT f FOREIGN KEY (d) REFERENCES "Doctor"(id) NOT VALID;',
        DANGEROUS,
        id="foreign key, NOT VALID",
    ),
    pytest.param(
        'CREATE TABLE a (d INT); ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (d) REFERENCES "Doctor"(id);',
        RISKY,
        id="foreign key of a new table",
    ),
    pytest.param('CREATE TABLE a (d INT REFERENCES "Doctor"(id));', RISKY, id="reference within a new table"),
    pytest.param('ALTER TABLE "Patient" DROP CONSTRAINT "Patient_doctorId_fkey";', DANGEROUS, id="foreign key dropped"),
    pytest.param('ALTER TABLE "Patient" DROP CONSTRAINT "Patient_phone_key";', RISKY, id="UNIQUE dropped"),
    pytest.param(
        'ALTER TABLE "Patient" DROP CONSTRAINT "something";', DANGEROUS, id="a constraint of unknown kind dropped"
    ),
    pytest.param('ALTER TABLE "Patient" ALTER CONSTRAINT f DEFERRABLE;', DANGEROUS, id="foreign key changed"),
    pytest.param('ALTER TABLE "Patient" DROP COLUMN IF EXISTS "phone";', DANGEROUS, id="DROP COLUMN IF EXISTS"),
    pytest.param(
        'ALTER TABLE "Patient" ADD COLUMN a INT, ADD COLUMN b INT, DROP COLUMN "phone";',
        DANGEROUS,
        id="the third sub-command",
    ),
    pytest.param('ALTER TABLE "Patient" DROP CONSTRAINT "Patient_phone_key" CASCADE;', DANGEROUS, id="CASCADE"),
    pytest.param("DROP VIEW v CASCADE;", DANGEROUS, id="view, CASCADE"),
    pytest.param("DROP VIEW v;", RISKY, id="view"),
    pytest.param("DROP SCHEMA billing;", DANGEROUS, id="schema"),
    pytest.param('DROP INDEX "i";', RISKY, id="index dropped"),
    pytest.param('TRUNCATE "Patient";', DANGEROUS, id="TRUNCATE"),
    pytest.param('DELETE FROM "Patient";', DANGEROUS, id="DELETE"),
    pytest.param('DELETE FROM "Patient" WHERE id = 7;', RISKY, id="DELETE of some"),
    pytest.param("UPDATE \"Patient\" SET phone = '';", DANGEROUS, id="UPDATE"),
    pytest.param("UPDATE \"Patient\" SET phone = '' WHERE true;", DANGEROUS, id="UPDATE where true"),
    pytest.param("UPDATE \"Patient\" SET phone = '' WHERE 1 = 1;", DANGEROUS, id="UPDATE where 1 = 1"),
    pytest.param("UPDATE \"Patient\" SET phone = '' WHERE id = id;", DANGEROUS, id="UPDATE where id = id"),
    pytest.param("UPDATE \"Patient\" SET phone = '' WHERE phone IS NULL;", RISKY, id="UPDATE of some"),
    pytest.param(
        'WITH gone AS (DELETE FROM "Patient" RETURNING *) INSERT INTO old SELECT * FROM gone;',
        DANGEROUS,
        id="DELETE within WITH",
    ),
    pytest.param(
        'CREATE TABLE a (id INT); DROP TABLE "Patient"; ALTER TABLE a RENAME TO "Patient";',
        DANGEROUS,
        id="table replaced",
    ),
    pytest.param('DROP TABLE "Patient"; CREATE TABLE "Patient" (id INT);', DANGEROUS, id="table made anew"),
    pytest.param("DO $$ BEGIN EXECUTE 'DROP TABLE x'; END $$;", DANGEROUS, id="DO"),
    pytest.param("EXECUTE anything;", DANGEROUS, id="EXECUTE"),
    pytest.param("CALL clean_up();", DANGEROUS, id="CALL"),
    pytest.param("SELECT clean_up();", DANGEROUS, id="function called for its effect"),
    pytest.param("SELECT pg_catalog.set_config('search_path', '', false);", DANGEROUS, id="setting by a function"),
    pytest.param('SELECT count(*) FROM "Patient";', RISKY, id="SELECT"),
    pytest.param("CREATE TYPE \"Role\" AS ENUM ('A');", RISKY, id="a statement on no list"),
    pytest.param("ALTER TYPE \"Role\" ADD VALUE 'B';", RISKY, id="value of a type"),
    pytest.param('ALTER TABLE "Patient" RENAME TO "Person";', RISKY, id="table renamed"),
    pytest.param('ALTER TABLE "Patient" DISABLE ROW LEVEL SECURITY;', DANGEROUS, id="row security off"),
    pytest.param("SET lock_timeout = '2s'; ALTER TABLE \"Patient\" ADD COLUMN a INT;", SAFE, id="limits itself"),
    pytest.param("SET lock_timeout = 0;", RISKY, id="takes its limit away"),
    pytest.param(
        "CREATE TABLE a (id INT); SET search_path = other; DROP TABLE a;", DANGEROUS, id="another search_path"
    ),
    pytest.param("COPY a FROM PROGRAM 'curl example.org';", DANGEROUS, id="COPY of a program"),
    pytest.param('ALTER TABEL "Patient" ADD COLUMN a INT;', DANGEROUS, id="no SQL"),
    pytest.param("CREATE TABLE a (id INT);\0DROP TABLE a;", DANGEROUS, id="null character"),
    pytest.param("SELECT " + "(" * 20_000 + "1" + ")" * 20_000, DANGEROUS, id="nested too deeply"),
    pytest.param("-- This is an empty migration.", RISKY, id="empty"),
]


@pytest.mark.parametrize(("sql", "safety"), LISTED)
def test_each_statement_has_the_class_of_the_list_it_stands_on(sql: str, safety: Safety) -> None:
    reading = read_migration("m", sql)

    assert reading.safety is safety, [one.reason for one in reading.findings]


FAILING = [
    pytest.param('ALTER TABLE "Patient" ALTER "lastName" SET NOT NULL;', "3 of 1,000 rows have none", id="NOT NULL"),
    pytest.param('ALTER TABLE "Patient" ADD COLUMN "phone" INT;', "Patient.phone is there already", id="column there"),
    pytest.param('ALTER TABLE "Patient" DROP COLUMN "fax";', "Patient.fax is not there", id="column not there"),
    pytest.param('CREATE TABLE "Patient" (id INT);', "Patient is there already", id="table there"),
    pytest.param('ALTER TABLE "Visit" ADD COLUMN a INT;', "There is no table Visit today", id="table not there"),
    pytest.param('CREATE INDEX i ON "Visit"(a);', "There is no table Visit today", id="index of no table"),
    pytest.param('ALTER TABLE "Patient" DROP CONSTRAINT "x_fkey";', "no constraint x_fkey", id="constraint not there"),
    pytest.param(
        'CREATE INDEX CONCURRENTLY i ON "Patient"(phone); CREATE INDEX CONCURRENTLY j ON "Patient"(zip);',
        "Line 1: CONCURRENTLY cannot run beside other statements",
        id="CONCURRENTLY beside others",
    ),
    pytest.param(
        "ALTER TYPE \"Role\" ADD VALUE 'B';\nUPDATE \"Doctor\" SET role = 'B' WHERE id = 1;",
        "Line 2 uses the value B of line 1",
        id="new value used at once",
    ),
]


@pytest.mark.parametrize(("sql", "sentence"), FAILING)
def test_what_will_fail_on_the_data_of_today_is_said_to_fail(sql: str, sentence: str) -> None:
    assert sentence in "; ".join(read_migration("m", sql, facts=TODAY).will_fail)


FITTING = [
    'ALTER TABLE "Patient" ALTER "firstName" SET NOT NULL;',
    'ALTER TABLE "Empty" ADD COLUMN "mrn" INTEGER NOT NULL;',
    'DROP TABLE IF EXISTS "Visit";',
    'CREATE TABLE "Visit" (id INT); ALTER TABLE "Visit" ADD COLUMN a INT NOT NULL;',
    'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_age";',
]


@pytest.mark.parametrize("sql", FITTING)
def test_what_the_data_of_today_allow_is_not_said_to_fail(sql: str) -> None:
    assert read_migration("m", sql, facts=TODAY).will_fail == ()


def test_a_migration_knows_what_the_ones_before_it_make() -> None:
    files = {
        "1": 'CREATE TABLE "Visit" (id INT); ALTER TABLE "Patient" ADD COLUMN "fax" TEXT;',
        "2": 'CREATE INDEX CONCURRENTLY i ON "Visit"(id);',
        "3": 'ALTER TABLE "Patient" DROP COLUMN "fax";',
    }

    readings = read_migrations(files, facts=TODAY)

    assert [one.will_fail for one in readings] == [(), (), ()]
    assert [one.safety for one in readings] == [SAFE, SAFE, DANGEROUS]


def test_a_lock_is_said_to_be_held_through_a_slow_statement_after_it() -> None:
    reading = read_migration("m", 'ALTER TABLE "Patient" ADD COLUMN a INT;\nUPDATE "Visit" SET b = 1 WHERE b IS NULL;')

    assert "Patient is locked from line 1 on, and line 2 takes as long as Visit is large" in reading.together[0].reason


def test_what_adds_and_what_takes_away_should_be_two_migrations() -> None:
    reading = read_migration("m", 'CREATE TABLE a (id INT);\nALTER TABLE "Patient" RENAME COLUMN a TO b;')

    assert "split it" in reading.together[-1].advice
