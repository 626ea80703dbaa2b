"""From which step on the way back is closed."""

import pytest

from policy.migrations import read_migrations
from policy.migrations.closing import list_taken_away, say_when_the_way_back_closes
from policy.migrations.order import plan_order

ADDS = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;'
UNIQUE = 'CREATE UNIQUE INDEX "one_name" ON "Patient"("name");'
DROPS = 'ALTER TABLE "Patient" DROP COLUMN "createdAt";'
RENAMES = 'ALTER TABLE "Patient" RENAME COLUMN "phone" TO "phoneNumber";'
OPEN = "No migration closes the way back: the version before lives on with what they add, and can come back."


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"20261126_nickname": ADDS}, OPEN),
        ({"20261126_one_name": UNIQUE}, OPEN),
        (
            {"20261126_drop": DROPS},
            "From 6.3.2 after web-server-2 on (20261126_drop: Patient.createdAt dropped) the version before cannot come"
            " back; until then it can.",
        ),
        (
            {"20261125_nickname": ADDS, "20261126_drop": DROPS, "20261127_rename": RENAMES},
            "From 6.3.2 after web-server-2 on (20261126_drop: Patient.createdAt dropped; 20261127_rename: Patient.phone"
            " renamed) the version before cannot come back; until then it can.",
        ),
        (
            {"20261126_drop": 'ALTER TABLE "Patient" DROP COLUMN "<b>`x`";'},
            "From 6.3.2 after web-server-2 on (20261126_drop: Patient.&lt;b>'x' dropped) the version before cannot come"
            " back; until then it can.",
        ),
    ],
)
def test_the_step_from_which_on_the_version_before_cannot_come_back_is_named(
    files: dict[str, str], sentence: str
) -> None:
    assert say_when_the_way_back_closes(read_migrations(files), last_server="web-server-2") == sentence


@pytest.mark.parametrize(
    ("sql", "away"),
    [
        ('DROP VIEW "Ids";', "Ids dropped"),
        ('DROP MATERIALIZED VIEW "Ids";', "Ids dropped"),
        ("DROP FUNCTION f(int);", "f dropped"),
        ('DROP TRIGGER stamp ON "Patient";', "Patient.stamp dropped"),
        ('DROP TYPE "Role";', "Role dropped"),
        ('ALTER TABLE "Patient" ALTER COLUMN "id" DROP DEFAULT;', "Patient.id without a default"),
        ('DROP INDEX "Patient_email_key";', "Patient_email_key dropped"),
        ('ALTER TABLE "Patient" DROP CONSTRAINT "Patient_email_key";', "Patient without Patient_email_key"),
        ('ALTER TABLE "Patient" DROP CONSTRAINT "Patient_pkey";', "Patient without Patient_pkey"),
        ('ALTER TABLE "Patient" ALTER "id" DROP IDENTITY;', "Patient.id without a default"),
        ('ALTER TABLE "Patient" ALTER "id" DROP IDENTITY IF EXISTS;', "Patient.id without a default"),
        ('ALTER TABLE "Patient" ALTER "age" DROP EXPRESSION;', "Patient.age without a default"),
        ('ALTER TABLE "Patient" ALTER "id" SET GENERATED ALWAYS;', "Patient.id GENERATED ALWAYS"),
        ('ALTER TABLE "Patient" ALTER "id" SET GENERATED ALWAYS RESTART 7;', "Patient.id GENERATED ALWAYS"),
        ('ALTER TABLE "Patient" ALTER "id" ADD GENERATED ALWAYS AS IDENTITY;', "Patient.id GENERATED ALWAYS"),
        ('ALTER TABLE "Patient" FORCE ROW LEVEL SECURITY;', "Patient behind row security"),
        ('ALTER TABLE "Patient" ENABLE ROW LEVEL SECURITY;', "Patient behind row security"),
        ('CREATE POLICY p ON "Patient" AS RESTRICTIVE USING (true);', "Patient behind p"),
        ('ALTER POLICY p ON "Patient" USING (false);', "Patient.p in another shape"),
        ('ALTER TABLE "Adult" NO INHERIT "Patient";', "Patient without Adult"),
        ('ALTER TABLE "Patient" DISABLE TRIGGER stamp;', "Patient.stamp off"),
        ('ALTER TABLE "Patient" DISABLE TRIGGER USER;', "Patient without its triggers"),
        ('ALTER TABLE "Patient" ENABLE REPLICA TRIGGER stamp;', "Patient.stamp off"),
        ('ALTER TABLE "Patient" DISABLE TRIGGER ALL;', "Patient without its triggers"),
        ('ALTER TABLE "Patient" OWNER TO app;', "Patient owned by app"),
        ('ALTER VIEW "Ids" OWNER TO app;', "Ids owned by app"),
        ("ALTER FUNCTION f(int) OWNER TO CURRENT_USER;", "f owned by CURRENT_USER"),
        ('REVOKE SELECT ON "Patient" FROM app;', "Patient without SELECT for app"),
        ('REVOKE SELECT ON "Patient" FROM app CASCADE;', "Patient without SELECT for app"),
        ('REVOKE SELECT ("phone"), UPDATE ON "Patient" FROM app;', "Patient without SELECT (phone), UPDATE for app"),
        ("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM app;", "every table in public without every right for app"),
        ("REVOKE USAGE ON SCHEMA public FROM PUBLIC;", "the schema public without USAGE for PUBLIC"),
        ("REVOKE EXECUTE ON FUNCTION f(int) FROM app;", "the function f without EXECUTE for app"),
        ('REVOKE USAGE ON TYPE "Role" FROM app;', "the type Role without USAGE for app"),
        ("REVOKE CONNECT ON DATABASE holi FROM app;", "the database holi without CONNECT for app"),
        ("REVOKE SELECT ON LARGE OBJECT 5 FROM app;", "the largeobject 5 without SELECT for app"),
        ("REVOKE writer FROM app;", "app without the role writer"),
        ("ALTER ROLE app NOLOGIN;", "app without LOGIN"),
        ("ALTER ROLE app NOBYPASSRLS;", "app without BYPASSRLS"),
        ("ALTER ROLE app PASSWORD NULL;", "app with another password"),
        ("ALTER ROLE app VALID UNTIL '2027-01-01';", "app with an end"),
        ("ALTER GROUP writer DROP USER app;", "writer without some of its members"),
        ("DROP ROLE app;", "app dropped"),
        ("DROP OWNED BY app;", "all that app owns dropped"),
        ("DROP DATABASE holi;", "holi dropped"),
    ],
)
def test_what_the_version_before_may_need_is_taken_away_after_the_last_server(sql: str, away: str) -> None:
    (reading,) = read_migrations({"m": sql})

    assert list_taken_away(reading) == (away,)
    assert plan_order([reading]).after == ("m",)


@pytest.mark.parametrize(
    "sql",
    [
        'DROP INDEX "Patient_name_idx";',
        'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_age_check";',
        'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_doctorId_fkey";',
        'ALTER TABLE "Patient" ALTER COLUMN "phone" SET DEFAULT \'\';',
        "CREATE TYPE t AS ENUM ('a'); DROP TYPE t;",
        'ALTER TABLE "Patient" ALTER "id" SET GENERATED BY DEFAULT;',
        'ALTER TABLE "Patient" ALTER "id" RESTART;',
        'ALTER TABLE "Patient" ALTER "id" ADD GENERATED BY DEFAULT AS IDENTITY;',
        'ALTER TABLE "Patient" DISABLE TRIGGER stamp; ALTER TABLE "Patient" ENABLE TRIGGER stamp;',
        'ALTER TABLE "Patient" DISABLE TRIGGER USER; ALTER TABLE "Patient" ENABLE TRIGGER USER;',
        'ALTER TABLE "Patient" DISABLE TRIGGER stamp; ALTER TABLE "Patient" ENABLE TRIGGER ALL;',
        'CREATE POLICY p ON "Patient" USING (true);',
        'GRANT SELECT ON "Patient" TO app;',
        "GRANT writer TO app;",
        'REVOKE GRANT OPTION FOR SELECT ON "Patient" FROM app;',
        "REVOKE ADMIN OPTION FOR writer FROM app;",
        "ALTER ROLE app LOGIN;",
        "CREATE TABLE n (id INT); REVOKE ALL ON n FROM PUBLIC; ALTER TABLE n OWNER TO app;",
        "CREATE TABLE n (id INT); ALTER TABLE n ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON n USING (true);",
        "CREATE SEQUENCE s; REVOKE ALL ON SEQUENCE s FROM PUBLIC; ALTER SEQUENCE s OWNER TO app;",
        "CREATE VIEW v AS SELECT 1; REVOKE ALL ON v FROM PUBLIC;",
        "CREATE SCHEMA s; REVOKE ALL ON SCHEMA s FROM PUBLIC; ALTER SCHEMA s OWNER TO app;",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION f() FROM PUBLIC;",
        "CREATE ROLE r; ALTER ROLE r PASSWORD 'x'; REVOKE SELECT ON \"Patient\" FROM r; REVOKE writer FROM r;",
    ],
)
def test_what_the_version_before_lives_without_closes_nothing(sql: str) -> None:
    (reading,) = read_migrations({"m": sql})

    assert (list_taken_away(reading), reading.breaks) == ((), ())


def test_what_is_added_takes_nothing_from_the_version_before() -> None:
    added, dropped = read_migrations({"a": UNIQUE, "b": DROPS})

    assert list_taken_away(added) == ()
    assert list_taken_away(dropped) == ("Patient.createdAt dropped",)


def test_the_trigger_of_another_table_does_not_come_back() -> None:
    (reading,) = read_migrations(
        {"m": 'ALTER TABLE "Patient" DISABLE TRIGGER stamp; ALTER TABLE "Doctor" ENABLE TRIGGER stamp;'}
    )

    assert list_taken_away(reading) == ("Patient.stamp off",)
