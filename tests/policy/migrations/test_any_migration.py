"""Whatever stands in a migration, reading it ends with a class, and never with "safe" for what is on no safe list."""

from hypothesis import given, settings
from hypothesis import strategies as st

from policy.migrations import Safety, read_migration

NAMES = st.sampled_from(("Patient", "Visit", "patients", "a b", 'q"uote', "é"))
TYPES = st.sampled_from(("TEXT", "INTEGER", "VARCHAR(20)", "TIMESTAMPTZ", "JSONB", "UUID", '"Role"', "INT[]"))
CONSTANTS = st.sampled_from(("0", "''", "false", "NULL", "now()", "CURRENT_TIMESTAMP", "'{}'::jsonb", "-1"))
MOVING = st.sampled_from(
    ("random()", "gen_random_uuid()", "clock_timestamp()", "nextval('n')", "f(1)", "md5(random()::text)")
)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


QUOTED = NAMES.map(quoted)
SAFE = st.one_of(
    st.builds("ALTER TABLE {} ADD COLUMN {} {}".format, QUOTED, QUOTED, TYPES),
    st.builds("ALTER TABLE {} ADD COLUMN {} {} DEFAULT {}".format, QUOTED, QUOTED, TYPES, CONSTANTS),
    st.builds("CREATE TABLE {} ({} {})".format, QUOTED, QUOTED, TYPES),
    st.builds("CREATE INDEX CONCURRENTLY {} ON {} ({})".format, QUOTED, QUOTED, QUOTED),
)
NOT_SAFE = st.one_of(
    st.builds("ALTER TABLE {} ADD COLUMN {} {} DEFAULT {}".format, QUOTED, QUOTED, TYPES, MOVING),
    st.builds("ALTER TABLE {} ADD COLUMN {} {} NOT NULL".format, QUOTED, QUOTED, TYPES),
    st.builds("ALTER TABLE {} ADD COLUMN {} {} UNIQUE".format, QUOTED, QUOTED, TYPES),
    st.builds("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL".format, QUOTED, QUOTED),
    st.builds("ALTER TABLE {} ALTER COLUMN {} TYPE {}".format, QUOTED, QUOTED, TYPES),
    st.builds("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}".format, QUOTED, QUOTED, CONSTANTS),
    st.builds("ALTER TABLE {} RENAME COLUMN {} TO {}".format, QUOTED, QUOTED, QUOTED),
    st.builds("ALTER TABLE {} ADD CONSTRAINT {} UNIQUE ({})".format, QUOTED, QUOTED, QUOTED),
    st.builds("ALTER TABLE {} ENABLE TRIGGER {}".format, QUOTED, QUOTED),
    st.builds("CREATE INDEX {} ON {} ({})".format, QUOTED, QUOTED, QUOTED),
    st.builds("CREATE UNIQUE INDEX CONCURRENTLY {} ON {} ({})".format, QUOTED, QUOTED, QUOTED),
    st.builds("INSERT INTO {} VALUES ({})".format, QUOTED, CONSTANTS),
    st.builds("UPDATE {} SET {} = {} WHERE {} = 1".format, QUOTED, QUOTED, CONSTANTS, QUOTED),
    st.builds("COMMENT ON TABLE {} IS NULL".format, QUOTED),
    st.builds("CREATE VIEW {} AS SELECT 1".format, QUOTED),
    st.builds("REINDEX TABLE {}".format, QUOTED),
    st.builds("GRANT SELECT ON {} TO PUBLIC".format, QUOTED),
    st.builds("LOCK TABLE {}".format, QUOTED),
    st.builds("CLUSTER {}".format, QUOTED),
)
DANGEROUS = st.one_of(
    st.builds("ALTER TABLE {} DROP COLUMN {}".format, QUOTED, QUOTED),
    st.builds("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL".format, QUOTED, QUOTED),
    st.builds("ALTER TABLE {} ADD FOREIGN KEY ({}) REFERENCES {}".format, QUOTED, QUOTED, QUOTED),
    st.builds("DROP TABLE {}".format, QUOTED),
    st.builds("DROP SCHEMA {} CASCADE".format, QUOTED),
    st.builds("DROP TYPE {} CASCADE".format, QUOTED),
    st.builds("TRUNCATE {}".format, QUOTED),
    st.builds("DELETE FROM {}".format, QUOTED),
    st.builds("UPDATE {} SET {} = {}".format, QUOTED, QUOTED, CONSTANTS),
    st.builds("SELECT {}({})".format, QUOTED, CONSTANTS),
    st.just("DO 'BEGIN END'"),
)
NOISE = st.sampled_from(("-- DROP TABLE x;\n", "/* DELETE FROM y; /* nested */ */ ", "\r\n", "  ", "-- SAFE\n"))


def written(statements: list[str], noise: list[str]) -> str:
    return "".join(f"{before}{statement};" for before, statement in zip(noise, statements, strict=False))


def files(*kinds: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    statements = st.lists(st.one_of(*kinds), min_size=1, max_size=5)
    return st.builds(written, statements, st.lists(NOISE, min_size=5, max_size=5))


@given(st.text())
def test_any_text_has_a_class_and_is_not_safe_unless_it_was_read(text: str) -> None:
    reading = read_migration("m", text)

    assert reading.statements or reading.safety is not Safety.SAFE


@given(files(SAFE, NOT_SAFE, DANGEROUS))
@settings(max_examples=200)
def test_any_migration_has_a_class_a_reason_and_a_way_back_or_why_there_is_none(sql: str) -> None:
    reading = read_migration("m", sql)

    assert all(one.reason for one in reading.findings)
    assert not (reading.down and reading.irreversible)


@given(SAFE)
def test_a_statement_of_the_safe_list_alone_is_safe(sql: str) -> None:
    assert read_migration("m", sql).safety is Safety.SAFE


@given(st.lists(SAFE, max_size=2), NOT_SAFE, st.lists(SAFE, max_size=2))
@settings(max_examples=200)
def test_one_statement_of_no_safe_list_spoils_the_file(before: list[str], bad: str, after: list[str]) -> None:
    sql = ";\n".join((*(one for one in before if not one.startswith("CREATE TABLE")), bad, *after))

    assert read_migration("m", sql).safety is not Safety.SAFE


@given(st.lists(st.one_of(SAFE, NOT_SAFE), max_size=4), DANGEROUS, st.lists(st.one_of(SAFE, NOT_SAFE), max_size=4))
@settings(max_examples=200)
def test_one_dangerous_statement_makes_the_file_dangerous(before: list[str], bad: str, after: list[str]) -> None:
    sql = ";\n".join((*(one for one in before if not one.startswith("CREATE TABLE")), bad, *after))

    assert read_migration("m", sql).safety is Safety.DANGEROUS


@given(files(SAFE, NOT_SAFE, DANGEROUS), st.integers(min_value=0, max_value=200))
def test_a_file_that_was_cut_short_is_read_or_dangerous(sql: str, length: int) -> None:
    reading = read_migration("m", sql[:length])

    assert reading.statements or reading.safety is not Safety.SAFE
