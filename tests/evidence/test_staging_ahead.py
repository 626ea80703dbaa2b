"""1.3.3 of a plan: what staging serves now says nothing about a commit that nobody deployed there."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from policy.health import HealthAnswer
from policy.judgement import Verdict
from policy.limits import Mode
from tasks.item import answer
from tasks.performance import staging_performance
from tests.evidence.company import Scene
from tests.policy import releases


class Serves:
    """A staging server that serves this commit."""

    servers = (SimpleNamespace(name="staging"),)

    def __init__(self, commit: str) -> None:
        self._commit = commit

    def read_health(self, _server: object) -> HealthAnswer:
        """Ask it."""
        return HealthAnswer("staging", 200, json.dumps({"status": "healthy", "version": self._commit}))


def test_a_plan_does_not_measure_another_version_on_staging(scene: Scene) -> None:
    staging, release = scene.run.company.staging, scene.run.release
    assert staging is not None
    plan = releases.request(commit=release.commit, mode=Mode.PLAN)
    # There are metrics, and nobody asks them.
    there = replace(staging, fleet=cast("Any", Serves(release.previous_commit)), metrics=cast("Any", object()))
    run = replace(
        scene.run,
        release=release.model_copy(update={"request": plan}),
        company=replace(scene.run.company, staging=there),
    )

    judgement = answer(staging_performance, run)

    assert judgement.verdict is Verdict.NOT_APPLICABLE, judgement.sentence
    assert judgement.sentence == f"a plan deploys nothing: asked once staging serves {release.commit[:7]}"
