"""A release in a process of its own, which a story can kill; forked from one that has imported everything already."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from prefect import Flow, get_client
from prefect.client.schemas.objects import State
from prefect.flow_engine import run_flow
from prefect.settings import (
    PREFECT_API_SSL_CERT_FILE,
    PREFECT_API_URL,
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)
from prefect.settings.legacy import Setting
from prefect.states import Scheduled

from flows.hotfix import emergency_hotfix
from flows.manual import manual_deployment
from flows.production import production_deployment
from policy.release import HotfixRequest, ManualRequest, Request

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])
# Nothing that lives is waited for without end; how long it takes says only how busy the machine is.
END_SECONDS = 600
FLOWS: tuple[Flow[..., State[None]], ...] = (production_deployment, emergency_hotfix, manual_deployment)
# What a client needs to know to find the story's Prefect server.
SETTINGS: tuple[Setting, ...] = (
    PREFECT_API_URL,
    PREFECT_API_SSL_CERT_FILE,
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_TO_API_ENABLED,
)


class ReleaseProcess:
    """One process that carries out a release."""

    def __init__(self, act: Callable[[Any], object], subject: Any) -> None:
        settings = {setting: setting.value() for setting in SETTINGS}
        self._process = FORKS.Process(target=_carry_out, args=(settings, act, subject), daemon=True)
        self._process.start()
        self.pid = int(self._process.pid or 0)

    @classmethod
    def begin(cls, request: Request) -> "ReleaseProcess":
        """Carry out a request as a new run."""
        return cls(carry_through, request)

    @classmethod
    def retry(cls, run: UUID) -> "ReleaseProcess":
        """Go on with a run as after the button Retry of the UI, which sends it by force."""
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(run, Scheduled(name="AwaitingRetry"), force=True)
        return cls(_go_on, run)

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.exitcode is not None

    def kill(self) -> None:
        """Kill -9; nothing in the process gets a word in."""
        self._process.kill()
        self._process.join()

    def cancel(self) -> None:
        """Send what a worker sends to the process of a run that a person cancels; return when it has ended."""
        self._process.terminate()
        self.wait()

    def freeze(self) -> None:
        """Let the process sleep in the middle of whatever it does."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it wake up, as if no time had passed."""
        os.kill(self.pid, signal.SIGCONT)

    def wait(self, *, seconds: float = END_SECONDS) -> int:
        """Return the exit status once the process has ended."""
        self._process.join(seconds)
        assert self._process.exitcode is not None, f"the process of the release lives after {seconds:.0f} s"
        return self._process.exitcode


def _carry_out(settings: Mapping[Setting, Any], act: Callable[[Any], object], subject: Any) -> None:
    with temporary_settings(settings):
        act(subject)


def carry_through(request: Request) -> None:
    """Carry out a request by the way that its form asks for."""
    if isinstance(request, HotfixRequest):
        emergency_hotfix(request)
    elif isinstance(request, ManualRequest):
        manual_deployment(request)
    else:
        production_deployment(request)


def _go_on(run: UUID) -> None:
    with get_client(sync_client=True) as client:
        flow_run = client.read_flow_run(run)
        name = client.read_flow(flow_run.flow_id).name
    run_flow(next(flow for flow in FLOWS if flow.name == name), flow_run=flow_run)
