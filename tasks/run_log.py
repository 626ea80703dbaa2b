"""Prefect's own list of runs as a log: names that say what was released, tags that filter it.

Prefect is a view: what cannot be written there is said in the log and stops nothing.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import httpx
from prefect import get_client
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import FailedRun, ObjectNotFound, PrefectException
from prefect.logging import get_run_logger
from prefect.states import Cancelled, Completed, Failed

from blocks.errors import Meant
from policy.endings import ending_of, say_ending
from policy.plans import Cause
from policy.record import Event, Unreadable, last
from policy.run_tags import outcome_tag, release_tag, run_name, tags_of
from policy.wording import as_clause, say_error
from tasks.run import Run, current_run

Asked = ParamSpec("Asked")
Ended = TypeVar("Ended")
# How long Prefect gives a process that it cancels.
CANCEL_SECONDS, LOOK_SECONDS = 30.0, 0.5
_CUT_SHORT = (StateType.CRASHED, StateType.CANCELLED)
_LOST = "Prefect's list of runs was not brought up to date"


class RunCancelled(Meant):
    """A person cancelled the run in Prefect: what it did goes home, and its state stays what the person made it."""

    def __init__(self) -> None:
        super().__init__(f"{Cause.CANCELLED} in Prefect")


class _StateSaysIt(logging.Filter):
    """A run that returns a failed state has said why in it; the engine would log a traceback of its own for it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep all but that traceback."""
        return not (isinstance(record.exc_info, tuple) and isinstance(record.exc_info[1], FailedRun))


_STATE_SAYS_IT = _StateSaysIt()


def ends_failed(name: str, message: str) -> State[None]:
    """Return the state with which a run ends failed and says why: its log has this one line and no traceback."""
    logging.getLogger("prefect.flow_runs").addFilter(_STATE_SAYS_IT)
    return Failed(name=name, message=message)


def ends_planned(page: str = "plan") -> State[None]:
    """Return the state with which a plan ends: its message says on which page to read it."""
    return Completed(
        message=f"planned: production is as it was; the page `{page}` under Artifacts shows what would happen"
    )


def ends_sealed(run: Run) -> State[None]:
    """Return the state with which a release ends well: its message says how, as its record does."""
    sealed = last(run.record.seen, Event.SEALED)
    return Completed(message=say_ending(run.release, sealed) if sealed else None)


def ends_with_its_sentence(body: Callable[Asked, Ended]) -> Callable[Asked, Ended | State[None]]:
    """Let a flow that ends early for a reason say that reason alone; a defect, a cancel and a crash pass through.

    The record is sealed or left to recovery by then: the state is for people.
    """

    @wraps(body)
    def carry_out(*args: Asked.args, **words: Asked.kwargs) -> Ended | State[None]:
        try:
            return body(*args, **words)
        except RunCancelled as error:
            # From Cancelling there is no other way.
            return Cancelled(message=_say_with_notes(error))
        except Meant as error:
            return ends_failed(name="Failed", message=_say_with_notes(error))
        except Unreadable as error:
            return ends_failed(name="Failed", message=f"the record cannot be read: {_say_with_notes(error)}")

    return carry_out


def _say_with_notes(error: Exception) -> str:
    """What ended the run, then what became of it since; a note that says both stands alone."""
    said = say_error(error)
    for note in getattr(error, "__notes__", ()):
        said = note if as_clause(said) in note else f"{as_clause(said)}; {note}"
    return said


def leave_page(key: str, page: str, description: str) -> None:
    """The current run has this page among its artifacts, if Prefect's server can be reached; else its log says so."""
    if current_run() is None:
        return
    try:
        create_markdown_artifact(key=key, markdown=page, description=description[:200])
    except (httpx.HTTPError, PrefectException) as error:
        get_run_logger().warning("The page %s could not be left in Prefect: %s", key, say_error(error))


def call_run(name: str) -> None:
    """The current run is called so."""
    this = current_run()
    if this is None:
        return
    with client_or_warning(_LOST) as client:
        _update(client, this.id, name=name)


def tag_beginning(run: Run) -> None:
    """The current run carries what is known of its release, and its commit in its name."""
    this = current_run()
    if this is None:
        return
    with client_or_warning(_LOST) as client:
        tags = _merged(this.tags, tags_of(run.release))
        _update(client, this.id, name=run_name(run.release), tags=tags)


def tag_ending(run: Run) -> None:
    """Every run of the release carries how it ended: the one that a recovery brought home, too, and the recovery."""
    this, sealed = current_run(), last(run.record.seen, Event.SEALED)
    if this is None or sealed is None:
        return
    ended, said = outcome_tag(ending_of(sealed)), say_ending(run.release, sealed)
    with client_or_warning(_LOST) as client:
        known = FlowRunFilter(tags=FlowRunFilterTags(all_=[release_tag(run.release.key)]))
        runs = {one.id: one for one in client.read_flow_runs(flow_run_filter=known)}
        for one in {this.id: this, **runs}.values():
            _update(client, one.id, tags=_merged(one.tags, (*tags_of(run.release), ended)))
            if one.id != this.id:
                _say_in_state(client, one, said)


def _say_in_state(client: SyncPrefectClient, ended: FlowRun, said: str) -> None:
    """A run that was cut short says what became of its release, in place of what Prefect guesses.

    One that is still being cancelled is waited for, since Prefect writes its own sentence at the end.
    """
    state, deadline = ended.state, time.monotonic() + CANCEL_SECONDS
    with if_still_there():
        while state is not None and state.is_cancelling() and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            state = client.read_flow_run(ended.id).state
        if state is not None and state.type in _CUT_SHORT:
            client.set_flow_run_state(ended.id, State(type=state.type, name=state.name, message=said), force=True)


def is_deleted() -> bool:
    """Whether Prefect is well and does not know this run: what stands before a server may say 404 to everything."""
    this = current_run()
    if this is None:
        return False
    try:
        with get_client(sync_client=True) as client:
            if client.api_healthcheck() is not None:
                return False
            client.read_flow_run(this.id)
    except ObjectNotFound:
        return True
    except (httpx.HTTPError, PrefectException):
        return False
    return False


def says_deleted(error: Exception) -> bool:
    """Whether Prefect raised this because the run was deleted; a server that does not answer says nothing of it."""
    return isinstance(error, (httpx.HTTPStatusError, PrefectException)) and is_deleted()


def page_of(run: Run) -> str:
    """Return where the page of the run that acts is in Prefect's UI; empty where somebody deleted that run."""
    return "" if is_deleted() else run.link


def _update(client: SyncPrefectClient, number: UUID, **shown: Any) -> None:
    with if_still_there():
        client.update_flow_run(number, **shown)


def _merged(tags: Iterable[str], more: Iterable[str]) -> list[str]:
    return list(dict.fromkeys((*tags, *more)))


@contextmanager
def if_still_there() -> Iterator[None]:
    """What somebody else deleted at this very moment needs nothing any more; not every call says so by one kind."""
    try:
        yield
    except ObjectNotFound:
        return
    except httpx.HTTPStatusError as error:
        if error.response.status_code != httpx.codes.NOT_FOUND:
            raise


@contextmanager
def client_or_warning(lost: str) -> Iterator[SyncPrefectClient]:
    """Yield a client; Prefect's server being away is no reason to stop: the log says what was `lost`."""
    try:
        with get_client(sync_client=True) as client:
            yield client
    except (httpx.HTTPError, PrefectException) as error:
        get_run_logger().warning("%s: %s", lost, say_error(error))
