"""What the real database adds to a judgement: what is written anew, what will fail, how it is taken back (6.2.1)."""

import pytest

from policy.migrations import Column, Constraint, DatabaseFacts, Mode, Table, read_migration
from policy.migrations.asked import Alike, Breaking, Longer, Orphans
from policy.migrations.facts import ForeignKey, Index
from policy.migrations.questions import Questions, list_questions

TODAY = DatabaseFacts(
    18,
    {
        "Patient": Table(
            500,
            columns={
                "id": Column("integer", required=True, used_by=("Adults",)),
                "zip": Column("character varying(10)", default="'0'::character varying"),
                "notes": Column("text"),
                "code": Column("text", nulls=0),
                "weight": Column("numeric(5,2)"),
                "seen": Column("timestamp(3) without time zone"),
                "role": Column('"Role"', required=True),
                "tags": Column("text[]"),
                "strange": Column("no type at all"),
                "doctorId": Column("integer"),
            },
            constraints={
                "Patient_pkey": Constraint.PRIMARY_KEY,
                "Patient_doctorId_fkey": Constraint.FOREIGN_KEY,
                "Patient_age_check": Constraint.CHECK,
                "code_there": Constraint.CHECK,
            },
            foreign_keys={"Patient_doctorId_fkey": ForeignKey(("doctorId",), "Doctor", "Doctor_pkey")},
            definitions={"Patient_age_check": "CHECK ((age > 0))", "code_there": "CHECK ((code IS NOT NULL))"},
        ),
        "Doctor": Table(
            10, columns={"id": Column("integer", required=True)}, constraints={"Doctor_pkey": Constraint.PRIMARY_KEY}
        ),
        "Visit": Table(3, columns={"at": Column("date"), "id": Column("integer")}, parts=("Visit_2026",)),
        "Visit_2026": Table(3, columns={"at": Column("date"), "id": Column("integer")}),
        "billing.Invoice": Table(20, columns={"id": Column("integer")}),
    },
    indexes={
        "Patient_zip_idx": Index("Patient", 'CREATE INDEX "Patient_zip_idx" ON public."Patient" USING btree (zip)'),
        "Patient_pkey": Index("Patient", 'CREATE UNIQUE INDEX "Patient_pkey" ON public."Patient" USING btree (id)'),
    },
    others=frozenset(("Adults", "numbers")),
    domains=frozenset(("email",)),
    schemas=frozenset(("public", "billing")),
    counted={
        Alike("Patient", ("zip",)): 7,
        Alike("Patient", ("code",)): 0,
        Alike("Patient", ("role", "zip")): 1,
        Orphans("Patient", ("doctorId",), "Doctor", ("id",)): 12,
        Orphans("Visit", ("id",), "Doctor", ("id",)): 1,
        Longer("Patient", "zip", 5): 2,
        Longer("Patient", "notes", 9): 1,
        Breaking("Patient", "weight > 0"): 3,
        Alike("Patient", ("role",), "zip IS NOT NULL"): 2,
    },
)
ALTER = 'ALTER TABLE "Patient" '
TYPES = [
    ("zip", "VARCHAR(20)", False),
    ("zip", "VARCHAR", False),
    ("zip", "TEXT", False),
    ("zip", "VARCHAR(10)", False),
    ("zip", "CHAR(20)", True),
    ("zip", 'TEXT USING upper("zip")', True),
    ("notes", "VARCHAR", False),
    ("notes", "VARCHAR(100)", True),
    ("weight", "DECIMAL(10,2)", False),
    ("weight", "NUMERIC", False),
    ("weight", "NUMERIC(10,3)", True),
    ("weight", "DOUBLE PRECISION", True),
    ("seen", "TIMESTAMP(6)", False),
    ("seen", "TIMESTAMP(0)", True),
    ("seen", "TIMESTAMPTZ", True),
    ("tags", "VARCHAR(20)[]", True),
    ("doctorId", "BIGINT", True),
    ("role", "TEXT", True),
]


@pytest.mark.parametrize(("column", "to", "is_rewritten"), TYPES)
def test_a_type_that_only_grows_writes_no_row_anew(column: str, to: str, *, is_rewritten: bool) -> None:
    reading = read_migration("m", f'{ALTER}ALTER COLUMN "{column}" TYPE {to};', facts=TODAY)

    assert bool(reading.rewrites) is is_rewritten
    assert [lock.long for lock in reading.locks if lock.table == "Patient"] == [is_rewritten]


def test_another_collation_writes_no_row_anew_and_builds_each_index_while_all_wait() -> None:
    reading = read_migration("m", f'{ALTER}ALTER COLUMN "zip" TYPE TEXT COLLATE "de_DE";', facts=TODAY)

    assert reading.rewrites == ()
    assert [lock.long for lock in reading.locks] == [True]
    assert "no row is written anew, but every index of it is built while reads and writes wait" in str(reading.findings)


FAILING = [
    (ALTER + 'ALTER "notes" TYPE INTEGER;', "PostgreSQL does not turn text into int4 without USING"),
    (ALTER + 'ALTER "doctorId" TYPE BOOLEAN;', "PostgreSQL does not turn int4 into bool without USING"),
    (ALTER + 'ALTER "role" TYPE UUID;', "PostgreSQL does not turn Role into uuid without USING"),
    (ALTER + 'ALTER "tags" TYPE INTEGER;', "PostgreSQL does not turn text[] into int4 without USING"),
    (ALTER + 'ALTER "zip" TYPE VARCHAR(5);', "2 rows hold more characters"),
    (ALTER + 'ALTER "notes" TYPE VARCHAR(9);', "1 row holds more characters"),
    (ALTER + 'ALTER "id" TYPE BIGINT;', "Adults needs it"),
    (ALTER + 'DROP "id";', "Adults needs it"),
    (ALTER + 'ADD UNIQUE ("zip");', "7 values stand in more than one row of Patient (zip)"),
    (ALTER + 'ADD CHECK ("weight" > 0);', "3 rows break it, so this statement will fail"),
    (
        'CREATE UNIQUE INDEX "one" ON "Patient"("role") WHERE "zip" IS NOT NULL;',
        "2 values stand in more than one row of Patient (role) where zip IS NOT NULL, so this statement will fail",
    ),
    (ALTER + 'ADD CONSTRAINT u UNIQUE ("role", "zip");', "1 value stands in more than one row of Patient (role, zip)"),
    ('CREATE UNIQUE INDEX CONCURRENTLY u ON "Patient"("zip");', "7 values stand in more than one row"),
    (ALTER + 'ADD FOREIGN KEY ("doctorId") REFERENCES "Doctor"("id");', "12 rows point to nothing there"),
    ('ALTER TABLE "Visit" ADD FOREIGN KEY ("id") REFERENCES "Doctor"("id");', "1 row points to nothing there"),
    (ALTER + 'ADD FOREIGN KEY ("doctorId") REFERENCES "Gone"("id");', "there is no table Gone today"),
    (ALTER + 'ADD CONSTRAINT "Patient_age_check" CHECK ("id" > 0);', "has a constraint Patient_age_check already"),
    (ALTER + 'VALIDATE CONSTRAINT "nope";', "the constraint nope of Patient is not there"),
    (ALTER + 'RENAME CONSTRAINT "nope" TO "other";', "the constraint nope of Patient is not there"),
    (ALTER + 'RENAME "zip" TO "notes";', "Patient.notes is there already"),
    ('ALTER TABLE "Gone" RENAME TO "Other";', "There is no table Gone today"),
    ('ALTER TABLE "Gone" SET SCHEMA billing;', "There is no table Gone today"),
    ('ALTER TABLE "Doctor" DROP CONSTRAINT "Doctor_pkey";', "Patient points to Doctor by Doctor_pkey"),
    ('ALTER TABLE "Visit_2026" ADD COLUMN "x" INT;', "is a part of Visit and has its columns from there"),
    ('CREATE INDEX CONCURRENTLY i ON "Visit"("id");', "Visit has parts, of which none can be indexed so"),
    ('CREATE INDEX "Patient_zip_idx" ON "Patient"("notes");', "Patient_zip_idx is there already"),
    (ALTER + 'ALTER "nope" DROP IDENTITY;', "Patient.nope is not there"),
    (ALTER + 'ALTER "nope" SET GENERATED ALWAYS;', "Patient.nope is not there"),
    (ALTER + 'ALTER "nope" DROP EXPRESSION;', "Patient.nope is not there"),
    ('DROP INDEX "nope";', "the index nope is not there"),
    ('DROP INDEX "Patient_pkey";', "The index Patient_pkey is a constraint of Patient"),
    ('DROP TABLE "Patient";', "Adults needs it"),
    ('DROP TYPE "Role";', "Patient has it"),
    ("DROP SCHEMA billing;", "billing.Invoice needs it"),
    ('DROP VIEW "Gone";', "There is no view Gone today"),
    ('DROP SEQUENCE "Gone";', "There is no sequence Gone today"),
    ('ALTER VIEW "Gone" RENAME COLUMN a TO b;', "There is no view Gone today"),
    ('ALTER MATERIALIZED VIEW "Gone" RENAME TO "Other";', "There is no materialized view Gone today"),
    ('ALTER VIEW "Gone" SET SCHEMA billing;', "There is no view Gone today"),
    ('ALTER INDEX "Gone" RENAME TO "Other";', "There is no index Gone today"),
    ('TRUNCATE "Doctor";', "Patient may point to it"),
    ('TRUNCATE "Gone";', "There is no table Gone today"),
    ('COPY "Patient" FROM STDIN;', "waits for rows that nobody sends"),
    ('INSERT INTO "Patient" ("nope") VALUES (1);', "Patient.nope is not there"),
    ('CREATE TABLE n AS SELECT * FROM "Gone";', "There is no table Gone today"),
]


@pytest.mark.parametrize(("sql", "sentence"), FAILING)
def test_what_postgresql_will_refuse_is_said_with_what_stands_in_its_way(sql: str, sentence: str) -> None:
    said = "; ".join(read_migration("m", sql, facts=TODAY).will_fail)

    assert sentence in said
    assert said.endswith("so this statement will fail")


PASSING = [
    ALTER + 'ALTER "notes" TYPE INTEGER USING length("notes");',
    ALTER + 'ALTER "strange" TYPE TEXT;',
    ALTER + 'ADD UNIQUE ("code");',
    ALTER + 'ADD FOREIGN KEY ("doctorId") REFERENCES "Doctor"("id") NOT VALID;',
    ALTER + 'ADD COLUMN IF NOT EXISTS "zip" TEXT;',
    ALTER + 'DROP COLUMN IF EXISTS "nope";',
    ALTER + 'DROP CONSTRAINT IF EXISTS "nope";',
    ALTER + 'ALTER "role" DROP NOT NULL; ALTER TABLE "Patient" ALTER "role" SET NOT NULL;',
    ALTER + 'RENAME CONSTRAINT "Patient_age_check" TO "c"; ALTER TABLE "Patient" VALIDATE CONSTRAINT "c";',
    'ALTER TABLE IF EXISTS "Gone" ADD COLUMN "x" INT;',
    'ALTER TABLE IF EXISTS "Gone" RENAME TO "Other";',
    'CREATE INDEX IF NOT EXISTS "Patient_zip_idx" ON "Patient"("notes");',
    'DROP INDEX IF EXISTS "nope";',
    'DROP VIEW IF EXISTS "Gone";',
    'DROP VIEW "Adults"; ALTER TABLE "Patient" DROP "id";',
    'CREATE UNIQUE INDEX i ON "Patient"(lower("zip"));',
    'CREATE UNIQUE INDEX i ON "Patient"("zip") WHERE "id" > 3;',
    'ALTER INDEX "Patient_zip_idx" RENAME TO "i"; DROP INDEX "i";',
    "CREATE SEQUENCE n; DROP SEQUENCE n;",
    "CREATE TYPE t AS (a INT); DROP TYPE t;",
    'SELECT * INTO n FROM "Patient"; DROP TABLE n;',
    'COPY "Patient" FROM \'/tmp/rows\'; ALTER TABLE "Patient" ALTER "code" SET NOT NULL;',
]


@pytest.mark.parametrize("sql", PASSING)
def test_what_postgresql_will_do_is_not_said_to_fail(sql: str) -> None:
    assert read_migration("m", sql, facts=TODAY).will_fail == ()


UNDONE = [
    (ALTER + "ALTER \"zip\" SET DEFAULT '1';", "ALTER COLUMN \"zip\" SET DEFAULT '0'::character varying"),
    (ALTER + "ALTER \"notes\" SET DEFAULT '1';", 'ALTER COLUMN "notes" DROP DEFAULT'),
    (ALTER + 'ALTER "zip" TYPE TEXT;', 'ALTER COLUMN "zip" SET DATA TYPE character varying(10)'),
    (ALTER + 'ALTER "role" TYPE TEXT;', 'ALTER COLUMN "role" SET DATA TYPE "Role" USING "role"::"Role"'),
    (ALTER + 'DROP CONSTRAINT "Patient_age_check";', 'ADD CONSTRAINT "Patient_age_check" CHECK ((age > 0))'),
    (ALTER + 'RENAME CONSTRAINT "Patient_age_check" TO "c";', 'RENAME CONSTRAINT "c" TO "Patient_age_check"'),
    ('DROP INDEX "Patient_zip_idx";', 'CREATE INDEX "Patient_zip_idx" ON public."Patient" USING btree (zip)'),
    ('ALTER INDEX "Patient_zip_idx" RENAME TO "i";', 'ALTER INDEX "i" RENAME TO "Patient_zip_idx"'),
    ('ALTER TABLE billing."Invoice" RENAME TO "Bill";', 'ALTER TABLE "billing"."Bill" RENAME TO "Invoice"'),
    ('ALTER TABLE "Patient" SET SCHEMA billing;', 'ALTER TABLE "billing"."Patient" SET SCHEMA "public"'),
    ("ALTER TYPE \"Role\" RENAME VALUE 'A' TO 'B';", "ALTER TYPE \"Role\" RENAME VALUE 'B' TO 'A'"),
    ('ALTER TYPE "Role" RENAME TO "Kind";', 'ALTER TYPE "Kind" RENAME TO "Role"'),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';", 'DROP FUNCTION "f"()'),
    ('CREATE TRIGGER t BEFORE UPDATE ON "Patient" FOR EACH ROW EXECUTE FUNCTION f();', 'DROP TRIGGER "t" ON "Patient"'),
    ("CREATE SCHEMA accounts;", 'DROP SCHEMA "accounts"'),
    ("CREATE EXTENSION citext;", 'DROP EXTENSION "citext"'),
    ("CREATE DOMAIN d AS int;", 'DROP DOMAIN "d"'),
    (ALTER + 'ALTER "doctorId" ADD GENERATED ALWAYS AS IDENTITY;', 'ALTER COLUMN "doctorId" DROP IDENTITY'),
    (ALTER + 'NO INHERIT "Doctor";', 'ALTER TABLE "Patient" INHERIT "Doctor"'),
]


@pytest.mark.parametrize(("sql", "back"), UNDONE)
def test_what_takes_it_back_brings_back_what_was_there(sql: str, back: str) -> None:
    (undo,) = read_migration("m", sql, facts=TODAY).down

    assert undo.endswith(back)


LASTING = [
    ('ALTER TABLE "Patient" ADD COLUMN IF NOT EXISTS "x" INT;', "whether Patient.x was there before"),
    ("CREATE TABLE IF NOT EXISTS n (id INT);", "whether n was there before"),
    ('CREATE INDEX IF NOT EXISTS i ON "Patient"("zip");', "whether i was there before"),
    ("CREATE SCHEMA IF NOT EXISTS accounts;", "whether it was there before"),
    ("CREATE OR REPLACE VIEW v AS SELECT 1;", "what the view v was before"),
    ("CREATE OR REPLACE TRIGGER t BEFORE UPDATE ON x FOR EACH ROW EXECUTE FUNCTION f();", "what the trigger t was"),
    ('ALTER TABLE "Patient" ALTER "zip" TYPE TEXT;', "the type of Patient.zip before"),
    ('ALTER TABLE "Patient" ADD UNIQUE USING INDEX i;', "has no name"),
    ('ALTER TABLE "Patient" ADD CONSTRAINT u UNIQUE USING INDEX i;', "how i was defined"),
    ("ALTER FUNCTION f() RENAME TO g;", "the name before"),
    (ALTER + 'ALTER "doctorId" DROP IDENTITY;', "how Patient.doctorId got its number"),
    (ALTER + 'ALTER "doctorId" DROP EXPRESSION;', "how Patient.doctorId got its value"),
]


@pytest.mark.parametrize(("sql", "why"), LASTING)
def test_what_may_have_been_there_before_is_not_taken_away_without_knowing(sql: str, why: str) -> None:
    assert why in "; ".join(read_migration("m", sql).irreversible)


LOCKED = [
    (ALTER + 'DROP CONSTRAINT "Patient_doctorId_fkey";', {"Patient", "Doctor"}),
    (ALTER + 'DROP "doctorId";', {"Patient", "Doctor"}),
    ('DROP TABLE "Doctor" CASCADE;', {"Patient", "Doctor"}),
    ('TRUNCATE "Doctor" CASCADE;', {"Patient", "Doctor"}),
    ('ALTER TABLE "Visit" ADD "x" INT;', {"Visit", "Visit_2026"}),
    ('ALTER TABLE ONLY "Visit" ALTER "id" SET DEFAULT 1;', {"Visit"}),
    ('DROP TABLE "Visit_2026";', {"Visit", "Visit_2026"}),
    ('DROP INDEX "Patient_zip_idx";', {"Patient"}),
    ('REINDEX INDEX "Patient_zip_idx";', {"Patient"}),
    ('ALTER TABLE "Patient" RENAME TO "P"; ALTER TABLE "P" ADD "x" INT;', {"Patient"}),
    ("DROP SCHEMA billing CASCADE;", {"billing.Invoice"}),
    ('ALTER VIEW "Adults" SET (security_barrier);', {"Adults"}),
]


@pytest.mark.parametrize(("sql", "tables"), LOCKED)
def test_every_table_that_is_locked_is_named(sql: str, tables: set[str]) -> None:
    assert {lock.table for lock in read_migration("m", sql, facts=TODAY).locks} == tables


def test_a_check_that_holds_proves_that_no_row_is_empty() -> None:
    reading = read_migration("m", ALTER + 'ALTER "code" SET NOT NULL;', facts=TODAY)

    assert "code_there proves it, so no row is read" in reading.findings[0].reason
    assert [(lock.mode, lock.long) for lock in reading.locks] == [(Mode.ACCESS_EXCLUSIVE, False)]


def test_a_domain_writes_the_table_anew_even_without_a_default() -> None:
    assert read_migration("m", ALTER + 'ADD "x" email;', facts=TODAY).rewrites == ("Patient",)
    assert read_migration("m", ALTER + 'ADD "x" public.email;', facts=TODAY).rewrites == ("Patient",)
    assert read_migration("m", 'CREATE DOMAIN d AS text; ALTER TABLE "Patient" ADD "x" d;').rewrites == ("Patient",)


def test_what_has_to_be_counted_is_asked() -> None:
    sql = """
        ALTER TABLE "a" ADD UNIQUE (x, y), ADD CONSTRAINT n NOT NULL z, ALTER t TYPE VARCHAR(9), ALTER u TYPE TEXT;
        ALTER TABLE "a" ADD FOREIGN KEY (b) REFERENCES c(d), ADD FOREIGN KEY (e) REFERENCES c(d) NOT VALID;
        ALTER TABLE "a" ADD CHECK (f > 0), ADD CHECK (nobody(f)), ADD CHECK (f > 1) NOT VALID;
        CREATE UNIQUE INDEX ON a (lower(v)); CREATE UNIQUE INDEX ON a (w); CREATE UNIQUE INDEX ON a (w) WHERE f > 2;
        CREATE UNIQUE INDEX ON a (w) WHERE nobody(f);
    """

    assert list_questions([sql]) == Questions(
        ("a", "c"),
        (("a", "z"),),
        (
            Alike("a", ("x", "y")),
            Longer("a", "t", 9),
            Orphans("a", ("b",), "c", ("d",)),
            Breaking("a", "f > 0"),
            Alike("a", ("w",)),
            Alike("a", ("w",), "f > 2"),
        ),
    )
