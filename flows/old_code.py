"""6.3.1: the version in production meets the new schema on staging before it does in production."""

from uuid import uuid4

from prefect.logging import get_run_logger

from blocks.errors import BlockError, Superseded
from policy.judgement import Verdict
from policy.migrations.old_code import Meeting, find_trial, not_tried
from policy.wording import short
from tasks.messages import deliver, inform
from tasks.old_code import (
    image_in_production,
    keep_trial,
    left_by,
    meeting_of,
    put_on_staging,
    smoke_test_old_code,
    staging_kept,
    staging_put_back,
    staging_runs,
    why_not_now,
)
from tasks.run import Run
from tasks.step import StepFailed, carry_out


def try_old_code(run: Run) -> None:
    """The record says whether the version in production lives on the new schema, and staging is as it was.

    What keeps the trial from being made is said by 6.3.1; a staging server that is not put back ends the release.
    """
    put_staging_back(run)
    meeting = meeting_of(run)
    if meeting is None or _is_settled(run, meeting):
        return
    try:
        if not why_not_now(run, meeting):
            _try(run, meeting)
    except Superseded:
        raise
    except (BlockError, StepFailed) as error:
        keep_trial(run, meeting, not_tried(meeting, str(error)))
    put_staging_back(run)


def _is_settled(run: Run, meeting: Meeting) -> bool:
    """Whether exactly this was tried; what came out as not known is tried again."""
    found = find_trial(run.record.rows(), meeting)
    return found is not None and found.verdict is not Verdict.UNKNOWN


def _try(run: Run, meeting: Meeting) -> None:
    image, digest = image_in_production(run)
    if staging_runs(run.company) != digest:
        key = f"{run.release.key}-{uuid4().hex[:8]}"
        carry_out(staging_kept(run, key), run)
        carry_out(put_on_staging(run, image, digest, key), run)
    smoke_test_old_code(run, meeting)


def put_staging_back(run: Run) -> None:
    """Staging serves what it served before the trial; raises StepFailed with what to type where it does not."""
    if (left := left_by(run)) is not None:
        carry_out(staging_put_back(run, left), run)


def leave_staging_as_it_was(run: Run) -> None:
    """On the way home: staging is put back, or the team is told what to type; nothing waits for it."""
    left = left_by(run)
    if left is None:
        return
    if run.company.staging is None:
        get_run_logger().error("Staging may still serve %s, and the settings name no staging", left.digest)
        return
    if inform(step := staging_put_back(run, left), run):
        return
    text = f":warning: Staging still serves {short(run.release.previous_commit)}, tried there for 6.3.1. `{step.does}`"
    inform(deliver(run, number="6.3.1", name="staging not put back", text=text), run)
