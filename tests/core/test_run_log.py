"""What Prefect shows of a run: our sentence where it ends early, and no word about what is gone already."""

import logging
from typing import cast
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.responses import DeploymentResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from blocks.errors import Superseded
from blocks.hold import Held
from flows.phase import ChecksFailed
from flows.recovery_schedule import call_recovery, leave_no_litter
from policy.record import Unreadable
from tasks.resolve import BadRequest
from tasks.run_log import call_run, ends_with_its_sentence
from tests.core.prefect_server import in_run
from tests.serving import served

OWN = (
    BadRequest("commit: b2b2b2b is already live"),
    Held("Ana Souza is releasing a1a1a1a"),
    Superseded("Dora Levin broke the hold of b2b2b2b"),
    ChecksFailed("1.4.3: no backup found"),
)


class Prefect:
    """Prefect's server with these runs, of which some were deleted since anybody asked."""

    def __init__(self, *runs: UUID, gone: tuple[UUID, ...] = ()) -> None:
        self.runs = [FlowRun(id=run, flow_id=uuid4()) for run in runs]
        self.gone = {str(run) for run in gone}
        self.done: list[tuple[str, str]] = []
        self.deployments = [
            DeploymentResponse(name=environment, flow_id=uuid4(), parameters={"environment": environment}, labels={})
            for environment in ("production", "shop")
        ]
        self.app = Starlette(
            routes=[
                Route("/api/flow_runs/filter", self._list, methods=["POST"]),
                Route("/api/flow_runs/{run}", self._change, methods=["DELETE", "PATCH"]),
                Route("/api/deployments/filter", self._list_deployments, methods=["POST"]),
                Route("/api/deployments/{deployment}/create_flow_run", self._begin, methods=["POST"]),
            ]
        )

    def _list(self, _request: Request) -> JSONResponse:
        return JSONResponse([run.model_dump(mode="json") for run in self.runs])

    def _list_deployments(self, _request: Request) -> JSONResponse:
        return JSONResponse([one.model_dump(mode="json") for one in self.deployments])

    def _begin(self, request: Request) -> JSONResponse:
        self.done.append(("begin", request.path_params["deployment"]))
        return JSONResponse(FlowRun(flow_id=uuid4()).model_dump(mode="json"), status_code=201)

    def _change(self, request: Request) -> Response:
        run = request.path_params["run"]
        self.done.append((request.method, run))
        return Response(status_code=404 if run in self.gone else 204)


@pytest.mark.parametrize("error", OWN, ids=[type(error).__name__ for error in OWN])
def test_a_run_that_ends_for_a_reason_says_that_reason_alone(error: Exception) -> None:
    @ends_with_its_sentence
    def release() -> None:
        raise error

    state = release()

    assert isinstance(state, State)
    assert (state.is_failed(), state.name, state.message) == (True, "Failed", str(error))


def test_a_run_whose_record_cannot_be_read_says_so() -> None:
    @ends_with_its_sentence
    def release() -> None:
        raise Unreadable("row 3 was altered after it was written")

    state = cast("State[None]", release())

    said = "the record cannot be read: row 3 was altered after it was written"
    assert (state.is_failed(), state.message) == (True, said)


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("stopped: 1.4.3: no backup found; no server was touched", "{note}"),
        ("left to people: web-server-2 is silent", "1.4.3: no backup found; {note}"),
    ],
    ids=["which says both", "which says what came of it"],
)
def test_a_run_that_went_home_says_how_it_ended_too(note: str, said: str) -> None:
    @ends_with_its_sentence
    def release() -> None:
        error = ChecksFailed("1.4.3: no backup found.")
        error.add_note(note)
        raise error

    assert cast("State[None]", release()).message == said.format(note=note)


@pytest.mark.parametrize("error", [KeyError("digest"), KeyboardInterrupt()], ids=["a defect", "an end from outside"])
def test_what_was_not_meant_passes_through(error: BaseException) -> None:
    @ends_with_its_sentence
    def release() -> None:
        raise error

    with pytest.raises(type(error)):
        release()


def test_what_another_recovery_tidied_up_at_this_moment_is_no_warning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.recovery_schedule.get_run_logger", lambda: logging.getLogger("recovery"))
    own, gone, idle = uuid4(), uuid4(), uuid4()
    prefect = Prefect(gone, idle, gone=(gone,))

    with served(prefect.app) as url, in_run(url, own):
        leave_no_litter()

    assert prefect.done == [("DELETE", str(gone)), ("DELETE", str(idle)), ("PATCH", str(own))]
    assert not [record for record in caplog.records if record.name == "recovery"]


def test_recovery_is_called_for_the_environment_of_a_cancelled_release_alone() -> None:
    prefect = Prefect()

    with served(prefect.app) as url, in_run(url, uuid4()):
        call_recovery("shop")

    assert prefect.done == [("begin", str(prefect.deployments[1].id))]


def test_a_run_that_was_deleted_has_no_name_to_bring_up_to_date(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.run_log.get_run_logger", lambda: logging.getLogger("run log"))
    own = uuid4()
    prefect = Prefect(gone=(own,))

    with served(prefect.app) as url, in_run(url, own):
        call_run("Doctor: nothing could be tried")

    assert prefect.done == [("PATCH", str(own))]
    assert not [record for record in caplog.records if record.name == "run log"]
