"""The cases from the field, and more of the same kinds: each row's id stands before its siblings (6.2.1).

Every statement is judged with the database known and without it: the class is the same, only the sentence sharpens.
"""

import pytest

from policy.judgement import Verdict
from policy.limits import Risk
from policy.migrations import MigrationReading, Safety, read_migration
from policy.migrations.judging import judge_reversibility, judge_safety
from tests.policy.migrations.company import TODAY

SAFE, RISKY, DANGEROUS = Safety.SAFE, Safety.RISKY, Safety.DANGEROUS
OLD_SERVER = ("web-server-2",)
FALSE_ALARMS = {
    "S1, schema": 'ALTER TABLE "public"."Patient" ADD COLUMN "isVip" BOOLEAN NOT NULL DEFAULT false;',
    "S1, true": 'ALTER TABLE "Patient" ADD COLUMN "isVip" BOOLEAN NOT NULL DEFAULT true;',
    "S1, cast": 'ALTER TABLE "Patient" ADD COLUMN "isVip" BOOLEAN NOT NULL DEFAULT \'f\'::boolean;',
    "S1, lower case": 'alter table "Patient" add "kind" text not null default \'new\';',
    "S1, IF EXISTS and ONLY": 'ALTER TABLE IF EXISTS ONLY "Patient" ADD COLUMN "n" INT NOT NULL DEFAULT 0;',
    "S1, two at once": 'ALTER TABLE "Patient" ADD COLUMN "a" INT NOT NULL DEFAULT 0, ADD COLUMN "b" TEXT;',
    "S1, negative": 'ALTER TABLE "Patient" ADD COLUMN "offset" DOUBLE PRECISION NOT NULL DEFAULT -1.5;',
    "S1, Prisma's time": 'ALTER TABLE "Patient" ADD COLUMN "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;',
    "S1, Prisma's list": "ALTER TABLE \"Patient\" ADD COLUMN \"tags\" TEXT[] DEFAULT ARRAY['a', 'b']::TEXT[];",
    "S1, Prisma's document": 'ALTER TABLE "Patient" ADD COLUMN "more" JSONB NOT NULL DEFAULT \'{}\';',
    "S1, enum": 'ALTER TABLE "Patient" ADD COLUMN "role" "Role" NOT NULL DEFAULT \'USER\';',
    "S11, comment at the end": 'CREATE TABLE "Note" ("id" INT); -- DROP TABLE "Patient";',
    "S11, nested comment": '/* /* DROP TABLE "Patient"; */ DELETE FROM "Patient"; */ CREATE TABLE "Note" ("id" INT);',
    "S11, dollar quotes": 'CREATE TABLE "Note" ("id" INT, "hint" TEXT DEFAULT $$DROP TABLE "Patient";$$);',
    "S11, escape": 'CREATE TABLE "Note" ("id" INT, "hint" TEXT DEFAULT E\'it\\\'s; DROP TABLE "Patient";\');',
    "S11, a name": 'CREATE TABLE "DROP TABLE Patient" ("TRUNCATE" INT, "delete" TEXT);',
    "S11, semicolon in a name": 'CREATE TABLE "a;DROP TABLE b" ("id" INT);',
    "S11, line ends of Windows": '-- DropTable\r\nCREATE TABLE "Note" (\r\n  "id" SERIAL NOT NULL\r\n);\r\n',
    "S11, serial in a new table": 'CREATE TABLE "Note" ("id" BIGSERIAL PRIMARY KEY, "n" SMALLSERIAL);',
    "S11, identity in a new table": 'CREATE TABLE "Note" ("id" INT GENERATED ALWAYS AS IDENTITY);',
    "S11, computed in a new table": 'CREATE TABLE "N" ("id" UUID DEFAULT gen_random_uuid(), "d" INT DEFAULT f());',
    "S11, column with a comment": 'ALTER TABLE "Patient" /* DROP COLUMN "phone", */ ADD COLUMN "a" INT;',
    "S16, done right": 'CREATE INDEX CONCURRENTLY "Patient_lastName_idx" ON "Patient"("lastName");',
    "S16, of a new table": 'CREATE TABLE "N" ("a" INT); CREATE INDEX "N_a_idx" ON "N"("a");',
    "S6, with an alias": 'ALTER TABLE "Patient" RENAME TO "Person"; CREATE VIEW "Patient" AS SELECT * FROM "Person";',
    "S6, column with an alias": 'ALTER TABLE "Patient" RENAME COLUMN "phone" TO "tel";'
    ' ALTER TABLE "Patient" RENAME TO "Person";'
    ' CREATE VIEW "Patient" AS SELECT *, "tel" AS "phone" FROM "Person";',
}


@pytest.mark.parametrize("sql", FALSE_ALARMS.values(), ids=FALSE_ALARMS)
def test_what_harms_nobody_is_safe(sql: str) -> None:
    for facts in (None, TODAY):
        reading = read_migration("m", sql, facts=facts, still_old=OLD_SERVER)
        assert reading.safety is SAFE, [one.reason for one in reading.findings]
        assert reading.will_fail == ()


WORSE = [
    ("S6, an alias of this session only", RISKY,
     'ALTER TABLE "Patient" RENAME TO "Person"; CREATE TEMP VIEW "Patient" AS SELECT * FROM "Person";', "still reads"),
    ("S6, an alias that is replaced", RISKY,
     'ALTER TABLE "Patient" RENAME TO "Person"; CREATE VIEW "Patient" AS SELECT * FROM "Person";'
     ' CREATE OR REPLACE VIEW "Patient" AS SELECT * FROM "Person" WHERE false;', "still reads"),
    ("S6, an alias that is renamed", RISKY,
     'ALTER TABLE "Patient" RENAME TO "Person"; CREATE VIEW "Patient" AS SELECT * FROM "Person";'
     ' ALTER VIEW "Patient" RENAME TO "Ids";', "still reads"),
    ("S2, text", RISKY, 'ALTER TABLE "Patient" ADD COLUMN "mrn" TEXT NOT NULL;', "Patient has 1,000 rows, so"),
    ("S2, schema", RISKY, 'ALTER TABLE public."Patient" ADD "mrn" INT NOT NULL;', "Patient has 1,000 rows, so"),
    ("S2, beside a good one", RISKY, 'ALTER TABLE "Patient" ADD "a" INT, ADD "mrn" INT NOT NULL;', "Column mrn is req"),
    ("S2, default NULL", RISKY, 'ALTER TABLE "Patient" ADD "mrn" INT NOT NULL DEFAULT NULL;', "so this statement will"),
    ("S2, NULL with a type", RISKY, 'ALTER TABLE "Patient" ADD "m" TEXT NOT NULL DEFAULT NULL::text;', "will fail"),
    ("S2, in two statements", RISKY, 'ALTER TABLE "Patient" ADD "m" INT; ALTER TABLE "Patient" ALTER "m" SET NOT NULL;',
     "1,000 of 1,000 rows have none, so this statement will fail"),
    ("S2, primary key", RISKY, 'ALTER TABLE "Patient" ADD "m" INT PRIMARY KEY;', "so this statement will fail"),
    ("S2, unique default", RISKY, 'ALTER TABLE "Patient" ADD "m" INT NOT NULL DEFAULT 0 UNIQUE;',
     "1,000 rows would have"),
    ("S2, other schema", RISKY, 'ALTER TABLE "billing"."Invoice" ADD "m" INT NOT NULL;', "billing.Invoice has 70 rows"),
    ("S5, three commands", DANGEROUS, 'ALTER TABLE "Patient" ADD "a" INT, ALTER "zip" TYPE TEXT, DROP "phone";',
     "Drops Patient.phone"),
    ("S5, IF EXISTS", DANGEROUS, 'ALTER TABLE "Patient" DROP COLUMN IF EXISTS "phone", ADD COLUMN "tel" TEXT;',
     "looks like a rename: use RENAME COLUMN if that was meant."),
    ("S5, with the schema", DANGEROUS,
     'ALTER TABLE "public"."Patient" DROP "phone"; ALTER TABLE "Patient" ADD "t" TEXT;',
     "Drops Patient.phone; looks like a rename"),
    ("S5, the same name", DANGEROUS, 'ALTER TABLE "Patient" DROP COLUMN "age", ADD COLUMN "age" TEXT;',
     "Drops Patient.age and adds it again; the values that it held are lost"),
    ("S5, a table", DANGEROUS, 'DROP TABLE "LegacyPatient"; CREATE TABLE "OldPatient" ("id" INT);',
     "Drops LegacyPatient and makes OldPatient; looks like a rename: use ALTER TABLE … RENAME TO if that was meant."),
    ("S5, copied first", DANGEROUS, 'ALTER TABLE "Patient" ADD "t" TEXT; UPDATE "Patient" SET "t" = "phone";'
     ' ALTER TABLE "Patient" DROP "phone";', "Drops Patient.phone"),
    ("S5, CASCADE", DANGEROUS, 'ALTER TABLE "Patient" DROP COLUMN "phone" CASCADE, ADD "t" TEXT;', "with CASCADE"),
    ("S6, lower case", RISKY, 'alter table "Patient" rename "phone" to "tel";',
     "The old version on web-server-2 still"),
    ("S6, a table", RISKY, 'ALTER TABLE "Patient" RENAME TO "Person";', "web-server-2 still reads Patient"),
    ("S6, another schema", RISKY, 'ALTER TABLE "Patient" SET SCHEMA billing;', "web-server-2 still reads Patient"),
    ("S6, a value", RISKY, "ALTER TYPE \"Role\" RENAME VALUE 'ADMIN' TO 'BOSS';", "still writes ADMIN as a Role"),
    ("S6, a type", RISKY, 'ALTER TYPE "Role" RENAME TO "Kind";', "still names the type Role"),
    ("S6, a schema", RISKY, 'ALTER SCHEMA billing RENAME TO accounts;', "still names the schema billing"),
    ("S6, the wrong alias", RISKY,
     'ALTER TABLE "Patient" RENAME TO "P"; CREATE VIEW "Patient" AS SELECT "id" FROM "P";',
     "still reads Patient"),
    ("S6, an alias of some rows", RISKY,
     'ALTER TABLE "Patient" RENAME TO "P"; CREATE VIEW "Patient" AS SELECT * FROM "P" WHERE "age" > 3;', "still reads"),
    ("S6, an alias that goes", RISKY,
     'ALTER TABLE "Patient" RENAME TO "P"; CREATE VIEW "Patient" AS SELECT * FROM "P"; DROP VIEW "Patient";',
     "still reads"),
    ("S9, beside others", DANGEROUS, 'ALTER TABLE "Appointment" ADD "a" INT, ALTER "patientId" DROP NOT NULL;',
     "Removes NOT NULL from Appointment.patientId; readers may meet NULL"),
    ("S9, the other way", RISKY, 'ALTER TABLE "Appointment" ALTER COLUMN "at" SET NOT NULL;',
     "Requires Appointment.at"),
    ("S9, as a constraint", RISKY, 'ALTER TABLE "Appointment" ADD CONSTRAINT c NOT NULL "at";',
     "Requires Appointment.at"),
    ("S9, by its name", DANGEROUS, 'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_age_not_null";', "readers may meet"),
    ("S9, a primary key", RISKY, 'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_pkey";', "PRIMARY KEY"),
    ("S9, a domain", DANGEROUS, "ALTER DOMAIN billing.email DROP NOT NULL;",
     "Removes NOT NULL from the domain billing.email; readers of every column of it may meet NULL"),
    ("S9, a domain by its constraint", DANGEROUS, "ALTER DOMAIN email DROP CONSTRAINT email_not_null;", "may meet NU"),
    ("S9, a domain, the other way", RISKY, "ALTER DOMAIN email SET NOT NULL;", "Another shape of the domain email"),
    ("S9, required as it is advised", RISKY,
     'ALTER TABLE "Patient" ADD CONSTRAINT c CHECK ("phone" IS NOT NULL) NOT VALID;'
     ' ALTER TABLE "Patient" VALIDATE CONSTRAINT c; ALTER TABLE "Patient" ALTER "phone" SET NOT NULL;'
     ' ALTER TABLE "Patient" DROP CONSTRAINT c;', "Requires Patient.phone in every row; c proves it, so no row is rea"),
    ("S9, required before it is proved", RISKY,
     'ALTER TABLE "Patient" ADD CONSTRAINT c CHECK ("phone" IS NOT NULL) NOT VALID;'
     ' ALTER TABLE "Patient" ALTER "phone" SET NOT NULL;', "each row is read while reads and writes wait"),
    ("S9, required after the proof is gone", RISKY,
     'ALTER TABLE "Patient" ADD CONSTRAINT c CHECK ("phone" IS NOT NULL);'
     ' ALTER TABLE "Patient" DROP CONSTRAINT c, ALTER "phone" SET NOT NULL;', "each row is read while reads and wri"),
    ("S9, required by another proof", RISKY,
     'ALTER TABLE "Patient" ADD CONSTRAINT c CHECK ("zip" IS NOT NULL);'
     ' ALTER TABLE "Patient" ALTER "phone" SET NOT NULL;', "each row is read while reads and writes wait"),
    ("S9, a foreign key given and taken", DANGEROUS,
     'ALTER TABLE "Appointment" ADD CONSTRAINT c FOREIGN KEY ("patientId") REFERENCES "Patient"("id");'
     ' ALTER TABLE "Appointment" DROP CONSTRAINT c;', "Drops the foreign key c of Appointment"),
    ("S9, a constraint of another table", DANGEROUS,
     'ALTER TABLE "Patient" ADD CONSTRAINT c CHECK ("phone" IS NOT NULL); SET search_path = billing;'
     ' ALTER TABLE "Patient" DROP CONSTRAINT c;', "Drops the constraint c of Patient, which may be a foreign key"),
    ("S16, unique", RISKY, 'CREATE UNIQUE INDEX "u" ON "Patient"("phone");',
     "Blocks writes to Patient while it builds"),
    ("S16, IF NOT EXISTS", RISKY, 'CREATE INDEX IF NOT EXISTS "i" ON "Patient"("phone");', "use CONCURRENTLY"),
    ("S16, partial", RISKY, 'CREATE INDEX "i" ON "Patient"("phone") WHERE "age" > 3;', "Blocks writes to Patient"),
    ("S16, of an expression", RISKY, 'CREATE INDEX ON "Patient" (lower("phone"));', "Blocks writes to Patient"),
    ("S16, after a new table", RISKY, 'CREATE TABLE "N" ("a" INT); CREATE INDEX i ON "Patient"("phone");', "Blocks wr"),
    ("S16, constraint", RISKY, 'ALTER TABLE "Patient" ADD UNIQUE ("phone");',
     "its index is built while reads and writes"),
    ("S16, unique beside others", RISKY, 'CREATE UNIQUE INDEX CONCURRENTLY u ON "Patient"("phone");',
     "two rows are alike"),
    ("S16, REINDEX", RISKY, 'REINDEX TABLE "Patient";', "REINDEX of Patient"),
    ("S17, TEXT", RISKY, 'ALTER TABLE "Patient" ALTER "zip" TYPE TEXT;', "Changes the type of Patient.zip"),
    ("S17, BIGINT", RISKY, 'ALTER TABLE "Patient" ALTER COLUMN "age" SET DATA TYPE BIGINT;', "Changes the type"),
    ("S17, USING", RISKY, 'ALTER TABLE "Patient" ALTER "age" TYPE TEXT USING "age"::text;', "Changes the type"),
    ("S17, two at once", RISKY, 'ALTER TABLE "Patient" ALTER "age" TYPE BIGINT, ALTER "zip" TYPE TEXT;', "Patient.zip"),
    ("S17, table in a schema", DANGEROUS, 'drop table billing."Invoice";', "Drops the table billing.Invoice"),
    ("S17, two tables", DANGEROUS, 'DROP TABLE "LegacyPatient", billing."Invoice" RESTRICT;', "Drops the table Leg"),
    ("S17, CASCADE", DANGEROUS, 'DROP TABLE IF EXISTS "LegacyPatient" CASCADE;', "with CASCADE, and whatever depends"),
    ("S17, a table that hides another", DANGEROUS,
     'CREATE TEMP TABLE "Patient" ("id" INT); DROP TABLE public."Patient";',
     "Drops the table Patient"),
    ("D5, in SQL", DANGEROUS, 'ALTER TABLE "Patient" DROP COLUMN "nickname";', "Drops Patient.nickname"),
]  # fmt: skip


@pytest.mark.parametrize(("safety", "sql", "sentence"), [row[1:] for row in WORSE], ids=[row[0] for row in WORSE])
def test_the_kind_is_seen_however_it_is_written(safety: Safety, sql: str, sentence: str) -> None:
    assert read_migration("m", sql, still_old=OLD_SERVER).safety is safety
    reading = read_migration("m", sql, facts=TODAY, still_old=OLD_SERVER)

    assert reading.safety is safety, [one.reason for one in reading.findings]
    assert sentence in "; ".join(one.reason for one in reading.findings)


def known(sql: str) -> MigrationReading:
    return read_migration("m", sql, facts=TODAY)


def test_s2_does_not_pass_and_says_why() -> None:
    reading = known('ALTER TABLE "Patient" ADD COLUMN "mrn" INTEGER NOT NULL;')

    judgement = judge_safety([reading], risk=Risk.HIGH)

    assert judgement.verdict is Verdict.FAILED
    assert judgement.sentence == (
        "m: Column mrn is required and has no default; Patient has 1,000 rows, so this statement will fail"
    )


def test_s9_is_the_decision_of_the_cto() -> None:
    judgement = judge_safety(
        [known('ALTER TABLE "Appointment" ALTER COLUMN "patientId" DROP NOT NULL;')], risk=Risk.HIGH
    )

    assert judgement.verdict is Verdict.PASSED
    assert judgement.sentence == (
        "m is dangerous, the CTO decides: Removes NOT NULL from Appointment.patientId; readers may meet NULL"
    )


def test_d5_is_caught_at_6_1_2_before_anything_is_touched() -> None:
    reading = known('ALTER TABLE "Patient" DROP COLUMN "nickname";')

    judgement = judge_reversibility([reading], risk=Risk.MEDIUM)

    assert judgement.verdict is Verdict.FAILED
    assert "m cannot be taken back: the values of Patient.nickname are gone" in judgement.sentence
    assert reading.breaks == ("Patient.nickname dropped",)
