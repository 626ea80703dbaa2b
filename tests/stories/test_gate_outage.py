"""A gate and Prefect's server: people answer the question that was asked before the server was away."""

import threading
from contextvars import copy_context
from datetime import UTC, datetime, timedelta

import pytest
from prefect import flow, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.flow_runs import resume_flow_run

from flows.gate import ApprovalForm, ask
from lab.control_plane import ControlPlane
from tasks.run import Silent
from tests.stories.people import asking_of, paused_runs
from tests.stories.stage import wait_until

ANSWER = {"decision": "roll back", "name": "Omar Reyes"}


class Question:
    """A gate in a thread of its own, and what it returned."""

    def __init__(self) -> None:
        self.answer: ApprovalForm | None = None
        self._since = datetime.now(UTC)
        self._thread = threading.Thread(target=copy_context().run, args=(self._ask,), daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        @flow(name="Question")
        def question() -> ApprovalForm:
            return ask(
                ApprovalForm,
                "evidence",
                within=timedelta(minutes=5),
                lookout=Silent(),
                remind=lambda _left: None,
                remind_every=timedelta(days=1),
            )

        self.answer = question()

    def asked(self) -> FlowRun:
        """Return the run that waits, once it does."""
        found: list[FlowRun] = []

        def waits() -> bool:
            with get_client(sync_client=True) as client:
                found[:] = paused_runs(self._since, client)
            return bool(found)

        wait_until(waits, what="the question is asked")
        return found[0]

    def ended(self) -> bool:
        """Whether the gate has let go."""
        return not self._thread.is_alive()


def test_an_answer_counts_that_is_given_as_soon_as_prefects_server_is_back(
    control: ControlPlane, logged: pytest.LogCaptureFixture
) -> None:
    question = Question()
    before = question.asked()

    control.kill_server()
    wait_until(lambda: "Prefect's server is away" in logged.text, what="the gate has noticed")
    control.start_server()
    after = question.asked()
    resume_flow_run(after.id, run_input=ANSWER)

    wait_until(question.ended, what="the gate has its answer")
    assert asking_of(after) == asking_of(before)
    assert question.answer is not None
    assert question.answer.name == "Omar Reyes"
