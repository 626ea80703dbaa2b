"""Strategies for migrations: statements by what 6.2 says of them, in whatever spelling."""

from hypothesis import strategies as st

NAMES = st.sampled_from(("Patient", "Visit", "patients", "a b", 'q"uote', "é", "DROP TABLE x", "a;b", "user"))
SCHEMAS = st.sampled_from(("", "", "public.", '"billing".', "pg_temp."))
TYPES = st.sampled_from(
    (
        "TEXT",
        "INTEGER",
        "VARCHAR(20)",
        "TIMESTAMPTZ",
        "TIMESTAMP(3)",
        "JSONB",
        "UUID",
        '"Role"',
        "INT[]",
        "DECIMAL(65,30)",
    )
)
CONSTANTS = st.sampled_from(
    (
        "0",
        "''",
        "false",
        "NULL",
        "now()",
        "CURRENT_TIMESTAMP",
        "'{}'::jsonb",
        "-1",
        "ARRAY[]::TEXT[]",
        "$$;DROP$$",
        "1 + 1",
    )
)
MOVING = st.sampled_from(
    ("random()", "gen_random_uuid()", "clock_timestamp()", "nextval('n')", "f(1)", "md5(random()::text)", "s.now()")
)
MAYBE = st.sampled_from(("", "IF EXISTS "))
ONLY = st.sampled_from(("", "ONLY "))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


QUOTED = NAMES.map(quoted)
TABLES = st.builds("{}{}".format, SCHEMAS, QUOTED)


def said(pattern: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A statement with its gaps filled."""
    return st.builds(pattern.format, *parts)


SAFE = st.one_of(
    said("ALTER TABLE {}{} ADD COLUMN {} {}", ONLY, TABLES, QUOTED, TYPES),
    said("ALTER TABLE {} ADD {} {} DEFAULT {}", TABLES, QUOTED, TYPES, CONSTANTS),
    said("alter table {} add column {} {}, add column {} {}", TABLES, QUOTED, TYPES, QUOTED, TYPES),
    said("CREATE TABLE {} ({} {})", QUOTED, QUOTED, TYPES),
    said("CREATE INDEX CONCURRENTLY {} ON {} ({})", QUOTED, TABLES, QUOTED),
)
NOT_SAFE = st.one_of(
    said("ALTER TABLE {} ADD COLUMN {} {} DEFAULT {}", TABLES, QUOTED, TYPES, MOVING),
    said("ALTER TABLE {} ADD COLUMN {} {} NOT NULL", TABLES, QUOTED, TYPES),
    said("ALTER TABLE {} ADD COLUMN {} {} NOT NULL DEFAULT NULL::text", TABLES, QUOTED, TYPES),
    said("ALTER TABLE {} ADD COLUMN {} {} UNIQUE", TABLES, QUOTED, TYPES),
    said("ALTER TABLE {} ADD COLUMN {} {}, ADD CHECK ({} IS NOT NULL)", TABLES, QUOTED, TYPES, QUOTED),
    said("ALTER TABLE {} ADD COLUMN {} INT GENERATED ALWAYS AS (1) STORED", TABLES, QUOTED),
    said("ALTER TABLE {} ADD COLUMN {} INT GENERATED ALWAYS AS IDENTITY", TABLES, QUOTED),
    said("ALTER TABLE {} ADD COLUMN {} BIGSERIAL", TABLES, QUOTED),
    said("ALTER TABLE {}{} ALTER COLUMN {} SET NOT NULL", MAYBE, TABLES, QUOTED),
    said("ALTER TABLE {} ALTER COLUMN {} TYPE {}", TABLES, QUOTED, TYPES),
    said("ALTER TABLE {} ALTER {} SET DATA TYPE {} USING {}", TABLES, QUOTED, TYPES, CONSTANTS),
    said("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}", TABLES, QUOTED, CONSTANTS),
    said("ALTER TABLE {} ALTER COLUMN {} SET STATISTICS 100", TABLES, QUOTED),
    said("ALTER TABLE {} RENAME COLUMN {} TO {}", TABLES, QUOTED, QUOTED),
    said("ALTER TABLE {} RENAME TO {}", TABLES, QUOTED),
    said("ALTER TABLE {} SET SCHEMA {}", TABLES, QUOTED),
    said("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", TABLES, QUOTED, QUOTED),
    said("ALTER TABLE {} ADD CONSTRAINT {} UNIQUE ({})", TABLES, QUOTED, QUOTED),
    said("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({} > 0) NOT VALID", TABLES, QUOTED, QUOTED),
    said("ALTER TABLE {} VALIDATE CONSTRAINT {}", TABLES, QUOTED),
    said("ALTER TABLE {} ENABLE TRIGGER {}", TABLES, QUOTED),
    said("ALTER TABLE {} ENABLE ROW LEVEL SECURITY", TABLES),
    said("ALTER TABLE {} REPLICA IDENTITY FULL", TABLES),
    said("ALTER TABLE {} OWNER TO {}", TABLES, QUOTED),
    said("ALTER TABLE {} ATTACH PARTITION {} DEFAULT", TABLES, QUOTED),
    said("ALTER TYPE {} ADD ATTRIBUTE {} {}", QUOTED, QUOTED, TYPES),
    said("ALTER TYPE {} ADD VALUE 'x'", QUOTED),
    said("ALTER VIEW {} ALTER COLUMN {} SET DEFAULT {}", TABLES, QUOTED, CONSTANTS),
    said("ALTER FOREIGN TABLE {} ADD COLUMN {} {}", TABLES, QUOTED, TYPES),
    said("ALTER INDEX {} RENAME TO {}", TABLES, QUOTED),
    said("CREATE INDEX {} ON {} ({})", QUOTED, TABLES, QUOTED),
    said("CREATE UNIQUE INDEX CONCURRENTLY {} ON {} ({})", QUOTED, TABLES, QUOTED),
    said("CREATE TABLE {} ({} INT REFERENCES other)", QUOTED, QUOTED),
    said("CREATE TABLE {} AS SELECT * FROM other", QUOTED),
    said("CREATE VIEW {} AS SELECT 1", QUOTED),
    said("CREATE MATERIALIZED VIEW {} AS SELECT 1", QUOTED),
    said("CREATE TYPE {} AS ENUM ('a')", QUOTED),
    said("CREATE DOMAIN {} AS {}", QUOTED, TYPES),
    said("CREATE SEQUENCE {}", QUOTED),
    said("CREATE EXTENSION {}", QUOTED),
    said("CREATE SCHEMA {}", QUOTED),
    said("CREATE FUNCTION {}() RETURNS int LANGUAGE sql AS 'DROP TABLE x; SELECT 1'", QUOTED),
    said("CREATE TRIGGER {} BEFORE UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION f()", QUOTED, TABLES),
    said("CREATE POLICY {} ON {} USING (true)", QUOTED, TABLES),
    said("CREATE PUBLICATION {} FOR TABLE {}", QUOTED, TABLES),
    said("DROP INDEX {}{}", MAYBE, TABLES),
    said("DROP VIEW {}{}", MAYBE, TABLES),
    said("DROP TYPE {}{}", MAYBE, TABLES),
    said("DROP FUNCTION {}{}(int)", MAYBE, TABLES),
    said("INSERT INTO {} VALUES ({})", TABLES, CONSTANTS),
    said("INSERT INTO {} SELECT * FROM {}", TABLES, TABLES),
    said("UPDATE {} SET {} = {} WHERE {} = 1", TABLES, QUOTED, CONSTANTS, QUOTED),
    said("COMMENT ON TABLE {} IS NULL", TABLES),
    said("GRANT SELECT ON {} TO PUBLIC", TABLES),
    said("REVOKE SELECT ({}) ON {} FROM {}, PUBLIC", QUOTED, TABLES, QUOTED),
    said("REVOKE ALL ON FUNCTION {}(int) FROM PUBLIC", QUOTED),
    said("ALTER ROLE {} NOLOGIN PASSWORD NULL", QUOTED),
    said("ALTER POLICY {} ON {} USING (true)", QUOTED, TABLES),
    said("ALTER TABLE {} ALTER COLUMN {} DROP IDENTITY IF EXISTS", TABLES, QUOTED),
    said("ALTER TABLE {} ALTER COLUMN {} DROP EXPRESSION", TABLES, QUOTED),
    said("ALTER TABLE {} ALTER COLUMN {} SET GENERATED ALWAYS", TABLES, QUOTED),
    said("REINDEX TABLE {}", TABLES),
    said("VACUUM {}", TABLES),
    said("LOCK TABLE {}", TABLES),
    said("CLUSTER {}", TABLES),
    said("REFRESH MATERIALIZED VIEW {}", TABLES),
    said("EXPLAIN DELETE FROM {}", TABLES),
    st.sampled_from(("SET lock_timeout = 0", "RESET ALL", "SET ROLE x", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s")),
    st.sampled_from(("ANALYZE", "CHECKPOINT", "DISCARD ALL", "NOTIFY x", "SELECT 1", "TABLE x", "VALUES (1)")),
)
DANGEROUS = st.one_of(
    said("ALTER TABLE {} DROP COLUMN {}{}", TABLES, MAYBE, QUOTED),
    said("ALTER TABLE {} ADD COLUMN {} {}, DROP {} CASCADE", TABLES, QUOTED, TYPES, QUOTED),
    said("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", TABLES, QUOTED),
    said("ALTER TABLE {} ADD FOREIGN KEY ({}) REFERENCES {}", TABLES, QUOTED, QUOTED),
    said("ALTER TABLE {} ADD COLUMN {} INT REFERENCES {}", TABLES, QUOTED, QUOTED),
    said("ALTER TABLE {} DROP CONSTRAINT {}", TABLES, QUOTED),
    said("ALTER TABLE {} SET UNLOGGED", TABLES),
    said("ALTER TABLE {} DISABLE ROW LEVEL SECURITY", TABLES),
    said("ALTER TABLE {} DISABLE TRIGGER ALL", TABLES),
    said("ALTER TABLE {} DISABLE TRIGGER {}", TABLES, QUOTED),
    said("ALTER TABLE {} NO INHERIT {}", TABLES, QUOTED),
    said("ALTER TABLE {} DETACH PARTITION {}", TABLES, QUOTED),
    said("DROP TABLE {}{}", MAYBE, TABLES),
    said("DROP SCHEMA {}{}", MAYBE, QUOTED),
    said("DROP TYPE {} CASCADE", QUOTED),
    said("TRUNCATE {}", TABLES),
    said("DELETE FROM {}", TABLES),
    said("DELETE FROM {} WHERE {} = 1 OR true", TABLES, QUOTED),
    said("UPDATE {} SET {} = {}", TABLES, QUOTED, CONSTANTS),
    said("WITH d AS (DELETE FROM {} RETURNING 1) SELECT 1", TABLES),
    said("EXPLAIN ANALYZE DELETE FROM {}", TABLES),
    said("COPY (DELETE FROM {} RETURNING 1) TO '/tmp/x'", TABLES),
    said("COPY {} FROM PROGRAM 'x'", TABLES),
    said("CREATE RULE {} AS ON DELETE TO {} DO INSTEAD NOTHING", QUOTED, TABLES),
    said("SELECT {}({})", QUOTED, CONSTANTS),
    said("INSERT INTO {} SELECT {}({})", TABLES, QUOTED, CONSTANTS),
    said("UPDATE {} SET {} = setval('s', 1) WHERE {} = 1", TABLES, QUOTED, QUOTED),
    said("CREATE TABLE {} AS SELECT f(1)", QUOTED),
    st.sampled_from(
        ("DO 'BEGIN END'", "CALL f()", "EXECUTE q", "DROP OWNED BY x", "LOAD 'x'", "ALTER SYSTEM RESET ALL")
    ),
)
NOISE = st.sampled_from(
    ("-- DROP TABLE x;\n", "/* DELETE FROM y; /* nested */ */ ", "\r\n", "  ", "-- SAFE\n", ";", "\t\n\n", "-- é\n")
)


def written(statements: list[str], noise: list[str]) -> str:
    return "".join(f"{before}{statement};" for before, statement in zip(noise, statements, strict=False))


def files(*kinds: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Whole migrations of some statements, with what stands between them."""
    statements = st.lists(st.one_of(*kinds), min_size=1, max_size=6)
    return st.builds(written, statements, st.lists(NOISE, min_size=6, max_size=6))
