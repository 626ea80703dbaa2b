"""The people of a story: what they answer at its gates."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime

from httpx import HTTPStatusError
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import FlowPauseTimeout, NotPausedError, ObjectNotFound
from prefect.flow_runs import resume_flow_run

# Each question costs Prefect's server a hundredth of a second, and most of a story nobody is asked anything.
ASK_SECONDS = 1.0
APPROVE = {"decision": "approve", "name": "Tomas Lima"}
ROLL_BACK = {"decision": "roll back", "name": "Omar Reyes", "reason": "looks wrong to me"}
Words = dict[str, str]
Answer = Words | Callable[[FlowRun], Words | None]


@dataclass
class Answers:
    """What people answer at the gates of what began `since`, in turn; what a callable returns is the answer."""

    since: datetime
    answers: list[Answer]
    typed: Callable[[Words], Words]
    asked: int = 0

    @contextmanager
    def given(self) -> Iterator[None]:
        """Answer in the background until the block ends; who was asked before is left to others."""
        over = threading.Event()
        with get_client(sync_client=True) as client:
            known = {asking_of(run) for run in paused_runs(self.since, client)}
        # A thread begins without Prefect's settings of this test session.
        thread = threading.Thread(target=copy_context().run, args=(self._answer, over, known), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(timeout=20)

    def _answer(self, over: threading.Event, known: set[str]) -> None:
        left = list(self.answers)
        with get_client(sync_client=True) as client:
            while not over.wait(ASK_SECONDS):
                for run in paused_runs(self.since, client):
                    if asking_of(run) in known:
                        continue
                    known.add(asking_of(run))
                    self.asked += 1
                    answer = left.pop(0) if left else None
                    if callable(answer):
                        answer = answer(run)
                    if answer is not None:
                        _send(run, self.typed(answer), client)


def _send(run: FlowRun, words: Words, client: SyncPrefectClient) -> None:
    """The question is answered, unless it is over by now: its time, a red flag, or a hotfix was faster."""
    try:
        resume_flow_run(run.id, run_input=words)
    except (FlowPauseTimeout, NotPausedError, ObjectNotFound, RuntimeError):
        if _is_still_asked(run, client):
            raise


def _is_still_asked(run: FlowRun, client: SyncPrefectClient) -> bool:
    try:
        return asking_of(client.read_flow_run(run.id)) == asking_of(run)
    except ObjectNotFound:
        return False


def choice(decision: str, name: str, reason: str) -> Words:
    """Return an answer to what the machine leaves to people."""
    return {"decision": decision, "name": name, "reason": reason}


def asking_of(run: FlowRun) -> str:
    """Return what tells one question of a run from the next."""
    return str(run.state.id if run.state else "")


def paused_runs(since: datetime, client: SyncPrefectClient) -> list[FlowRun]:
    """Return the runs that began since then and wait for a person to fill in their form."""
    found = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            start_time=FlowRunFilterStartTime(after_=since),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED])),
        )
    )
    return [run for run in found if _has_its_form(run, client)]


def _has_its_form(run: FlowRun, client: SyncPrefectClient) -> bool:
    """Prefect shows a run as paused a moment before its form is there."""
    form = run.state.state_details.run_input_keyset if run.state else None
    try:
        return form is None or bool(client.read_flow_run_input(run.id, form["schema"]))
    except HTTPStatusError:
        return False
