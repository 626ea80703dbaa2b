"""May the database be rolled back (4.3.1)."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.judgement import Verdict
from policy.migrations import Column, Constraint, DatabaseFacts, Table, read_migration
from policy.migrations.way_back import Written, is_only_silent, judge_database_rollback, say_safer

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADDS = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;'
DROPS = 'ALTER TABLE "Patient" DROP COLUMN "nickname";'
RENAMES = 'ALTER TABLE "Patient" RENAME COLUMN "phone" TO "tel";'
# What a key did on DELETE meanwhile nobody can take back.
RENEWS = (
    'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_doctorId_fkey"; ALTER TABLE "Patient" ADD CONSTRAINT'
    ' "Patient_doctorId_fkey" FOREIGN KEY ("doctorId") REFERENCES "Doctor"("id") ON DELETE CASCADE;'
)
PATIENT = Table(
    9,
    columns={"id": Column("integer"), "phone": Column("text"), "doctorId": Column("integer")},
    constraints={"Patient_doctorId_fkey": Constraint.FOREIGN_KEY},
    definitions={"Patient_doctorId_fkey": 'FOREIGN KEY ("doctorId") REFERENCES "Doctor"(id)'},
)
TODAY = DatabaseFacts(18, {"Patient": PATIENT, "Doctor": Table(2, columns={"id": Column("integer")})})
EMPTY = Written({"Patient.nickname": 0})


@pytest.mark.parametrize(
    ("sql", "minutes", "written", "verdict", "sentence"),
    [
        pytest.param(ADDS, 5, EMPTY, Verdict.PASSED, "applied 5 min ago (limit 15 min)", id="just applied"),
        pytest.param(
            DROPS, 5, Written({}), Verdict.FAILED, "the values of Patient.nickname are gone", id="destructive"
        ),
        pytest.param(ADDS, 61, EMPTY, Verdict.FAILED, "1 h 1 min ago (limit 1 h)", id="over an hour"),
        pytest.param(ADDS, 60, EMPTY, Verdict.FAILED, "silent between 15 and 60 minutes", id="an hour"),
        pytest.param(ADDS, 15, EMPTY, Verdict.FAILED, "silent between 15 and 60 minutes", id="a quarter of an hour"),
        pytest.param(
            ADDS, 5, Written({"Patient.nickname": 1}), Verdict.FAILED, "1 row of Patient.nickname", id="data written"
        ),
        pytest.param(
            ADDS, 5, Written({"Patient.nickname": None}), Verdict.UNKNOWN, "could not be counted", id="not counted"
        ),
        pytest.param(ADDS, -5, EMPTY, Verdict.UNKNOWN, "clock was changed", id="from the future"),
    ],
)
def test_the_clause_that_decides_is_named(
    sql: str, minutes: int, written: Written, verdict: Verdict, sentence: str
) -> None:
    judgement = judge_database_rollback(
        [read_migration("m", sql)], written, applied_at=NOW - timedelta(minutes=minutes), now=NOW
    )

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


def test_a_migration_of_unknown_age_is_not_rolled_back() -> None:
    assert judge_database_rollback([read_migration("m", ADDS)], EMPTY, applied_at=None, now=NOW).verdict is (
        Verdict.UNKNOWN
    )


def test_without_a_migration_there_is_nothing_to_roll_back() -> None:
    assert judge_database_rollback([], EMPTY, applied_at=NOW, now=NOW).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ('ALTER TABLE "Patient" RENAME COLUMN "phone" TO "phoneNumber";', "still reads Patient.phone"),
        ('ALTER TABLE "Patient" ALTER COLUMN "phone" SET NOT NULL;', "Requires Patient.phone"),
        (RENEWS, "Drops the foreign key Patient_doctorId_fkey"),
    ],
)
def test_what_does_more_than_add_is_not_taken_back_though_a_statement_could(sql: str, sentence: str) -> None:
    judgement = judge_database_rollback([read_migration("m", sql, facts=TODAY)], EMPTY, applied_at=NOW, now=NOW)

    assert judgement.verdict is Verdict.FAILED
    assert "does more than add" in judgement.sentence
    assert sentence in judgement.sentence


@pytest.mark.parametrize(
    ("minutes", "written", "silent"),
    [
        pytest.param(14, EMPTY, False, id="the rule itself allows it"),
        pytest.param(15, EMPTY, True, id="a quarter of an hour"),
        pytest.param(60, EMPTY, True, id="an hour"),
        pytest.param(61, EMPTY, False, id="over an hour"),
        pytest.param(30, Written({"Patient.nickname": 3}), False, id="data written"),
        pytest.param(30, Written({"Patient.nickname": None}), False, id="not counted"),
    ],
)
def test_the_two_leads_may_waive_only_the_silence_of_the_checklist(
    minutes: int, written: Written, *, silent: bool
) -> None:
    adds = [read_migration("m", ADDS)]

    assert is_only_silent(adds, written, applied_at=NOW - timedelta(minutes=minutes), now=NOW) is silent
    assert not is_only_silent(adds, written, applied_at=None, now=NOW)


@pytest.mark.parametrize("sql", [RENAMES, DROPS])
def test_what_does_more_than_add_is_not_waived_by_the_silence_of_the_checklist(sql: str) -> None:
    applied_at = NOW - timedelta(minutes=20)
    readings = [read_migration("m", sql)]

    assert judge_database_rollback(readings, EMPTY, applied_at=applied_at, now=NOW).verdict is Verdict.FAILED
    assert not is_only_silent(readings, EMPTY, applied_at=applied_at, now=NOW)


@pytest.mark.parametrize(("sql", "safer"), [(ADDS, "`rollback`"), (DROPS, "`hotfix`")])
def test_who_is_refused_hears_what_is_safer(sql: str, safer: str) -> None:
    assert safer in say_safer([read_migration("m", sql)])
