"""A run of a server of Prefect's that a test stands in for, over the wire."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID, uuid4

from prefect import Flow
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext, SyncClientContext
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

SETTINGS = {
    PREFECT_CLIENT_MAX_RETRIES: 0,
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: False,
    # A run that waits at its gate has asked for it long before.
    PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED: False,
    PREFECT_LOGGING_TO_API_ENABLED: False,
}


@contextmanager
def in_run(url: str, run: UUID | None = None) -> Iterator[None]:
    """What is asked of Prefect is asked in this run of the server at this address."""
    nothing = cast("Any", None)
    flow_run = FlowRun(id=run or uuid4(), flow_id=uuid4())
    context = FlowRunContext.model_construct(
        flow=Flow(in_run), flow_run=flow_run, client=nothing, task_runner=nothing, result_store=nothing
    )
    with temporary_settings({**SETTINGS, PREFECT_API_URL: f"{url}/api"}), context, SyncClientContext.get_or_create():
        yield
