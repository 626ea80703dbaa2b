"""What is not tried in a scratch database, because it would change more than that."""

import pytest

from policy.migrations.reach import say_what_reaches_out


@pytest.mark.parametrize(
    "sql",
    [
        'DROP DATABASE "holi";',
        "DROP DATABASE IF EXISTS holi WITH (FORCE);",
        "CREATE DATABASE other;",
        "ALTER DATABASE holi SET search_path = x;",
        "ALTER DATABASE holi RENAME TO x;",
        "ALTER ROLE app PASSWORD 'x';",
        "CREATE ROLE x; CREATE TABLE a (id int);",
        "DROP ROLE app;",
        "ALTER ROLE app RENAME TO x;",
        "GRANT admin TO app;",
        "DROP OWNED BY app;",
        "REASSIGN OWNED BY app TO x;",
        "ALTER SYSTEM SET fsync = off;",
        "DROP TABLESPACE fast;",
        "COPY a TO PROGRAM 'rm -r /';",
        "COPY a FROM '/etc/passwd';",
        "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p;",
        "ALTER DATABASE holi OWNER TO x;",
        "COMMENT ON DATABASE holi IS 'x';",
        "GRANT CONNECT ON DATABASE holi TO x;",
        "LOAD 'evil';",
        "this is no SQL",
    ],
)
def test_what_changes_more_than_its_database_is_named(sql: str) -> None:
    assert say_what_reaches_out(sql) != ""


@pytest.mark.parametrize(
    "sql",
    [
        'ALTER TABLE "Patient" DROP COLUMN "phone";',
        "DO $$ BEGIN PERFORM 1; END $$;",
        'GRANT SELECT ON "Patient" TO app;',
        "COMMENT ON TABLE \"Patient\" IS 'x';",
        "ALTER TABLE a RENAME TO b;",
        "CREATE SCHEMA s; DROP SCHEMA s;",
        "",
    ],
)
def test_what_stays_in_its_database_is_tried(sql: str) -> None:
    assert say_what_reaches_out(sql) == ""
