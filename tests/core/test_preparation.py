"""What is asked at once is told together: a step that fails hides nothing of what the others found."""

from concurrent.futures import Future

import pytest

from flows.phase import Report
from flows.preparation import reports_of
from policy.checklist import ITEMS
from policy.items import Way
from policy.judgement import Judgement, failed, passed
from tasks.step import StepFailed


def found(number: str, judgement: Judgement) -> Future[Report]:
    """A phase that ended with this of one item."""
    future: Future[Report] = Future()
    future.set_result(Report(entries=((ITEMS[number], judgement),), way=Way.STANDARD))
    return future


def broken(error: Exception) -> Future[Report]:
    """A phase that could not end."""
    future: Future[Report] = Future()
    future.set_exception(error)
    return future


def test_red_tests_are_said_before_the_staging_that_waited_for_their_image() -> None:
    phases = [
        found("1.1.3", failed("unit failed on b2b2b2b")),
        found("1.2.2", passed("all say what they do")),
        broken(StepFailed("1.3.1 staging deployed: waited 30 s")),
    ]

    with pytest.raises(StepFailed, match=r"^1\.1\.3 .+: unit failed on b2b2b2b; 1\.3\.1 staging .+ waited 30 s$"):
        reports_of(phases)


def test_without_a_failed_step_each_phase_is_reported_in_its_order() -> None:
    reports = reports_of([found("1.1.3", passed("green")), found("1.2.2", failed("a subject says nothing"))])

    assert [report.entries[0][0].number for report in reports] == ["1.1.3", "1.2.2"]


def test_anything_else_that_goes_wrong_is_raised_as_it_is() -> None:
    with pytest.raises(KeyError, match="gone"):
        reports_of([found("1.1.3", failed("red")), broken(KeyError("gone"))])
