"""A person's *Cancel* reaches a release also where Prefect's worker no longer hears of it.

Prefect's worker ends the process of a run that is cancelled, within ten seconds. Once its server was away for half a
minute it does not any more (measured on Prefect 3.9.1: it logs "Cancellation polling task failed"), and the run goes
on while everybody sees it as Cancelling. So a release looks itself, and gives the worker the first chance.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from uuid import UUID

import httpx
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import PrefectException

from tasks.run import Lookout, current_run
from tasks.run_log import RunCancelled

LOOK_SECONDS = 5.0
# How long the worker has to end the process itself.
WORKER_SECONDS = 15.0


@contextmanager
def hearing_cancel(other: Lookout) -> Iterator[Lookout]:
    """Yield a lookout that checks as `other` does, and raises RunCancelled once the run has to end by itself."""
    run = current_run()
    if run is None:
        yield other
        return
    ears = Ears(other, run.id)
    ears.start()
    try:
        yield ears
    finally:
        ears.stop()


class Ears:
    """A thread that looks whether people cancelled the run and nobody ended its process."""

    def __init__(
        self, other: Lookout, run: UUID, *, every: float = LOOK_SECONDS, after: float = WORKER_SECONDS
    ) -> None:
        self._other = other
        self._run = run
        self._every = every
        self._after = after
        self._cancelled = False
        self._stopped = threading.Event()
        # A thread begins without Prefect's settings of whoever started it.
        self._thread = threading.Thread(target=copy_context().run, args=(self._listen,), name="ears", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; a question that is on its way to a server that is away is not waited for."""
        self._stopped.set()
        self._thread.join(timeout=1)

    def check(self) -> None:
        """Return while nothing speaks against going on; raises RunCancelled and whatever the other lookout raises."""
        self._other.check()
        if self._cancelled:
            raise RunCancelled

    def _listen(self) -> None:
        since = None
        with get_client(sync_client=True) as client:
            while not self._stopped.wait(self._every):
                now = time.monotonic()
                since = (since or now) if self._is_cancelling(client) else None
                self._cancelled = since is not None and now - since >= self._after

    def _is_cancelling(self, client: SyncPrefectClient) -> bool:
        with suppress(httpx.HTTPError, PrefectException):
            state = client.read_flow_run(self._run).state
            return state is not None and state.is_cancelling()
        return False
