"""Prefect's list of scheduled runs in memory: it stays when a process dies."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun

from tests.core.world import World


class Runs:
    """What Prefect's server and its client answer to whoever schedules runs."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.waiting: list[FlowRun] = []

    def stand_in(self, patch: pytest.MonkeyPatch) -> None:
        """Answer in place of the server."""
        patch.setattr("tasks.duties.run_deployment", self.run_deployment)
        patch.setattr("tasks.duties.get_client", self.get_client)

    def duties(self) -> list[str]:
        """What waits for its day."""
        return [str(run.parameters["duty"]) for run in self.waiting]

    def take_next(self) -> FlowRun:
        """A worker takes the run that is due next."""
        due = min(self.waiting, key=lambda run: str(run.expected_start_time))
        self.waiting.remove(due)
        return due

    def run_deployment(
        self,
        _name: str,
        *,
        parameters: dict[str, Any],
        scheduled_time: datetime,
        flow_run_name: str,
        tags: Sequence[str],
        idempotency_key: str,
        **_words: object,
    ) -> FlowRun:
        """Schedule it once; the process may die before it or before it hears of it."""
        self.world.may_die()
        known = next((run for run in self.waiting if run.idempotency_key == idempotency_key), None)
        run = known or FlowRun(
            flow_id=uuid4(),
            name=flow_run_name,
            parameters=parameters,
            tags=list(tags),
            idempotency_key=idempotency_key,
            expected_start_time=scheduled_time,
        )
        if known is None:
            self.waiting.append(run)
        self.world.may_die()
        return run

    @contextmanager
    def get_client(self, **_words: object) -> Iterator["Runs"]:
        """Itself."""
        yield self

    def read_flow_runs(self, *, flow_run_filter: FlowRunFilter) -> list[FlowRun]:
        """Return those that carry every tag."""
        wanted = set(flow_run_filter.tags.all_ or ()) if flow_run_filter.tags else set()
        return [run for run in self.waiting if wanted <= set(run.tags)]

    def update_flow_run(self, number: UUID, *, parameters: dict[str, Any]) -> None:
        """Let it begin with other parameters."""
        self.world.may_die()
        next(run for run in self.waiting if run.id == number).parameters = parameters
        self.world.may_die()

    def delete_flow_run(self, number: UUID) -> None:
        """Let it not happen."""
        self.world.may_die()
        self.waiting = [run for run in self.waiting if run.id != number]
        self.world.may_die()
