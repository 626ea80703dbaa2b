"""Recovery's schedule is on while somebody holds the environment, and its idle runs leave no litter."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.logging import get_run_logger

from tasks.run import current_run
from tasks.run_log import client_or_warning, if_still_there

FLOW = "Recovery"
IDLE = "idle"
SWITCH_ON_SECONDS = 30.0
_LOST = "Recovery's schedule could not be changed"


@contextmanager
def recovery_awake(environment: str) -> Iterator[None]:
    """Recovery looks after this environment, also if the deployments are written anew meanwhile."""
    switch_on(environment)
    over = threading.Event()
    # The thread takes along which run it belongs to and which Prefect server it speaks to.
    words = (over, environment)
    thread = threading.Thread(target=copy_context().run, args=(_keep_awake, *words), name="recovery-awake", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=SWITCH_ON_SECONDS)


def _keep_awake(over: threading.Event, environment: str) -> None:
    while not over.wait(SWITCH_ON_SECONDS):
        switch_on(environment)


def switch_on(environment: str) -> None:
    """Recovery looks after this environment from now on."""
    if _switch(environment, active=True) == 0:
        get_run_logger().warning(
            "No recovery deployment looks after %s: a crash would be noticed by nobody. Deploy with"
            " `prefect deploy --all`.",
            environment,
        )


def switch_off(environment: str) -> None:
    """Nobody holds the environment: recovery rests."""
    _switch(environment, active=False)


def call_recovery(environment: str) -> None:
    """Recovery looks at this environment at once, not only when its schedule says so."""
    with client_or_warning(_LOST) as client:
        for deployment in _deployments(client, environment):
            with if_still_there():
                client.create_flow_run_from_deployment(deployment.id)


def leave_no_litter() -> None:
    """Mark the current run as idle and delete the idle ones before it."""
    this = current_run()
    if this is None:
        return
    with client_or_warning(_LOST) as client:
        for run in client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[FLOW])),
            flow_run_filter=FlowRunFilter(
                tags=FlowRunFilterTags(all_=[IDLE]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.COMPLETED])),
            ),
        ):
            # Another recovery may tidy up at this very moment.
            with if_still_there():
                client.delete_flow_run(run.id)
        with if_still_there():
            client.update_flow_run(this.id, name="Looked: nothing to do", tags=[IDLE])


def _switch(environment: str, *, active: bool) -> int | None:
    """Return how many schedules look after the environment; None while Prefect's server is away."""
    count = None
    with client_or_warning(_LOST) as client:
        count = 0
        for deployment, schedule in _schedules(client, environment):
            # Whoever writes the deployments anew at this very moment brings a schedule of its own.
            with if_still_there():
                client.update_deployment_schedule(deployment, schedule, active=active)
            count += 1
    return count


def _schedules(client: SyncPrefectClient, environment: str) -> Iterator[tuple[UUID, UUID]]:
    for deployment in _deployments(client, environment):
        for schedule in deployment.schedules:
            yield deployment.id, schedule.id


def _deployments(client: SyncPrefectClient, environment: str) -> Iterator[DeploymentResponse]:
    for deployment in client.read_deployments(flow_filter=FlowFilter(name=FlowFilterName(any_=[FLOW]))):
        if deployment.parameters.get("environment") == environment:
            yield deployment
