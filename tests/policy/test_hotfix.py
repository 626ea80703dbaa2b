"""Is it an emergency, and is the bug gone."""

import pytest

from policy.health import HealthAnswer
from policy.hotfix import judge_bug_check, judge_urgency
from policy.judgement import Verdict
from policy.release import Urgency

SECRET = "Maria Silva has 3 appointments"


@pytest.mark.parametrize("urgency", [one for one in Urgency if one is not Urgency.CAN_WAIT])
def test_a_true_emergency_passes(urgency: Urgency) -> None:
    judgement = judge_urgency(urgency, "nobody can log in since 09:40")

    assert judgement.verdict is Verdict.PASSED
    assert judgement.sentence == f"{urgency}: nobody can log in since 09:40"


def test_what_can_wait_goes_the_standard_way() -> None:
    judgement = judge_urgency(Urgency.CAN_WAIT, "a typing error")

    assert judgement.verdict is Verdict.FAILED
    assert "use the deployment `production`" in judgement.sentence


@pytest.mark.parametrize(
    ("status", "expects", "verdict", "sentence"),
    [
        (200, "", Verdict.PASSED, "/api/patients/7 answered 200"),
        (200, "3 appointments", Verdict.PASSED, "/api/patients/7 answered 200 with '3 appointments'"),
        (200, "4", Verdict.FAILED, "/api/patients/7 answered 200 without the expected text '4'"),
        (500, "3 appointments", Verdict.FAILED, "/api/patients/7 answered HTTP 500, expected 200"),
        (404, "", Verdict.FAILED, "/api/patients/7 answered HTTP 404, expected 200"),
    ],
)
def test_the_bug_is_gone_when_the_path_answers_as_expected(
    status: int, expects: str, verdict: Verdict, sentence: str
) -> None:
    judgement = judge_bug_check(HealthAnswer("production", status, SECRET), path="/api/patients/7", expects=expects)

    assert (judgement.verdict, judgement.sentence) == (verdict, sentence)
    assert "Maria" not in judgement.sentence
