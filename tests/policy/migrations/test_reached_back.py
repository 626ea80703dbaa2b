"""A down.sql takes back what its migration added, and nothing that nobody counted (4.3.1)."""

import pytest

from policy.judgement import Verdict
from policy.migrations.added import list_additions
from policy.migrations.reached_back import judge_reached_back
from policy.migrations.trial import Down, Source

ADDITIONS = list_additions(['ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT; CREATE TABLE billing."Note" (id INT);'])


def judged(sql: str, source: Source = Source.FILE) -> list[tuple[Verdict, str]]:
    found = judge_reached_back({"m": Down(sql, source)}, ADDITIONS)
    return [(one.verdict, one.sentence) for one in found]


@pytest.mark.parametrize(
    "sql",
    [
        'ALTER TABLE "Patient" DROP COLUMN "nickname"; DROP TABLE billing."Note" CASCADE;',
        'DELETE FROM billing."Note"; ALTER TABLE public."Patient" DROP COLUMN IF EXISTS "nickname";',
        'ALTER TABLE billing."Note" DROP COLUMN id;',
        'DROP INDEX "by_nickname"; CREATE TABLE x (id INT); SELECT count(*) FROM "Patient";',
        "this is no SQL",
    ],
)
def test_what_was_added_may_go(sql: str) -> None:
    assert judged(sql) == []


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ('DELETE FROM "Patient" WHERE "nickname" IS NULL;', "Patient"),
        ('WITH d AS (DELETE FROM "Patient" RETURNING 1) SELECT count(*) FROM d;', "Patient"),
        ('UPDATE "Patient" SET "phone" = NULL;', "Patient"),
        ('TRUNCATE "Visit" CASCADE;', "Visit"),
        ('DROP TABLE "Visit";', "Visit"),
        ('ALTER TABLE "Patient" DROP COLUMN "nickname", DROP COLUMN "phone";', "Patient.phone"),
        ("DROP SCHEMA billing CASCADE;", "the schema billing"),
    ],
)
def test_what_nobody_counted_may_not(sql: str, what: str) -> None:
    said = f"m: its down.sql takes {what}, which the migration did not add, so nobody counted it"

    assert judged(sql) == [(Verdict.FAILED, said)]
    assert judged(sql, Source.DERIVED) == []


@pytest.mark.parametrize("sql", ["DO $$ BEGIN DELETE FROM x; END $$;", "CALL tidy();", "SELECT tidy();"])
def test_what_the_text_does_not_show_is_not_known(sql: str) -> None:
    assert [verdict for verdict, _ in judged(sql)] == [Verdict.UNKNOWN]
