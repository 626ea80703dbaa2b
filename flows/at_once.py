"""Several servers at once: each in a thread of its own, and nobody goes on before all of them have ended."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import TypeVar

from blocks.errors import Meant, Superseded
from blocks.fleet import Server
from tasks.run import Lookout, Run

Result = TypeVar("Result")


class AnotherStopped(Meant):
    """A server beside this one could not go on, so this one does not either; what is said is what stopped that one."""


@dataclass(frozen=True, slots=True)
class Together:
    """Looks out for a server as it is looked out for all of them, and stops it when another one was stopped."""

    lookout: Lookout
    stopped: threading.Event

    def check(self) -> None:
        """Return while nothing speaks against going on; raises AnotherStopped, or what the lookout raises."""
        self.lookout.check()
        if self.stopped.is_set():
            raise AnotherStopped("a server of the same batch could not go on")


def at_once(run: Run, servers: Sequence[Server], act: Callable[[Run, Server], Result]) -> list[Result]:
    """Act on all servers at once and return what came of each, in their order.

    When one raises, or this thread is told to end, the others stop at their next safe point; then it is raised.
    """
    if len(servers) == 1:
        return [act(run, servers[0])]
    stopped = threading.Event()
    beside = replace(run, lookout=Together(run.lookout, stopped))

    def act_on(server: Server) -> Result:
        try:
            return act(beside, server)
        except BaseException:
            stopped.set()
            raise

    with ThreadPoolExecutor(max_workers=max(1, len(servers))) as pool:
        # Each takes along which run it belongs to and which Prefect server it speaks to.
        futures = [pool.submit(copy_context().run, act_on, server) for server in servers]
        try:
            wait(futures)
        except BaseException:
            stopped.set()
            raise
    return _results(futures)


def _results(futures: Sequence[Future[Result]]) -> list[Result]:
    """Raise what stopped them: that somebody else took over counts most, that another one stopped least."""
    raised = [error for future in futures if (error := future.exception()) is not None]
    if raised:
        raise min(raised, key=lambda error: (not isinstance(error, Superseded), isinstance(error, AnotherStopped)))
    return [future.result() for future in futures]
