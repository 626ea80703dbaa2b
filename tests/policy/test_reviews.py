"""Enough people who did not write it approved the very commit, and nobody objects (1.1.2)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.judgement import Judgement, Verdict
from policy.limits import Risk
from policy.review_facts import PullCommit, Review, ReviewedPull, Thread
from policy.reviews import ReviewRules, judge_reviews
from tests.policy.reviewed import AUTHORS, REVIEWERS, pull, review

OPEN_THREAD = Thread("src/a.ts", resolved=False, url="https://github.com/holi/web/pull/7#r1")
DONE_THREAD = Thread("src/a.ts", resolved=True, url=None)
LOGIN = ("src/auth/login.ts",)
CI = (".github/workflows/ci.yml",)


def judge(*pulls: ReviewedPull) -> Judgement:
    return judge_reviews(pulls, reviewers=REVIEWERS)


def written_by(*authors: str) -> tuple[PullCommit, ...]:
    return (PullCommit("a1", ("m0",), AUTHORS), PullCommit("b2", ("a1",), authors))


@pytest.mark.parametrize(
    ("asked", "verdict", "says"),
    [
        pytest.param(pull(review("ana")), Verdict.PASSED, "#7 was approved by Ana Souza at the head b2", id="approved"),
        pytest.param(pull(review("kim-new")), Verdict.PASSED, "kim-new", id="a member outside the roster"),
        pytest.param(pull(), Verdict.FAILED, "#7 has 0 of 1 approval (low risk)", id="nobody"),
        pytest.param(
            pull(review("ana"), review("ana", "COMMENTED", at=1)), Verdict.PASSED, "Ana", id="G4 commented later"
        ),
        pytest.param(
            pull(
                review("tomas"),
                review("ana"),
                review("ana", "CHANGES_REQUESTED", at=1),
                review("ana", "COMMENTED", at=2),
            ),
            Verdict.FAILED,
            "#7: ana requested changes",
            id="G4 an objection stands",
        ),
        pytest.param(
            pull(review("ana"), review("ana", "DISMISSED", at=1)), Verdict.FAILED, "0 of 1", id="G4 dismissed"
        ),
        pytest.param(
            pull(review("ana"), review("ana-work", "CHANGES_REQUESTED", at=-1)),
            Verdict.FAILED,
            "ana-work requested changes",
            id="G4 one person, two logins, one objects",
        ),
        pytest.param(
            pull(review("ana"), review(None, "CHANGES_REQUESTED")),
            Verdict.FAILED,
            "a deleted account requested changes",
            id="G4 an objection of a gone account",
        ),
        pytest.param(
            pull(review("ana"), review("lintbot", "CHANGES_REQUESTED", is_bot=True)),
            Verdict.FAILED,
            "lintbot requested changes",
            id="G4 a bot objects",
        ),
        pytest.param(
            pull(
                review("reviewer-1", commit="a1"),
                head="b2",
                commits=(
                    PullCommit("a1", ("m0",), AUTHORS),
                    PullCommit("b1", ("a1",), AUTHORS),
                    PullCommit("b2", ("b1",), AUTHORS),
                ),
            ),
            Verdict.FAILED,
            "reviewer-1 approved a1; the head is b2 (2 commits later)",
            id="G3 approval of an older commit",
        ),
        pytest.param(
            pull(
                review("ana", commit="a1"),
                commits=(PullCommit("a1", ("m0",), AUTHORS), PullCommit("b2", ("a1", "m9"), AUTHORS)),
            ),
            Verdict.PASSED,
            "Ana Souza",
            id="G3 only base was merged since",
        ),
        pytest.param(
            pull(review("ana", commit="e5")), Verdict.FAILED, "approved e5, which is no longer part", id="G3 forced"
        ),
        pytest.param(
            pull(review("ana", commit=None)), Verdict.FAILED, "a commit that GitHub does not name", id="G3 no commit"
        ),
        pytest.param(
            pull(review("ana", commit="a1"), review("ana", at=1)), Verdict.PASSED, "Ana", id="G3 approved again"
        ),
        pytest.param(
            pull(review("ana", commit="a1"), review("tomas", at=1)), Verdict.PASSED, "Tomas", id="G3 another's is fresh"
        ),
        pytest.param(
            pull(review("ana-work"), commits=written_by("Ana S.", "ana")),
            Verdict.FAILED,
            "ana-work approved, and wrote a commit of it as ana",
            id="an author's other login",
        ),
        pytest.param(
            pull(review("sofia"), commits=written_by("S. Reyes", "sofia@home.xyz")),
            Verdict.FAILED,
            "sofia approved, and wrote a commit of it as sofia@home.xyz",
            id="an author's private address",
        ),
        pytest.param(
            pull(review("tomas"), commits=written_by("Tomás Lima", "tomas@mac.local")),
            Verdict.FAILED,
            "tomas approved, and wrote a commit of it as Tomás Lima",
            id="an author's name with its accent",
        ),
        pytest.param(
            pull(review("kim-new"), commits=written_by("Kim", "123+kim-new@users.noreply.github.com")),
            Verdict.FAILED,
            "kim-new approved, and wrote a commit",
            id="a co-author known by GitHub's no-reply address",
        ),
        pytest.param(
            pull(review("ana"), opened_by="ana-work"), Verdict.FAILED, "ana approved, and wrote", id="who opened it"
        ),
        pytest.param(
            pull(review("renovate", is_bot=True)), Verdict.FAILED, "renovate approved, and is a bot", id="bot"
        ),
        pytest.param(pull(review(None)), Verdict.FAILED, "nobody can say who that was", id="gone account"),
        pytest.param(
            pull(review("stranger", association="NONE")),
            Verdict.FAILED,
            "does not belong to the company",
            id="stranger",
        ),
        pytest.param(pull(review("ana", association="NONE")), Verdict.PASSED, "Ana", id="hidden member in the roster"),
        pytest.param(
            pull(review("ana"), risk=Risk.HIGH), Verdict.FAILED, "1 of 2 approvals (high risk)", id="high, one"
        ),
        pytest.param(
            pull(review("ana"), review("ana-work"), risk=Risk.HIGH),
            Verdict.FAILED,
            "1 of 2 approvals",
            id="high, one person twice",
        ),
        pytest.param(
            pull(review("ana"), review("tomas"), risk=Risk.HIGH),
            Verdict.PASSED,
            "Ana Souza, Tomas Lima",
            id="high, two",
        ),
        pytest.param(
            pull(review("ana"), threads=(OPEN_THREAD, DONE_THREAD)),
            Verdict.FAILED,
            "#7 has 1 unresolved thread (src/a.ts)",
            id="open thread",
        ),
        pytest.param(pull(review("ana"), threads=(DONE_THREAD,)), Verdict.PASSED, "Ana", id="resolved thread"),
        pytest.param(
            pull(review("ana"), threads_total=3), Verdict.UNKNOWN, "0 of 3 threads received", id="G6 threads cut short"
        ),
        pytest.param(
            pull(review("ana"), commits_total=312),
            Verdict.UNKNOWN,
            "2 of 312 commits received",
            id="G6 commits cut short",
        ),
        pytest.param(pull(review("ana"), head="f0"), Verdict.UNKNOWN, "up to f0", id="the head is not in the list"),
        pytest.param(
            pull(review("ana"), review("tomas", "SHRUGGED")), Verdict.UNKNOWN, "unknown state SHRUGGED", id="odd state"
        ),
        pytest.param(
            pull(review("ana"), files=LOGIN),
            Verdict.FAILED,
            "security-critical paths (src/auth/login.ts) without an approval by the security lead: ask Sofia Reyes",
            id="security, no lead",
        ),
        pytest.param(pull(review("sofia"), files=LOGIN), Verdict.PASSED, "Sofia", id="security, lead"),
        pytest.param(
            pull(review("danand"), files=LOGIN), Verdict.PASSED, "Dev Anand", id="security, deputy on the day"
        ),
        pytest.param(
            pull(review("danand", at=24 * 60), files=LOGIN), Verdict.FAILED, "ask Sofia", id="security, deputy too late"
        ),
        pytest.param(
            pull(review("ana"), review("sofia", commit="a1"), files=LOGIN),
            Verdict.FAILED,
            "without an approval by the security lead",
            id="G3 security, the lead saw an older commit",
        ),
        pytest.param(
            pull(review("ana"), review("sofia"), files=LOGIN, opened_by="sofia"),
            Verdict.FAILED,
            "nobody else holds the role today; name a deputy",
            id="security, the lead wrote it",
        ),
        pytest.param(
            pull(review("ana"), files=CI), Verdict.FAILED, "devops lead: ask Marco Polo", id="infrastructure, no lead"
        ),
        pytest.param(pull(review("marco"), files=CI), Verdict.PASSED, "Marco", id="infrastructure, lead"),
        pytest.param(
            pull(review("marco"), files=CI + LOGIN), Verdict.FAILED, "security lead", id="both kinds, one lead"
        ),
        pytest.param(
            pull(review("ana"), files_complete=False),
            Verdict.UNKNOWN,
            "more files than the 1 received: whether security-critical",
            id="files cut short",
        ),
        pytest.param(
            pull(review("marco"), review("sofia"), files_complete=False),
            Verdict.PASSED,
            "Marco",
            id="files cut short, both leads approved",
        ),
    ],
)
def test_a_pull_request_is_approved_at_its_head_by_others(asked: ReviewedPull, verdict: Verdict, says: str) -> None:
    judgement = judge(asked)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_one_reviewer_stands_one_objects_and_one_was_dismissed() -> None:
    """G4."""
    reviews = [
        review("reviewer-1", "APPROVED", at=0),
        review("reviewer-1", "COMMENTED", at=1),
        review("reviewer-2", "APPROVED", at=2),
        review("reviewer-2", "CHANGES_REQUESTED", at=3),
        review("reviewer-2", "COMMENTED", at=4),
        review("reviewer-3", "APPROVED", at=5),
        review("reviewer-3", "DISMISSED", at=6),
    ]
    without_2 = [one for one in reviews if one.reviewer != "reviewer-2"]

    judgement = judge(pull(*reviews))
    assert (judgement.verdict, judgement.sentence) == (Verdict.FAILED, "#7: reviewer-2 requested changes")
    assert judge(pull(*without_2)).verdict is Verdict.PASSED
    assert "1 of 2 approvals" in judge(pull(*without_2, risk=Risk.HIGH)).sentence


def test_the_role_is_that_of_the_companys_day() -> None:
    """23:30 on the 23rd in Mexico City is the 24th in UTC; the deputy's last day is the 23rd."""
    late = review("danand", at=14 * 60 + 30)

    assert judge(pull(late, files=LOGIN)).verdict is Verdict.PASSED


def test_two_logins_of_a_person_hold_the_roles_of_both_days() -> None:
    people = REVIEWERS.roster.model_dump(by_alias=True)
    people["people"][4]["github"] = ("danand", "danand2")
    roster = type(REVIEWERS.roster).model_validate(people)
    twice = pull(review("danand"), review("danand2", at=24 * 60), files=LOGIN)

    assert judge_reviews([twice], reviewers=replace(REVIEWERS, roster=roster)).verdict is Verdict.PASSED


def test_every_pull_request_of_the_release_is_asked() -> None:
    judgement = judge(pull(review("ana")), pull(number=8))

    assert judgement.verdict is Verdict.FAILED
    assert judgement.sentence == "#8 has 0 of 1 approval (low risk)"


def test_no_pull_request_is_no_evidence() -> None:
    assert judge().verdict is Verdict.UNKNOWN


def test_high_risk_never_needs_fewer_approvals() -> None:
    rules = ReviewRules(approvals=2, approvals_high_risk=3)

    assert (rules.needed(Risk.MEDIUM), rules.needed(Risk.HIGH)) == (2, 3)
    with pytest.raises(ValidationError, match="approvals_high_risk 2 is less than approvals 3"):
        ReviewRules(approvals=3)


people = st.sampled_from(["ana", "ana-work", "tomas", "evakim", "stranger", None])
reviews = st.builds(
    review,
    people,
    st.sampled_from(["APPROVED", "COMMENTED", "CHANGES_REQUESTED", "DISMISSED"]),
    at=st.integers(0, 50),
    commit=st.sampled_from(["a1", "b2", None]),
)


@given(st.lists(reviews, max_size=8))
def test_a_newer_objection_never_lets_it_pass(before: list[Review]) -> None:
    objection = review("tomas", "CHANGES_REQUESTED", at=51)

    assert judge(pull(*before, objection)).verdict is Verdict.FAILED


@given(st.lists(reviews, max_size=8), st.sampled_from(["ana", "tomas"]))
def test_without_an_approval_of_the_head_by_another_nothing_passes(before: list[Review], author: str) -> None:
    old = [one for one in before if one.commit != "b2" or one.reviewer in (author, f"{author}-work", "evakim", None)]
    strangers = [replace(one, association="NONE") if one.reviewer == "stranger" else one for one in old]

    assert not judge(pull(*strangers, opened_by=author)).verdict.lets_pass


@given(st.lists(reviews, max_size=8), st.sampled_from([(), (OPEN_THREAD,)]))
def test_more_risk_never_lets_more_pass(before: list[Review], threads: tuple[Thread, ...]) -> None:
    low, high = pull(*before, threads=threads), pull(*before, threads=threads, risk=Risk.HIGH)

    assert judge(low).verdict.lets_pass or not judge(high).verdict.lets_pass
