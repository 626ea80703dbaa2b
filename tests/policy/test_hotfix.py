"""Is it an emergency, is the fix small, tested and looked at, and is the bug gone."""

from dataclasses import replace
from typing import Any

import pytest

from policy.health import HealthAnswer
from policy.hotfix import (
    Tried,
    judge_branch,
    judge_bug_check,
    judge_bug_there,
    judge_proposal,
    judge_trial,
    judge_tried,
    judge_urgency,
)
from policy.hotfix_rules import HotfixRules
from policy.judgement import Judgement, Verdict
from policy.limits import Limits
from policy.pull_requests import PullRequest
from policy.release import Urgency
from policy.roles import Person, Role, Roster
from tests.policy.releases import commit, hotfix_request

SECRET = "Maria Silva has 3 appointments"
WHY = "nobody can log in since 09:40"
RULES = HotfixRules()
FIX, TEST = "apps/api/src/auth/login.ts", "apps/api/src/auth/login.test.ts"
ROSTER = Roster(
    people=(
        Person(name="Tomas Lima", roles=(Role.TECH_LEAD,), github=("tlima",)),
        Person(name="Carla Ortiz", roles=(Role.CTO, Role.DEVOPS_LEAD, Role.SECURITY_LEAD), github=("cortiz",)),
        Person(name="Ana Souza", roles=(Role.DEVELOPER,), github=("anasouza",)),
    )
)


def pull(number: int = 12, **changes: object) -> PullRequest:
    """The pull request of a hotfix, as it should be."""
    made = PullRequest(
        number=number,
        title="[HOTFIX] Let patients log in",
        body="",
        branch="hotfix/login",
        base="main",
        state="open",
        draft=False,
        mergeable=True,
        from_fork=False,
        files=(FIX, TEST),
        files_complete=True,
        url=f"https://github.com/holilabs/holilabsv2/pull/{number}",
        labels=("hotfix",),
        asked=("tlima",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("urgency", [one for one in Urgency if one is not Urgency.NOTHING])
def test_a_true_emergency_passes(urgency: Urgency) -> None:
    judgement = judge_urgency(urgency, WHY, can_wait=False)

    assert judgement.verdict is Verdict.PASSED
    assert judgement.sentence == f"{urgency}, and it cannot wait: {WHY}"


@pytest.mark.parametrize(
    ("urgency", "can_wait", "sentence"),
    [
        (Urgency.USERS_AFFECTED, True, "it can wait until business hours, so it is no emergency"),
        (
            Urgency.NOTHING,
            False,
            "no user is affected, no hole is exploited and no data is at stake, so it is no emergency",
        ),
        (
            Urgency.NOTHING,
            True,
            "no user is affected, no hole is exploited and no data is at stake and it can wait until business hours,"
            " so it is no emergency",
        ),
    ],
)
def test_what_is_no_emergency_is_told_the_standard_way(urgency: Urgency, sentence: str, *, can_wait: bool) -> None:
    judgement = judge_urgency(urgency, WHY, can_wait=can_wait)

    assert judgement.verdict is Verdict.FAILED
    assert judgement.sentence == f"{sentence}: use the deployment `production`"


def branch(
    *,
    commits: int = 1,
    pulls: dict[int, tuple[int, ...]] | None = None,
    files: tuple[str, ...] = (FIX, TEST),
    gone: tuple[str, ...] = (),
    complete: bool = True,
    limits: Limits | None = None,
) -> Judgement:
    """Judge a branch; `pulls` names for the commit of a number the pull requests it belongs to."""
    made = [commit(number) for number in range(commits)]
    belonging = {one.sha: (pulls or {}).get(number, (12,)) for number, one in enumerate(made)}
    return judge_branch(
        made,
        {sha: [pull(number) for number in numbers] for sha, numbers in belonging.items()},
        files,
        complete=complete,
        gone=gone,
        rules=RULES,
        limits=limits or Limits(),
    )


def test_one_small_tested_change_on_top_of_production_passes() -> None:
    judgement = branch(commits=2)

    assert judgement.verdict is Verdict.PASSED
    assert judgement.sentence == f"branched from production: #12, 2 commits, 2 files; test: {TEST}"


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        pytest.param(
            branch(commits=2, pulls={0: (11,)}),
            "more than one change lies between production and the fix (0000000 of #11, 0000000 of #12);",
            id="another change goes along",
        ),
        pytest.param(branch(pulls={0: ()}), "(0000000 of no pull request)", id="no pull request"),
        pytest.param(branch(commits=6), "6 commits, the limit of a hotfix is 5", id="too many commits"),
        pytest.param(
            branch(files=(TEST, *(f"src/{number}.ts" for number in range(10)))),
            "11 files, the limit of a hotfix is 10",
            id="too many files",
        ),
        pytest.param(branch(files=(FIX,)), "none of the 1 file is a test", id="no test"),
        pytest.param(branch(gone=(TEST,)), "none of the 2 files is a test", id="a removed test is none"),
    ],
)
def test_a_branch_that_is_more_or_less_than_a_fix_fails(found: Judgement, sentence: str) -> None:
    assert found.verdict is Verdict.FAILED
    assert sentence in found.sentence


def test_a_change_set_that_was_cut_short_is_unknown() -> None:
    assert branch(complete=False).verdict is Verdict.UNKNOWN


def test_the_limits_of_a_hotfix_are_settings() -> None:
    assert branch(commits=6, limits=Limits(hotfix_commits=6)).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("with_fix", "without", "verdict", "sentence"),
    [
        (0, 1, Verdict.PASSED, "the tests fail without the fix (exit 1) and pass with it"),
        (0, 0, Verdict.FAILED, "the tests pass without the fix as well, so none of them shows the bug"),
        (1, None, Verdict.FAILED, "the tests fail with the fix (exit 1: 1 failed)"),
        (0, None, Verdict.UNKNOWN, "the tests pass with the fix, and were not tried without it"),
    ],
)
def test_a_test_fails_without_the_fix_and_passes_with_it(
    with_fix: int, without: int | None, verdict: Verdict, sentence: str
) -> None:
    judgement = judge_trial(Tried(with_fix, "1 failed"), None if without is None else Tried(without, "1 failed"))

    assert (judgement.verdict, judgement.sentence) == (verdict, sentence)


def proposal(*pulls: PullRequest, reviewers: tuple[str, ...] = (), security: bool = False) -> Judgement:
    return judge_proposal(pulls or (pull(),), reviewers, roster=ROSTER, rules=RULES, security=security)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(proposal(), id="assigned"),
        pytest.param(proposal(pull(asked=()), reviewers=("cortiz",)), id="reviewed by the CTO"),
        pytest.param(proposal(pull(labels=("Hotfix", "security")), security=True), id="security"),
    ],
)
def test_a_pull_request_that_is_marked_and_assigned_passes(found: Judgement) -> None:
    assert found.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            proposal(pull(title="Let patients log in")),
            "#12 is titled 'Let patients log in', expected [HOTFIX] before it",
        ),
        (proposal(pull(labels=())), "#12 lacks the label hotfix"),
        (proposal(security=True), "#12 lacks the label security"),
        (
            proposal(pull(asked=("anasouza",)), reviewers=("stranger",)),
            "#12 is assigned to neither the CTO nor a tech lead",
        ),
        (proposal(pull(11), pull(12)), "a hotfix is one pull request, found #11, #12"),
    ],
)
def test_a_pull_request_that_lacks_a_mark_fails(found: Judgement, sentence: str) -> None:
    assert (found.verdict, found.sentence) == (Verdict.FAILED, sentence)


CASES = [
    (200, "", Verdict.PASSED, "/api/patients/7 answered 200"),
    (200, "3 appointments", Verdict.PASSED, "/api/patients/7 answered 200 with '3 appointments'"),
    (200, "4", Verdict.FAILED, "/api/patients/7 answered 200 without the expected text '4'"),
    (500, "3 appointments", Verdict.FAILED, "/api/patients/7 answered HTTP 500, expected 200"),
    (404, "", Verdict.FAILED, "/api/patients/7 answered HTTP 404, expected 200"),
]


@pytest.mark.parametrize(("status", "expects", "verdict", "sentence"), CASES)
def test_the_bug_is_gone_when_the_path_answers_as_expected(
    status: int, expects: str, verdict: Verdict, sentence: str
) -> None:
    request = hotfix_request(check_path="/api/patients/7", check_expects=expects)

    judgement = judge_bug_check(HealthAnswer("production", status, SECRET), request)

    assert (judgement.verdict, judgement.sentence) == (verdict, sentence)
    assert "Maria" not in judgement.sentence


def test_a_bug_may_be_gone_when_the_path_is_forbidden() -> None:
    request = hotfix_request(check_path="/api/patients/7", check_status=403)

    assert judge_bug_check(HealthAnswer("production", 403, "no"), request).verdict is Verdict.PASSED
    assert judge_bug_check(HealthAnswer("production", 200, SECRET), request).verdict is Verdict.FAILED


@pytest.mark.parametrize(("status", "expects", "verdict", "sentence"), CASES)
def test_before_the_fix_the_check_has_to_fail(status: int, expects: str, verdict: Verdict, sentence: str) -> None:
    request = hotfix_request(check_path="/api/patients/7", check_expects=expects)

    judgement = judge_bug_there(HealthAnswer("production", status, SECRET), request)

    assert judgement.verdict is (Verdict.FAILED if verdict is Verdict.PASSED else Verdict.PASSED)
    assert judgement.sentence.startswith(f"before the fix {sentence}")


@pytest.mark.parametrize(
    ("asked", "verdict", "sentence"),
    [
        ({"check_path": "/api/patients/7"}, Verdict.PASSED, "/api/patients/7 shows the bug"),
        ({"tried_by_hand": True}, Verdict.ATTESTED, "the fix was tried by hand"),
        ({}, Verdict.FAILED, "nobody says to have tried the fix by hand; expected one of the two"),
    ],
)
def test_without_a_check_somebody_says_to_have_tried_the_fix(
    asked: dict[str, Any], verdict: Verdict, sentence: str
) -> None:
    judgement = judge_tried(hotfix_request(**asked))

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence
