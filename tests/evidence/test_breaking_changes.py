"""A lock file that may not be read breaks more than one that is not there, asked over the wire (1.2.3)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest

from lab.vendors.github import GitHub
from policy.judgement import Judgement, Verdict
from tasks.change import breaking_changes_identified
from tasks.item import answer
from tasks.review import pull_request_created
from tests.evidence.company import Scene

LOCK_FILE = "apps/api/pnpm-lock.yaml"


@pytest.fixture
def github(scene: Scene) -> Iterator[GitHub]:
    """GitHub, and a release that changes a lock file, until the test is over."""
    run = scene.run
    scene.run = replace(run, release=run.release.model_copy(update={"files": (LOCK_FILE,)}))
    yield cast("GitHub", scene.vendors["github"])
    scene.run = run


def breaking(scene: Scene) -> Judgement:
    scene.use()
    return answer(breaking_changes_identified, scene.run)


def test_a_lock_file_that_may_not_be_read_lets_nothing_pass(scene: Scene, github: GitHub) -> None:
    github.forbid("/contents/", "contents=read")

    judgement = breaking(scene)

    assert judgement.verdict is Verdict.FAILED
    assert "403 Resource not accessible" in judgement.sentence


def test_a_lock_file_that_is_nowhere_is_unknown(scene: Scene, github: GitHub) -> None:
    assert github.forbidden is None

    judgement = breaking(scene)

    assert judgement.verdict is Verdict.UNKNOWN
    assert f"{LOCK_FILE} is neither in production nor in the release" in judgement.sentence


def test_a_template_that_may_not_be_read_is_not_taken_for_none(scene: Scene, github: GitHub) -> None:
    github.forbid("/contents/", "contents=read")

    scene.use()
    judgement = answer(pull_request_created, scene.run)

    assert judgement.verdict is Verdict.FAILED
    assert "403 Resource not accessible" in judgement.sentence
