"""Sentry is asked about the whole time in which the commit may have raised an error."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from policy.judgement import Verdict
from policy.limits import Mode
from tasks.item import Question, answer
from tasks.sign_off import no_new_errors
from tasks.staging import staging_smoke_test
from tests.evidence.company import Scene
from tests.policy import releases


class Began:
    """Metrics that know when the application on staging began."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def read_starts(self, servers: tuple[str, ...]) -> dict[str, datetime]:
        """Return it for each server."""
        return dict.fromkeys(servers, self._at)


ASKED: dict[str, tuple[Question, float]] = {"staging": (staging_smoke_test, 1), "production": (no_new_errors, 60)}


def ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("environment", "minutes", "verdict"),
    [
        pytest.param("staging", 30, Verdict.FAILED, id="by an earlier attempt on staging"),
        pytest.param("staging", 50, Verdict.PASSED, id="before staging served the commit"),
        pytest.param("production", 59, Verdict.FAILED, id="in the first minutes of a long roll-out"),
        pytest.param("production", 61, Verdict.PASSED, id="before the first change"),
    ],
)
def test_an_error_counts_from_the_moment_on_at_which_the_commit_served(
    scene: Scene, environment: str, minutes: float, verdict: Verdict
) -> None:
    question, opened = ASKED[environment]
    cast("Any", scene.vendors["sentry"]).report("TypeError: x is undefined", ago(minutes), environment=environment)
    staging = scene.run.company.staging
    assert staging is not None
    # A plan deploys nothing, so it is no reason that GitHub does not know what staging serves.
    plan = releases.request(commit=scene.run.release.commit, mode=Mode.PLAN)
    run = replace(
        scene.run,
        release=scene.run.release.model_copy(update={"request": plan, "opened_at": ago(opened)}),
        company=replace(scene.run.company, staging=replace(staging, metrics=cast("Any", Began(ago(45))))),
    )

    judgement = answer(question, run)

    assert judgement.verdict is verdict, judgement.sentence
