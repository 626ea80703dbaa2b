"""What migrations mean for a release: its risk, 6.2.1 and 6.1.2."""

import pytest

from policy.judgement import Verdict
from policy.limits import Risk
from policy.migrations import DatabaseFacts, Table, read_migration
from policy.migrations.judging import judge_reversibility, judge_safety, risk_of

ADD = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;'
REQUIRE = 'ALTER TABLE "Patient" ADD COLUMN "mrn" INTEGER NOT NULL;'
DROP = 'ALTER TABLE "Patient" DROP COLUMN "phone";'
FILL = "UPDATE \"Patient\" SET nickname = '' WHERE nickname IS NULL;"
FULL = DatabaseFacts(18, {"Patient": Table(1_000)})


@pytest.mark.parametrize(
    ("sql", "risk", "reason"),
    [
        pytest.param(ADD, Risk.LOW, "migration m is safe: New column Patient.nickname", id="safe"),
        pytest.param(REQUIRE, Risk.MEDIUM, "migration m is risky: Column mrn is required", id="risky"),
        pytest.param(DROP, Risk.HIGH, "migration m is dangerous: Drops Patient.phone", id="dangerous"),
        pytest.param(FILL, Risk.HIGH, "migration m cannot be taken back: the values that Patient held", id="lasting"),
        pytest.param("no SQL", Risk.HIGH, "migration m is dangerous: Cannot be read", id="unreadable"),
    ],
)
def test_the_class_gives_the_least_risk_of_the_release(sql: str, risk: Risk, reason: str) -> None:
    found, said = risk_of(read_migration("m", sql))

    assert found is risk
    assert said.startswith(reason)


@pytest.mark.parametrize(
    ("sql", "risk", "verdict", "sentence"),
    [
        pytest.param(ADD, Risk.LOW, Verdict.PASSED, "m is safe", id="safe"),
        pytest.param(DROP, Risk.HIGH, Verdict.PASSED, "m is dangerous, the CTO decides", id="dangerous"),
        pytest.param(DROP, Risk.MEDIUM, Verdict.FAILED, "needs risk high, the release is medium", id="underrated"),
        pytest.param("-- empty", Risk.HIGH, Verdict.FAILED, "Holds no statement", id="empty"),
    ],
)
def test_a_class_passes_at_its_own_risk_or_above(sql: str, risk: Risk, verdict: Verdict, sentence: str) -> None:
    judgement = judge_safety([read_migration("m", sql)], risk=risk)

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


def test_what_will_fail_on_the_data_of_today_does_not_pass() -> None:
    """S2."""
    judgement = judge_safety([read_migration("m", REQUIRE, facts=FULL)], risk=Risk.HIGH)

    assert judgement.verdict is Verdict.FAILED
    assert "Patient has 1,000 rows, so this statement will fail" in judgement.sentence


@pytest.mark.parametrize(
    ("sql", "risk", "verdict", "sentence"),
    [
        pytest.param(ADD, Risk.LOW, Verdict.PASSED, "m is taken back by 1 statement", id="added"),
        pytest.param(DROP, Risk.HIGH, Verdict.PASSED, "the CTO decides", id="dropped, high risk"),
        pytest.param(FILL, Risk.MEDIUM, Verdict.FAILED, "that is the CTO's decision", id="filled, medium risk"),
    ],
)
def test_what_cannot_be_taken_back_needs_the_cto(sql: str, risk: Risk, verdict: Verdict, sentence: str) -> None:
    judgement = judge_reversibility([read_migration("m", sql)], risk=risk)

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


def test_without_a_migration_nothing_is_asked() -> None:
    assert judge_safety([], risk=Risk.LOW).verdict is Verdict.NOT_APPLICABLE
    assert judge_reversibility([], risk=Risk.LOW).verdict is Verdict.NOT_APPLICABLE
