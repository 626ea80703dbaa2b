"""Which pull requests and how many approvals a release needs, asked over the wire (1.1.1, 1.1.2)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest

from lab.history import DEV, TOMAS
from lab.vendors.github import GitHub
from lab.vendors.github_state import GitHubState
from policy.judgement import Judgement, Verdict
from tasks.item import Question, answer
from tasks.review import code_review_completed, pull_request_created
from tests.evidence.company import Scene


@pytest.fixture
def state(scene: Scene) -> Iterator[GitHubState]:
    """What GitHub remembers; what a test changes of it and of the request is mended after it."""
    state = cast("GitHub", scene.vendors["github"]).state
    run, pulls, reviews = scene.run, dict(state.pulls), list(state.reviews)
    yield state
    scene.run, state.pulls, state.reviews = run, pulls, reviews


def raised(scene: Scene, risk: str) -> None:
    """Let the request raise the risk."""
    request = scene.run.release.request.model_copy(update={"raise_risk_to": risk})
    scene.run = replace(scene.run, release=scene.run.release.model_copy(update={"request": request}))


def asked(scene: Scene, question: Question) -> Judgement:
    scene.use()
    return answer(question, scene.run)


@pytest.mark.parametrize(
    ("risk", "verdict", "says"),
    [
        ("as assessed", Verdict.PASSED, "was approved by Tomas Lima"),
        ("medium", Verdict.PASSED, "was approved by Tomas Lima"),
        ("high", Verdict.FAILED, "has 1 of 2 approvals (high risk)"),
    ],
)
def test_a_release_raised_to_high_risk_needs_a_second_approval(
    scene: Scene, state: GitHubState, risk: str, verdict: Verdict, says: str
) -> None:
    state.reviews = [one for one in state.reviews if one.login == TOMAS.login]
    raised(scene, risk)

    judgement = asked(scene, code_review_completed)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_an_abandoned_pull_request_beside_the_merged_one_needs_no_approval(scene: Scene, state: GitHubState) -> None:
    head = scene.run.release.commit
    number = state.record_merged(head, "Show the next appointment, first try", author=DEV)
    state.pulls[number].merge_commit = state.pulls[number].merged_at = None

    for question in (pull_request_created, code_review_completed):
        judgement = asked(scene, question)
        assert judgement.verdict is Verdict.PASSED, judgement.sentence
