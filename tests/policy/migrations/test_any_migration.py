"""Whatever stands in a migration, reading it ends with a class, and never with "safe" for what is on no safe list."""

from hypothesis import given, settings
from hypothesis import strategies as st
from pglast import parse_sql

from policy.migrations import MigrationReading, Safety, read_migration, read_migrations
from policy.migrations.drawing import draw_migrations
from policy.migrations.findings import worst_class
from policy.migrations.questions import list_questions
from tests.policy.migrations.company import TODAY
from tests.policy.migrations.ddl import DANGEROUS, NOT_SAFE, SAFE, files

ANY = files(SAFE, NOT_SAFE, DANGEROUS)


def without_new_tables(statements: list[str]) -> list[str]:
    """What is done to a table of the file itself harms nobody."""
    return [one for one in statements if not one.startswith("CREATE TABLE")]


def both(sql: str) -> tuple[MigrationReading, MigrationReading]:
    return read_migration("m", sql), read_migration("m", sql, facts=TODAY)


@given(st.text())
def test_any_text_has_a_class_and_is_not_safe_unless_it_was_read(text: str) -> None:
    for reading in both(text):
        assert reading.statements or reading.safety is not Safety.SAFE


@given(ANY)
@settings(max_examples=300)
def test_any_migration_has_a_class_a_reason_and_a_way_back_or_why_there_is_none(sql: str) -> None:
    for reading in both(sql):
        assert all(one.reason for one in reading.findings)
        assert not (reading.down and reading.irreversible)
        assert draw_migrations([reading], [])
    list_questions([sql])


@given(ANY)
@settings(max_examples=200)
def test_a_file_is_as_bad_as_its_worst_statement_at_least(sql: str) -> None:
    for reading in both(sql):
        worst = worst_class(one.safety for one in reading.statements)
        assert worst_class((worst, reading.safety)) is reading.safety


@given(ANY)
@settings(max_examples=200)
def test_what_takes_a_file_back_can_be_read(sql: str) -> None:
    for reading in both(sql):
        assert [len(parse_sql(statement)) for statement in reading.down] == [1] * len(reading.down)


@given(st.lists(files(SAFE, NOT_SAFE), min_size=1, max_size=3))
@settings(max_examples=100)
def test_files_of_a_release_are_as_bad_together_as_alone_or_worse(texts: list[str]) -> None:
    alone = [read_migration("m", sql) for sql in texts]
    together = read_migrations({str(place): sql for place, sql in enumerate(texts)}, facts=TODAY)

    for one, other in zip(alone, together, strict=True):
        assert other.safety is not Safety.SAFE or one.safety is Safety.SAFE


@given(SAFE)
@settings(max_examples=200)
def test_a_statement_of_the_safe_list_alone_is_safe(sql: str) -> None:
    assert read_migration("m", sql).safety is Safety.SAFE


@given(st.lists(SAFE, max_size=2), NOT_SAFE, st.lists(SAFE, max_size=2))
@settings(max_examples=400)
def test_one_statement_of_no_safe_list_spoils_the_file(before: list[str], bad: str, after: list[str]) -> None:
    sql = ";\n".join((*without_new_tables(before), bad, *after))

    for reading in both(sql):
        assert reading.safety is not Safety.SAFE


@given(st.lists(st.one_of(SAFE, NOT_SAFE), max_size=4), DANGEROUS, st.lists(st.one_of(SAFE, NOT_SAFE), max_size=4))
@settings(max_examples=400)
def test_one_dangerous_statement_makes_the_file_dangerous(before: list[str], bad: str, after: list[str]) -> None:
    sql = ";\n".join((*without_new_tables(before), bad, *after))

    assert read_migration("m", sql).safety is Safety.DANGEROUS


@given(ANY, st.integers(min_value=0, max_value=200))
def test_a_file_that_was_cut_short_is_read_or_dangerous(sql: str, length: int) -> None:
    reading = read_migration("m", sql[:length])

    assert reading.statements or reading.safety is not Safety.SAFE


@given(ANY)
@settings(max_examples=100)
def test_comments_and_line_ends_change_nothing(sql: str) -> None:
    other = "/* DROP TABLE x; */\r\n" + sql.replace("\n", "\r\n") + "\n-- TRUNCATE y;"

    assert read_migration("m", other).safety is read_migration("m", sql).safety
