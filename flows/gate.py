"""Where a person decides: Prefect's pause, our verification. The only file with `async` in it.

A pause that Prefect says is over proves nothing: a run that is forced to Running has no answer, and a retried
run finds an old one. So each asking has a fresh key, the form's fields are required, and what opens the gate is
an approval on record for exactly this.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Literal, TypeVar
from uuid import uuid4

import httpx
from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import State
from prefect.context import AsyncClientContext
from prefect.exceptions import FlowPauseTimeout, ObjectNotFound, PrefectException
from prefect.flow_runs import apause_flow_run
from prefect.input import RunInput
from prefect.input.actions import ensure_flow_run_id
from prefect.input.run_input import Keyset, keyset_from_paused_state
from prefect.logging import get_run_logger
from prefect.states import Paused, Running
from pydantic import Field, ValidationError

from blocks.errors import Meant
from policy.form import NAMED, Comment, NameInRoster
from policy.judgement import spoken
from policy.plans import Cause
from policy.typed import line, spelt
from policy.wording import say_error
from tasks.run import Lookout
from tasks.run_log import RunCancelled, is_deleted

LOOK_SECONDS = 0.25
PAUSE_POLL_SECONDS = 1
SLACK_AFTER_DEADLINE_SECONDS = 3600
Decider = Annotated[str, NAMED, Field(description="The name of whoever decides, as in the roster.")]
Code = Annotated[str, spelt("[0-9]{6}", "six digits")]
OtherName = Annotated[str, line(0, 100)]
TypedBy = Annotated[OtherName, Field(description="Your name, if you type this for somebody who decides by phone.")]


class ApprovalForm(RunInput):
    """What the approver answers. Required and never pre-filled: an untouched form cannot be sent."""

    decision: Literal["approve", "roll back"] = Field(
        description="What you decide, after the evidence above: scroll through all of it."
    )
    name: Decider
    # Stopping is easy: without a code nothing is ever approved, and a roll-back needs none.
    code: Code = Field(
        default="",
        description="To approve: the six digits that the approver's authenticator app shows now. To roll back: none.",
    )
    reason: Comment = Field(default="", description="Why; needed to go on after the window, or to approve one's own.")
    typed_by: TypedBy = Field(default="")


class ChoiceForm(RunInput):
    """What people answer when production cannot be judged, or looks ill but not ill enough to roll back alone."""

    decision: Literal["keep waiting", "stay on the new version", "roll back"] = Field(
        description="What you decide, after the evidence above: scroll through all of it."
    )
    name: NameInRoster
    reason: Annotated[str, line(1, 500)] = Field(description="Why.")


class WaiverForm(RunInput):
    """What is answered where checks failed before the first change; a reason for each of them is added to it."""

    decision: Literal["waive", "stop the release"] = Field(
        description="What you decide, after the findings above: scroll through all of them."
    )
    name: Decider
    code: Code = Field(
        default="",
        description="To waive: the six digits that your authenticator app shows now. To stop: none.",
    )
    typed_by: TypedBy = Field(default="")


Form = TypeVar("Form", bound=RunInput)


class NobodyAnswered(Meant):
    """The time to answer is over."""


class RunDeleted(NobodyAnswered):
    """Prefect no longer knows the run, so there is no form any more in which anybody could answer."""


def ask(
    form: type[Form],
    evidence: str,
    *,
    within: timedelta,
    lookout: Lookout,
    remind: Callable[[timedelta], None],
    remind_every: timedelta,
) -> Form:
    """Pause the run with `evidence` above the form and return the answer.

    Raises NobodyAnswered when the time is over, RunDeleted when the run is gone, RunCancelled when it was cancelled
    before it could ask, and whatever `lookout` raises, at once. An answer that is none (a run forced to Running) is
    asked for again. A server that is away is waited for, and the question stands meanwhile: what people answer as soon
    as it is back counts.
    """
    deadline = time.monotonic() + within.total_seconds()
    asking = _Asking(deadline, within, lookout, remind, remind_every.total_seconds())
    away = ""
    while True:
        try:
            return asyncio.run(_answer_or_alarm(form, evidence, asking))
        except (ValidationError, FlowPauseTimeout) as error:
            asking.key = ""
            get_run_logger().warning("The run went on without an answer (%s); asking again", type(error).__name__)
        except (httpx.HTTPError, PrefectException) as error:
            if isinstance(error, ObjectNotFound) and is_deleted():
                raise RunDeleted(f"{Cause.DELETED} while it waited for an answer, so nobody can answer") from error
            if (said := say_error(error)) != away:
                away = said
                get_run_logger().warning("Prefect's server is away (%s); the question stands meanwhile", said)
            asking.look()
            time.sleep(LOOK_SECONDS)


class _Asking:
    """The time and the alarms of one question, over all its repetitions."""

    def __init__(
        self,
        deadline: float,
        within: timedelta,
        lookout: Lookout,
        remind: Callable[[timedelta], None],
        remind_every: float,
    ) -> None:
        self._deadline = deadline
        self._within = within
        self._lookout = lookout
        self._remind = remind
        self._remind_every = remind_every
        self._next_reminder = time.monotonic() + remind_every
        # Of what people are asked now; empty while they are asked nothing.
        self.key = ""

    @property
    def seconds_left(self) -> float:
        return self._deadline - time.monotonic()

    def look(self) -> None:
        self._lookout.check()
        if self.seconds_left < 0:
            raise NobodyAnswered(f"nobody answered within {spoken(self._within)}")
        if time.monotonic() > self._next_reminder:
            self._next_reminder = time.monotonic() + self._remind_every
            self._remind(timedelta(seconds=self.seconds_left))


async def _answer_or_alarm(form: type[Form], evidence: str, asking: _Asking) -> Form:
    # Without a client in context Prefect opens one for each call and leaves it open.
    async with AsyncClientContext.get_or_create():
        return await _wait_for_answer(form, evidence, asking)


async def _wait_for_answer(form: type[Form], evidence: str, asking: _Asking) -> Form:
    pause = asyncio.ensure_future(_pause(form, evidence, asking))
    try:
        while not pause.done():
            await asyncio.wait([pause], timeout=LOOK_SECONDS)
            asking.look()
        return pause.result()
    except BaseException:
        if not pause.done():
            pause.cancel()
            with suppress(asyncio.CancelledError):
                await pause
            with suppress(httpx.HTTPError, PrefectException):
                await _go_on_running()
        raise


async def _pause(form: type[Form], evidence: str, asking: _Asking) -> Form:
    """Pause the run and return the answer; what was asked before Prefect's server was away is not asked twice."""
    async with get_client() as client:
        state = await _state(client)
        if state is not None and state.is_cancelling():
            raise RunCancelled
        if asking.key and await _still_asked(client, state, asking.key):
            return await _answer_to(form, asking.key)
    if asking.key:
        await _go_on_running()
    asking.key = f"gate-{uuid4()}"
    return await apause_flow_run(
        wait_for_input=form.with_initial_data(description=evidence),
        timeout=round(asking.seconds_left) + SLACK_AFTER_DEADLINE_SECONDS,
        poll_interval=PAUSE_POLL_SECONDS,
        key=asking.key,
    )


async def _still_asked(client: PrefectClient, state: State | None, key: str) -> bool:
    """Whether people see the whole form of this question, or have answered it."""
    inputs = _inputs_of(key)
    # Prefect keeps the evidence last: without it the form was never whole.
    kept = inputs["description"] if _waits_for(state, key) else inputs["response"]
    run = ensure_flow_run_id()
    return bool(await client.filter_flow_run_input(run, key_prefix=kept, limit=1, exclude_keys=set()))


async def _answer_to(form: type[Form], key: str) -> Form:
    """Return the answer to a question that was asked before; like Prefect's own pause, but for one that stands."""
    async with get_client() as client:
        while _waits_for(await _state(client), key):
            await asyncio.sleep(PAUSE_POLL_SECONDS)
    return await form.aload(_inputs_of(key))


def _inputs_of(key: str) -> Keyset:
    return keyset_from_paused_state(Paused(pause_key=key))


def _waits_for(state: State | None, key: str) -> bool:
    return state is not None and state.is_paused() and state.state_details.pause_key == key


async def _state(client: PrefectClient) -> State | None:
    return (await client.read_flow_run(ensure_flow_run_id())).state


async def _go_on_running() -> None:
    """Take the run out of its pause; the answer is known or no longer wanted."""
    async with get_client() as client:
        state = await _state(client)
        # One that was cancelled meanwhile stays so.
        if state is not None and state.is_paused():
            await client.set_flow_run_state(ensure_flow_run_id(), Running(), force=True)
