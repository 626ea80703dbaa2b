"""What is no migration, or none that can be carried out here: each has a sentence, and nothing is touched."""

import hashlib
from dataclasses import replace

import pytest

from policy.judgement import Verdict
from policy.limits import Risk
from policy.migrations import DatabaseFacts, Safety, Table, read_migration
from policy.migrations.history import is_text_of
from policy.migrations.judging import judge_safety
from tests.policy.migrations.company import TODAY

UNREADABLE = [
    pytest.param("ALTER TABEL x ADD y INT;", 'line 1: syntax error at or near "TABEL"', id="no SQL"),
    pytest.param(
        "CREATE TABLE a (id INT);\nCREATE TABLE b (id INT", "line 2: syntax error at end of input", id="cut short"
    ),
    pytest.param("CREATE TABLE a (t TEXT DEFAULT 'x);", "line 1: unterminated quoted string", id="open quote"),
    pytest.param("/* no end", "unterminated /* comment", id="open comment"),
    pytest.param("DO $$ BEGIN", "unterminated dollar-quoted string", id="open dollar"),
    pytest.param("\ufeffCREATE TABLE a (id INT);", "begins with a byte order mark", id="byte order mark"),
    pytest.param("CREATE TABLE a (id INT);\0", "null character", id="null byte"),
    pytest.param(
        'CREATE TABLE "é" (id INT);'.encode("latin-1").decode("utf-8", "surrogateescape"), "is not UTF-8", id="Latin-1"
    ),
    pytest.param(
        "CREATE TABLE a (id INT);".encode("utf-16").decode("utf-8", "surrogateescape"), "null character", id="UTF-16"
    ),
    pytest.param("SELECT " + "(" * 20_000 + "1" + ")" * 20_000, "memory exhausted", id="nested"),
    pytest.param("\\i other.sql", 'syntax error at or near "\\"', id="a command of psql"),
    pytest.param("CREATE TABLE a (id INT) ENGINE=InnoDB;", 'syntax error at or near "ENGINE"', id="MySQL"),
    pytest.param("<<<<<<< HEAD\nCREATE TABLE a (id INT);", "syntax error", id="an unsolved merge"),
]


@pytest.mark.parametrize(("sql", "sentence"), UNREADABLE)
def test_what_cannot_be_read_is_dangerous_and_says_where(sql: str, sentence: str) -> None:
    reading = read_migration("m", sql)

    assert reading.safety is Safety.DANGEROUS
    assert reading.findings[0].reason.startswith("Cannot be read: ")
    assert sentence in reading.findings[0].reason
    assert not reading.is_atomic


@pytest.mark.parametrize("sql", ["", "   \n", "-- This is an empty migration.", "/* nothing */", ";", ";;\n;"])
def test_a_migration_without_a_statement_does_not_pass(sql: str) -> None:
    reading = read_migration("m", sql)

    assert reading.safety is not Safety.SAFE
    assert judge_safety([reading], risk=Risk.HIGH).verdict is Verdict.FAILED


def test_lines_are_counted_whatever_ends_them_and_whatever_stands_in_them() -> None:
    sql = '-- é\r\nCREATE TABLE "ñandú" (id INT);\r\n\r\n/* 🩺 */ CREATE TABLE b (id INT); CREATE TABLE c (id INT);\r\n'

    assert [one.line for one in read_migration("m", sql).statements] == [2, 4, 4]


def test_a_very_long_file_is_read_whole() -> None:
    sql = "".join(f'CREATE TABLE "t{number}" (id INT);\n' for number in range(2_000))

    assert read_migration("m", sql).safety is Safety.SAFE
    assert read_migration("m", sql + 'DROP TABLE "Patient";').safety is Safety.DANGEROUS


THEIRS = replace(TODAY.tables["Patient"], owned=False, may=frozenset(("SELECT",)))
WITHOUT_RIGHTS = DatabaseFacts(
    18,
    {"Patient": THEIRS, "Mine": Table(1, may=frozenset(("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")))},
    user="holi",
    schemas=frozenset(("public", "billing")),
    locked_schemas=frozenset(("billing",)),
)
REFUSED = [
    pytest.param('ALTER TABLE "Patient" ADD COLUMN a INT;', "Patient belongs to somebody else than holi", id="ALTER"),
    pytest.param(
        'CREATE INDEX i ON "Patient"("phone");', "Patient belongs to somebody else than holi", id="CREATE INDEX"
    ),
    pytest.param('ALTER TABLE "Patient" RENAME TO "P";', "Patient belongs to somebody else than holi", id="RENAME"),
    pytest.param('CREATE POLICY p ON "Patient" USING (true);', "belongs to somebody else than holi", id="POLICY"),
    pytest.param('DROP TABLE "Patient";', "holi has no right to DROP on Patient", id="DROP"),
    pytest.param('TRUNCATE "Patient";', "holi has no right to TRUNCATE on Patient", id="TRUNCATE"),
    pytest.param('UPDATE "Patient" SET "age" = 1 WHERE "age" = 2;', "no right to UPDATE on Patient", id="UPDATE"),
    pytest.param('DELETE FROM "Patient" WHERE "age" = 2;', "no right to DELETE on Patient", id="DELETE"),
    pytest.param('INSERT INTO "Patient" ("age") SELECT 1;', "no right to INSERT on Patient", id="INSERT"),
    pytest.param(
        'CREATE TABLE a (p INT REFERENCES "Patient"(id));', "no right to REFERENCES on Patient", id="REFERENCES"
    ),
    pytest.param("CREATE TABLE billing.a (id INT);", "holi may make nothing in the schema billing", id="schema"),
    pytest.param("CREATE VIEW billing.v AS SELECT 1;", "holi may make nothing in the schema billing", id="view"),
]


@pytest.mark.parametrize(("sql", "sentence"), REFUSED)
def test_a_right_that_is_missing_is_said_before_anything_is_tried(sql: str, sentence: str) -> None:
    reading = read_migration("m", sql, facts=WITHOUT_RIGHTS)

    assert f"{sentence}, so this statement will fail" in "; ".join(reading.will_fail)
    assert judge_safety([reading], risk=Risk.HIGH).verdict is Verdict.FAILED


def test_a_right_that_is_there_is_not_missed() -> None:
    sql = 'UPDATE "Mine" SET a = 1 WHERE a = 2; CREATE TABLE b (id INT); SELECT * FROM "Patient";'

    assert read_migration("m", sql, facts=WITHOUT_RIGHTS).will_fail == ()


def test_git_may_change_line_ends_and_nothing_else() -> None:
    text = b"CREATE TABLE a (\n id INT\n);\n"
    kept = hashlib.sha256(text).hexdigest()

    assert is_text_of(text.replace(b"\n", b"\r\n"), kept)
    assert is_text_of(text, hashlib.sha256(text.replace(b"\n", b"\r\n")).hexdigest())
    assert is_text_of(text, "".join(f"{byte:x}" for byte in hashlib.sha256(text).digest()))
    assert not is_text_of(text + b"\n", kept)
    assert not is_text_of(text.replace(b"INT", b"int"), kept)
    assert not is_text_of(text, "")
