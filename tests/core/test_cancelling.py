"""A run that people cancel and that no worker ends, as after an outage of Prefect's server, goes home by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State, StateType
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from blocks.company import Company
from flows.cancelling import Ears, hearing_cancel
from flows.gate import ApprovalForm, ask
from flows.way_home import way_home
from policy.plans import Cause
from policy.record import Event, last
from tasks.run import Silent
from tasks.run_log import RunCancelled, ends_with_its_sentence
from tests.core.prefect_server import in_run
from tests.core.scene import ALL_OLD, FIRST_BACK, begun, outcome, serving
from tests.core.world import World
from tests.serving import served
from tests.stories.stage import wait_until

A_DAY = timedelta(days=1)
RUN = uuid4()


class Prefect:
    """Prefect's server with one run in this state, and how often it was looked at."""

    def __init__(self, state: StateType) -> None:
        self.state = state
        self.status = 200
        self.looked = 0
        self.app = Starlette(routes=[Route("/api/flow_runs/{run}", self._read)])

    def _read(self, request: Request) -> JSONResponse:
        self.looked += 1
        run = FlowRun(id=UUID(request.path_params["run"]), flow_id=uuid4(), state=State(type=self.state))
        return JSONResponse(run.model_dump(mode="json"), status_code=self.status)


@contextmanager
def listening(prefect: Prefect, *, after: float) -> Iterator[Ears]:
    """Ears that listen to the run of this server, often."""
    with served(prefect.app) as url, in_run(url, RUN):
        ears = Ears(Silent(), RUN, every=0.02, after=after)
        ears.start()
        yield ears
        ears.stop()


def says_cancelled(ears: Ears) -> bool:
    try:
        ears.check()
    except RunCancelled as error:
        return str(error) == "the run was cancelled in Prefect"
    return False


def test_a_run_that_stays_cancelling_has_to_end_by_itself() -> None:
    with listening(Prefect(StateType.CANCELLING), after=0.1) as ears:
        wait_until(lambda: says_cancelled(ears), what="the release has heard it", every=0.02)


def test_the_worker_is_given_time_to_end_it() -> None:
    prefect = Prefect(StateType.CANCELLING)

    with listening(prefect, after=A_DAY.total_seconds()) as ears:
        wait_until(lambda: prefect.looked > 2, what="it was looked at", every=0.02)
        ears.check()


@pytest.mark.parametrize(("state", "status"), [(StateType.PAUSED, 200), (StateType.CANCELLING, 503)])
def test_one_that_waits_and_one_that_nobody_can_ask_about_go_on(state: StateType, status: int) -> None:
    prefect = Prefect(state)
    prefect.status = status

    with listening(prefect, after=0) as ears:
        wait_until(lambda: prefect.looked > 2, what="it was looked at", every=0.02)
        ears.check()


def test_outside_of_prefect_there_is_nothing_to_hear() -> None:
    other = Silent()

    with hearing_cancel(other) as lookout:
        assert lookout is other


def test_a_release_that_was_cancelled_before_its_gate_asks_nobody_and_goes_home(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_BACK)

    @ends_with_its_sentence
    def release() -> None:
        with way_home(process.run):
            ask(ApprovalForm, "", within=A_DAY, lookout=Silent(), remind=lambda _left: None, remind_every=A_DAY)

    with served(Prefect(StateType.CANCELLING).app) as url, in_run(url, RUN):
        state = release()

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    home = last(process.run.record.rows(), Event.GOING_HOME)
    assert home is not None
    assert (home.facts["cause"], home.facts["sentence"]) == (Cause.CANCELLED, "the run was cancelled in Prefect")
    assert state is not None
    assert state.type is StateType.CANCELLED
    assert str(state.message).startswith("rolled back: ")
