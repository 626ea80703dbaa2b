"""May the pipeline be left out."""

from dataclasses import replace

import pytest

from policy.judgement import Verdict
from policy.manual import Pipeline, judge_manual
from policy.release import ManualReason

GREEN = Pipeline("b2" * 20, "completed", "success", (), has_image=True, url="http://run")
RED = replace(GREEN, conclusion="failure", failed_steps=("unit: pnpm test",), has_image=False)
NO_IMAGE = replace(GREEN, has_image=False)
QUEUED = replace(GREEN, state="queued", conclusion=None, has_image=False)
RUNNING = replace(QUEUED, state="in_progress")
NEVER_BEGAN = replace(QUEUED, state=None)


@pytest.mark.parametrize(
    ("pipeline", "verdict", "sentence"),
    [
        pytest.param(
            NEVER_BEGAN, Verdict.PASSED, "the pipeline is broken: the pipeline of b2b2b2b did not begin", id="-"
        ),
        pytest.param(QUEUED, Verdict.PASSED, "the pipeline is broken: the pipeline of b2b2b2b is queued", id="queued"),
        pytest.param(NO_IMAGE, Verdict.PASSED, "is green, and the registry has no image of it", id="no image"),
        pytest.param(
            GREEN, Verdict.FAILED, "is green and its image is in the registry, and nobody says why", id="green"
        ),
        pytest.param(RUNNING, Verdict.FAILED, "is in_progress, and nobody says why it is not waited for", id="runs"),
        pytest.param(RED, Verdict.FAILED, "ended with failure (unit: pnpm test): it may have found a fault", id="red"),
    ],
)
def test_a_pipeline_that_did_not_do_its_work_may_be_left_out(
    pipeline: Pipeline, verdict: Verdict, sentence: str
) -> None:
    judgement = judge_manual(ManualReason.PIPELINE_BROKEN, "  ", pipeline, by="Ana Souza")

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


@pytest.mark.parametrize("pipeline", [GREEN, RED, NO_IMAGE, QUEUED, RUNNING, NEVER_BEGAN])
@pytest.mark.parametrize("reason", ManualReason)
def test_whoever_says_why_stands_with_their_name_for_it(pipeline: Pipeline, reason: ManualReason) -> None:
    judgement = judge_manual(reason, "the runners are out of disk", pipeline, by="Ana Souza")

    assert judgement.verdict is Verdict.ATTESTED
    assert judgement.sentence == f"{reason}: the runners are out of disk; {pipeline.sentence} (Ana Souza)"


def test_what_changes_in_the_infrastructure_has_to_be_said() -> None:
    judgement = judge_manual(ManualReason.INFRASTRUCTURE, "", NEVER_BEGAN, by="Ana Souza")

    assert judgement.verdict is Verdict.FAILED
    assert judgement.sentence.startswith("explanation: what changes in the infrastructure is not said")
