"""What goes live before what (6.3.1), and what is asked of the database first."""

import pytest

from policy.judgement import Verdict
from policy.migrations import Column, Constraint, DatabaseFacts, Table, read_migrations
from policy.migrations.order import judge_order, plan_order
from policy.migrations.questions import Questions, list_questions

ADD = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;'
DROP = 'ALTER TABLE "Patient" DROP COLUMN "phone";'
FILL = 'UPDATE "Patient" SET nickname = phone WHERE nickname IS NULL;'
INDEX = 'CREATE INDEX "Patient_phone_zip_idx" ON "Patient"("phone", "zip");'
LET_KEY_GO = 'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_doctorId_fkey";\n'
KEY = (
    'ALTER TABLE "Patient" ADD CONSTRAINT "Patient_doctorId_fkey" FOREIGN KEY ("doctorId")'
    ' REFERENCES "Doctor"("id") ON DELETE CASCADE ON UPDATE CASCADE;'
)
POLICY = 'CREATE POLICY p ON "Patient" USING (true);'
BEHIND = 'ALTER TABLE "Patient" ENABLE ROW LEVEL SECURITY;'
REVOKE = 'REVOKE SELECT ON "Patient" FROM app;'
PROVE = 'ALTER TABLE "Patient" ADD CONSTRAINT c CHECK ("phone" IS NOT NULL) NOT VALID;'
VALIDATE = 'ALTER TABLE "Patient" VALIDATE CONSTRAINT c;'
REQUIRE = 'ALTER TABLE "Patient" ALTER "phone" SET NOT NULL;'
LET_GO = 'ALTER TABLE "Patient" DROP CONSTRAINT c;'


@pytest.mark.parametrize(
    ("files", "verdict", "sentence"),
    [
        pytest.param({"1": ADD}, Verdict.PASSED, "before the first server: 1", id="expands"),
        pytest.param({"1": DROP}, Verdict.PASSED, "after the last one: 1", id="contracts"),
        pytest.param(
            {"1": ADD, "2": FILL, "3": DROP},
            Verdict.PASSED,
            "before the first server: 1, 2; after the last one: 3",
            id="the whole pattern",
        ),
        pytest.param({"1": DROP, "2": ADD}, Verdict.FAILED, "2 comes after 1", id="the wrong way round"),
        pytest.param({"1": ADD + DROP}, Verdict.FAILED, "adds and takes away in one file", id="both in one"),
        pytest.param(
            {"1": PROVE, "2": VALIDATE, "3": REQUIRE + LET_GO},
            Verdict.PASSED,
            "before the first server: 1, 2; after the last one: 3",
            id="required as it is advised",
        ),
        pytest.param({"1": LET_KEY_GO + KEY}, Verdict.PASSED, "after the last one: 1", id="a key that Prisma renews"),
        pytest.param({"1": INDEX}, Verdict.PASSED, "before the first server: 1", id="an index"),
        pytest.param(
            {"1": 'DROP INDEX "Patient_phone_idx";\n' + INDEX},
            Verdict.PASSED,
            "after the last one: 1",
            id="an index anew",
        ),
        pytest.param(
            {"1": DROP + INDEX}, Verdict.PASSED, "after the last one: 1", id="an index beside what is dropped"
        ),
        pytest.param(
            {"1": DROP + INDEX.replace("INDEX", "UNIQUE INDEX")}, Verdict.FAILED, "in one file", id="a unique index"
        ),
        pytest.param({"1": DROP, "2": INDEX}, Verdict.PASSED, "after the last one: 1, 2", id="an index after it"),
        pytest.param(
            {"1": INDEX, "2": DROP}, Verdict.PASSED, "first server: 1; after the last one: 2", id="an index before it"
        ),
        pytest.param(
            {"1": POLICY + BEHIND}, Verdict.PASSED, "after the last one: 1", id="row security with its policy"
        ),
        pytest.param(
            {"1": POLICY, "2": BEHIND},
            Verdict.PASSED,
            "before the first server: 1; after the last one: 2",
            id="row security after its policy",
        ),
        pytest.param({"1": ADD + REVOKE}, Verdict.FAILED, "adds and takes away in one file", id="a right beside it"),
        pytest.param({"1": LET_KEY_GO}, Verdict.PASSED, "after the last one: 1", id="a key let go"),
        pytest.param(
            {"1": LET_KEY_GO + KEY.replace("Patient_doctorId_fkey", "f")},
            Verdict.FAILED,
            "adds and takes away in one file",
            id="a key let go, and another one",
        ),
        pytest.param({}, Verdict.NOT_APPLICABLE, "no migration", id="none"),
    ],
)
def test_what_is_added_goes_before_the_code_and_what_is_taken_after_it(
    files: dict[str, str], verdict: Verdict, sentence: str
) -> None:
    judgement = judge_order(read_migrations(files))

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


@pytest.mark.parametrize(
    ("sql", "verdict"),
    [
        pytest.param(REQUIRE + LET_GO, Verdict.PASSED, id="required, so the proof is said twice"),
        pytest.param(LET_GO + REQUIRE, Verdict.FAILED, id="let go before it is required"),
        pytest.param('ALTER TABLE "Patient" DROP CONSTRAINT d;' + REQUIRE, Verdict.FAILED, id="another constraint"),
    ],
)
def test_the_proof_of_an_earlier_release_is_let_go_with_what_it_proved(sql: str, verdict: Verdict) -> None:
    columns = {"phone": Column("text"), "age": Column("integer")}
    checks = {"c": "CHECK ((phone IS NOT NULL))", "d": "CHECK ((age > 0))"}
    patient = Table(7, columns=columns, constraints=dict.fromkeys(checks, Constraint.CHECK), definitions=checks)

    readings = read_migrations({"1": sql}, facts=DatabaseFacts(18, {"Patient": patient}))

    assert judge_order(readings).verdict is verdict


def test_a_migration_is_either_before_or_after() -> None:
    order = plan_order(read_migrations({"1": ADD, "2": DROP}))

    assert (order.before, order.after) == (("1",), ("2",))


def test_the_tables_and_the_columns_that_matter_are_asked_for() -> None:
    files = [ADD, 'ALTER TABLE "Visit" ALTER "at" SET NOT NULL; SELECT * FROM b.c;', "no SQL"]

    assert list_questions(files) == Questions(("Patient", "Visit", "b.c"), (("Visit", "at"),))
