"""What stands on no list of 6.2, as it was decided: risky, or dangerous where it destroys or hides (6.2.1)."""

import pytest

from policy.migrations import Safety, read_migration
from tests.policy.migrations.company import TODAY

SAFE, RISKY, DANGEROUS = Safety.SAFE, Safety.RISKY, Safety.DANGEROUS
DECIDED = [
    ("nothing chooses", DANGEROUS, 'DELETE FROM "Patient" USING "Doctor";'),
    ("chooses all", DANGEROUS, 'DELETE FROM "Patient" WHERE "age" > 3 OR true;'),
    ("chooses all or none", DANGEROUS, 'DELETE FROM "Patient" WHERE EXISTS (SELECT 1);'),
    ("now is later than then", DANGEROUS, "UPDATE \"Patient\" SET \"age\" = 0 WHERE now() > '2020-01-01';"),
    ("chooses in another table", DANGEROUS, 'UPDATE "Patient" SET "age" = 1 FROM "Doctor" d WHERE d.id = 1;'),
    ("chooses in another table, EXISTS", DANGEROUS,
     'DELETE FROM "Patient" p WHERE EXISTS (SELECT 1 FROM "Doctor" d WHERE d.id = 1);'),
    ("chooses by another table", RISKY, 'DELETE FROM "Patient" p USING "Doctor" d WHERE d.id = p."doctorId";'),
    ("chooses all, by NULL", DANGEROUS, 'UPDATE "Patient" SET "age" = 1 WHERE "zip" IS NULL OR "zip" IS NOT NULL;'),
    ("chooses some, by two NULLs", RISKY, 'DELETE FROM "Patient" WHERE "zip" IS NULL OR "phone" IS NOT NULL;'),
    ("overwrites by a query", DANGEROUS,
     'INSERT INTO "Doctor" SELECT id FROM "Patient" ON CONFLICT (id) DO UPDATE SET id = 1;'),
    ("overwrites what it names", RISKY, 'INSERT INTO "Doctor" VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 1;'),
    ("adds by a query", RISKY, 'INSERT INTO "Doctor" SELECT id FROM "Patient" ON CONFLICT DO NOTHING;'),
    ("an attribute goes", DANGEROUS, "ALTER TYPE address DROP ATTRIBUTE street;"),
    ("an attribute, CASCADE", DANGEROUS, "ALTER TYPE address ADD ATTRIBUTE street TEXT CASCADE;"),
    ("column of a foreign table", DANGEROUS, "ALTER FOREIGN TABLE remote DROP COLUMN a;"),
    ("REVOKE CASCADE", DANGEROUS, 'REVOKE ALL ON "Patient" FROM app CASCADE;'),
    ("domain, CASCADE", DANGEROUS, "ALTER DOMAIN email DROP CONSTRAINT c CASCADE;"),
    ("index, CASCADE", DANGEROUS, 'DROP INDEX "Patient_phone_idx" CASCADE;'),
    ("chooses", RISKY, 'DELETE FROM "Patient" WHERE "age" > 3 AND true;'),
    ("TRUNCATE of two", DANGEROUS, 'TRUNCATE TABLE "LegacyPatient", ONLY "Doctor" RESTART IDENTITY CASCADE;'),
    ("deletes within WITH", DANGEROUS, 'WITH d AS (DELETE FROM "Patient" RETURNING 1) SELECT count(*) FROM d;'),
    ("deletes while it makes a table", DANGEROUS,
     'CREATE TABLE n AS WITH d AS (DELETE FROM "Patient" RETURNING *) SELECT * FROM d;'),
    ("EXPLAIN ANALYZE carries out", DANGEROUS, 'EXPLAIN ANALYZE DELETE FROM "Patient";'),
    ("EXPLAIN does not", RISKY, 'EXPLAIN DELETE FROM "Patient";'),
    ("COPY of a DELETE", DANGEROUS, 'COPY (DELETE FROM "Patient" RETURNING 1) TO STDOUT;'),
    ("DROP SCHEMA", DANGEROUS, "drop schema if exists billing;"),
    ("DROP TYPE CASCADE", DANGEROUS, 'DROP TYPE "Role" CASCADE;'),
    ("DROP EXTENSION CASCADE", DANGEROUS, "DROP EXTENSION pg_trgm CASCADE;"),
    ("DROP FUNCTION CASCADE", DANGEROUS, "DROP FUNCTION f(int) CASCADE;"),
    ("DROP OWNED", DANGEROUS, "DROP OWNED BY app;"),
    ("DROP DATABASE", DANGEROUS, "DROP DATABASE holi;"),
    ("DO", DANGEROUS, "DO LANGUAGE plpgsql 'BEGIN NULL; END';"),
    ("CALL", DANGEROUS, "CALL tidy(1);"),
    ("EXECUTE into a table", DANGEROUS, "CREATE TABLE n AS EXECUTE q;"),
    ("function for its effect", DANGEROUS, "SELECT public.tidy(id) FROM \"Patient\";"),
    ("setval", DANGEROUS, "SELECT setval('numbers', 7);"),
    ("pg_terminate_backend", DANGEROUS, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity;"),
    ("function in WITH", DANGEROUS, "WITH x AS (SELECT tidy()) SELECT 1 FROM x;"),
    ("function in the WITH of an INSERT", DANGEROUS,
     'WITH g AS (SELECT tidy()) INSERT INTO "Doctor" SELECT 1 FROM g;'),
    ("function in the WITH of an UPDATE", DANGEROUS,
     'WITH g AS (SELECT tidy(id) FROM "Patient") UPDATE "Patient" SET "age" = 1 WHERE "zip" = \'1\';'),
    ("function in the WITH of a SELECT within", DANGEROUS,
     'INSERT INTO "Doctor" WITH g AS (SELECT tidy()) SELECT 1 FROM g;'),
    ("function and nothing else is inserted", DANGEROUS, 'INSERT INTO "Doctor" SELECT tidy();'),
    ("function in a part of a UNION", DANGEROUS, 'INSERT INTO "Doctor" SELECT id FROM "Patient" UNION SELECT tidy();'),
    ("function asked for a value", DANGEROUS, 'UPDATE "Patient" SET "age" = (SELECT tidy()) WHERE "zip" = \'1\';'),
    ("function asked by a DELETE", DANGEROUS, 'DELETE FROM "Patient" WHERE "age" > (SELECT tidy());'),
    ("function beside what is deleted", DANGEROUS,
     'WITH d AS (DELETE FROM "Patient" WHERE "age" > 3 RETURNING 1) SELECT tidy() FROM d;'),
    ("function of a SELECT INTO", DANGEROUS, 'SELECT tidy() INTO n;'),
    ("function of a COPY", DANGEROUS, "COPY (SELECT tidy()) TO '/tmp/x';"),
    ("setval by an UPDATE", DANGEROUS, 'UPDATE "Patient" SET "age" = setval(\'s\', 1) WHERE "zip" = \'1\';'),
    ("setval by an INSERT", DANGEROUS, 'INSERT INTO "Doctor" VALUES (pg_catalog.setval(\'s\', 1));'),
    ("setval by what is returned", DANGEROUS,
     'INSERT INTO "Doctor" VALUES (1) RETURNING setval(\'s\', 1);'),
    ("sessions ended by a DELETE", DANGEROUS,
     'DELETE FROM "Patient" WHERE "age" = 1 AND pg_terminate_backend("age");'),
    ("function for a value", RISKY, 'UPDATE "Patient" SET "zip" = slugify("phone") WHERE "zip" IS NULL;'),
    ("function for a value, INSERT", RISKY, 'INSERT INTO "Doctor" SELECT number_of("zip") FROM "Patient";'),
    ("function in a list of values", RISKY, 'INSERT INTO "Doctor" VALUES (number_of(1));'),
    ("function for a value in WITH", RISKY,
     'WITH n AS (INSERT INTO "Doctor" VALUES (number_of(1)) RETURNING id) SELECT id FROM n;'),
    ("next numbers", RISKY, 'INSERT INTO "Doctor" SELECT nextval(\'s\') WHERE NOT EXISTS (SELECT 1 FROM "Doctor");'),
    ("next numbers of an UPDATE", RISKY, 'UPDATE "Patient" SET "age" = nextval(\'s\') WHERE "zip" = \'1\';'),
    ("made only once", RISKY, 'INSERT INTO "Doctor" SELECT uuid_generate_v4() WHERE NOT EXISTS (SELECT 1);'),
    ("a function of PostgreSQL that only looks", RISKY,
     'UPDATE "Patient" SET "zip" = pg_get_serial_sequence(\'a\', \'b\') WHERE "age" = 1;'),
    ("only reads in WITH", RISKY,
     'WITH g AS (SELECT max(id) AS m FROM "Patient") INSERT INTO "Doctor" SELECT m FROM g;'),
    ("next number, SELECT", DANGEROUS, "SELECT nextval('s');"),
    ("function fills a table", DANGEROUS, "CREATE TABLE n AS SELECT tidy();"),
    ("triggers off", DANGEROUS, "SET session_replication_role = 'replica';"),
    ("row security off", DANGEROUS, 'ALTER TABLE "Patient" NO FORCE ROW LEVEL SECURITY;'),
    ("one trigger off", DANGEROUS, 'ALTER TABLE "Patient" DISABLE TRIGGER audit;'),
    ("the triggers of users off", DANGEROUS, 'ALTER TABLE "Patient" DISABLE TRIGGER USER;'),
    ("a trigger on", RISKY, 'ALTER TABLE "Patient" ENABLE TRIGGER audit;'),
    ("a child leaves", DANGEROUS, 'ALTER TABLE "Patient" NO INHERIT "Doctor";'),
    ("rules", DANGEROUS, 'CREATE RULE r AS ON DELETE TO "Patient" DO INSTEAD NOTHING;'),
    ("UNLOGGED", DANGEROUS, 'ALTER TABLE "Patient" SET UNLOGGED;'),
    ("ALTER SYSTEM", DANGEROUS, "ALTER SYSTEM SET fsync = off;"),
    ("LOAD", DANGEROUS, "LOAD 'evil';"),
    ("a value of a type", RISKY, "ALTER TYPE \"Role\" ADD VALUE IF NOT EXISTS 'NURSE' BEFORE 'ADMIN';"),
    ("an attribute of a type", RISKY, "ALTER TYPE address ADD ATTRIBUTE street TEXT;"),
    ("a domain", RISKY, "CREATE DOMAIN email AS TEXT CHECK (VALUE LIKE '%@%');"),
    ("view", RISKY, 'CREATE OR REPLACE VIEW v AS SELECT * FROM "Patient";'),
    ("materialized view", RISKY, 'CREATE MATERIALIZED VIEW v AS SELECT count(*) FROM "Patient";'),
    ("function", RISKY, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'DELETE FROM x; SELECT 1';"),
    ("trigger", RISKY, 'CREATE TRIGGER t BEFORE UPDATE ON "Patient" FOR EACH ROW EXECUTE FUNCTION f();'),
    ("policy", RISKY, 'CREATE POLICY p ON "Patient" USING (true);'),
    ("row security on", RISKY, 'ALTER TABLE "Patient" ENABLE ROW LEVEL SECURITY;'),
    ("GRANT", RISKY, 'GRANT SELECT ON "Patient" TO reader;'),
    ("REVOKE", RISKY, 'REVOKE ALL ON "Patient" FROM reader;'),
    ("REVOKE of a role", RISKY, "REVOKE writer FROM app;"),
    ("REVOKE of a role, CASCADE", DANGEROUS, "REVOKE writer FROM app CASCADE;"),
    ("REVOKE on what it makes, CASCADE", DANGEROUS, "CREATE TABLE n (id INT); REVOKE ALL ON n FROM app CASCADE;"),
    ("COMMENT", RISKY, "COMMENT ON COLUMN \"Patient\".\"age\" IS 'in years';"),
    ("VACUUM", RISKY, 'VACUUM ANALYZE "Patient";'),
    ("CLUSTER", RISKY, 'CLUSTER "Patient" USING "Patient_phone_idx";'),
    ("REFRESH", RISKY, "REFRESH MATERIALIZED VIEW v;"),
    ("extension", RISKY, "CREATE EXTENSION IF NOT EXISTS citext;"),
    ("sequence", RISKY, "ALTER SEQUENCE numbers RESTART WITH 1;"),
    ("publication", RISKY, 'CREATE PUBLICATION p FOR TABLE "Patient";'),
    ("part attached", RISKY, 'ALTER TABLE "Patient" ATTACH PARTITION "Doctor" DEFAULT;'),
    ("part detached", DANGEROUS, 'ALTER TABLE "Patient" DETACH PARTITION "Doctor";'),
    ("a lock that waits long", RISKY, "SET lock_timeout = '10min'; CREATE TABLE n (id int);"),
    ("no limit for a lock", RISKY, "SET lock_timeout = '0s'; CREATE TABLE n (id int);"),
    ("a limit for a lock", SAFE, "SET LOCAL lock_timeout TO '500ms'; CREATE TABLE n (id int);"),
    ("a limit nobody understands", RISKY, "SET lock_timeout = '2 parsecs'; CREATE TABLE n (id int);"),
    ("part of another table", RISKY, "CREATE TABLE n PARTITION OF visits FOR VALUES IN (1);"),
    ("child of another table", RISKY, "CREATE TABLE n () INHERITS (visits);"),
    ("new table, UNLOGGED", RISKY, "CREATE UNLOGGED TABLE n (id int);"),
    ("made and dropped", RISKY, "CREATE TABLE n (id int); DROP TABLE n;"),
    ("made and changed", RISKY, "CREATE TABLE n (id int); ALTER TABLE n DROP COLUMN id;"),
    ("made and renamed", RISKY, "CREATE TABLE n (id int); ALTER TABLE n RENAME id TO key;"),
    ("made and filled", RISKY, "CREATE TABLE n (id int); INSERT INTO n VALUES (1); UPDATE n SET id = 2;"),
    ("schema with what is in it", DANGEROUS, "CREATE SCHEMA s CREATE TABLE n (id int);"),
    ("statistics", RISKY, 'CREATE STATISTICS s ON "age", "zip" FROM "Patient";'),
    ("MERGE", DANGEROUS, 'MERGE INTO "Patient" p USING "Doctor" d ON p.id = d.id WHEN MATCHED THEN DELETE;'),
    ("computed when read", RISKY, 'ALTER TABLE "Patient" ADD "a" INT GENERATED ALWAYS AS ("age" + 1) VIRTUAL;'),
    ("NOT NULL for new rows", RISKY, 'ALTER TABLE "Patient" ADD CONSTRAINT c NOT NULL "zip" NOT VALID;'),
    ("cursor that deletes", RISKY, 'DECLARE c CURSOR FOR SELECT * FROM "Patient";'),
    ("function moved", RISKY, "ALTER FUNCTION f() SET SCHEMA billing;"),
    ("sequence owned", RISKY, 'ALTER TABLE numbers OWNER TO app;'),
    ("subscription", RISKY, "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p;"),
    ("access method", RISKY, 'ALTER TABLE "Patient" SET ACCESS METHOD heap;'),
    ("XML in a default", RISKY, 'ALTER TABLE "Patient" ADD "x" XML DEFAULT xmlelement(name a);'),
    ("foreign key, both new", RISKY, "CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE b (a INT REFERENCES a(id));"),
    ("foreign key to the table itself", SAFE, "CREATE TABLE a (id INT PRIMARY KEY, p INT REFERENCES a(id));"),
    ("foreign key NOT VALID", DANGEROUS,
     'ALTER TABLE "Appointment" ADD CONSTRAINT f FOREIGN KEY ("patientId") REFERENCES "Patient"("id") NOT VALID;'),
    ("foreign key validated", RISKY, 'ALTER TABLE "Patient" VALIDATE CONSTRAINT "Patient_doctorId_fkey";'),
    ("foreign key deferred", DANGEROUS, 'ALTER TABLE "Patient" ALTER CONSTRAINT "Patient_doctorId_fkey" DEFERRABLE;'),
    ("foreign key dropped", DANGEROUS, 'ALTER TABLE "Patient" DROP CONSTRAINT IF EXISTS "Patient_doctorId_fkey";'),
]  # fmt: skip


@pytest.mark.parametrize(("safety", "sql"), [row[1:] for row in DECIDED], ids=[row[0] for row in DECIDED])
def test_what_the_checklist_is_silent_about_is_as_was_decided(safety: Safety, sql: str) -> None:
    for facts in (None, TODAY):
        reading = read_migration("m", sql, facts=facts)
        assert reading.safety is safety, [one.reason for one in reading.findings]


def test_that_a_required_column_has_a_value_chooses_no_rows() -> None:
    """Who has to write a WHERE writes such a one; only the database says that it is none."""
    every = read_migration("m", 'DELETE FROM "Patient" WHERE "age" IS NOT NULL;', facts=TODAY)
    some = read_migration("m", 'DELETE FROM "Patient" WHERE "phone" IS NOT NULL;', facts=TODAY)

    assert (every.safety, some.safety) == (DANGEROUS, RISKY)
    assert "Deletes every row of Patient (1,000 rows): no WHERE chooses some" in every.findings[0].reason


def test_rows_that_are_overwritten_are_said_to_be() -> None:
    reading = read_migration("m", 'INSERT INTO "Doctor" VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 1;', facts=TODAY)

    assert "overwrites rows of Doctor (12 rows)" in reading.findings[0].reason
    assert reading.irreversible == ("the values that Doctor held are gone",)


def test_a_right_that_is_taken_is_said_as_it_is_written() -> None:
    reading = read_migration("m", 'REVOKE SELECT, INSERT ON "Patient", "Doctor" FROM app, PUBLIC;')

    assert [one.reason for one in reading.findings] == [
        "REVOKE takes SELECT, INSERT on Patient from app, PUBLIC",
        "REVOKE takes SELECT, INSERT on Doctor from app, PUBLIC",
    ]
    assert reading.irreversible == ("who had which right before is not known from the text",)
