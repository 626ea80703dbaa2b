"""Serves the lab's HTTP services, each on its own port, in the supervisor's loop."""

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from lab.home import Home
from lab.processes import LabError


class Quiet(uvicorn.Server):
    """A server that leaves signals to the supervisor."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The supervisor listens to them."""
        yield


class WebServers:
    """The HTTP services that run now."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._running: dict[str, tuple[Quiet, asyncio.Task[None]]] = {}

    async def serve(self, name: str, app: ASGIApp) -> None:
        """Serve an application on the port of this name; return when it listens."""
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=self._home.ports[name],
            log_level="warning",
            access_log=False,
            lifespan="off",
        )
        server = Quiet(config)
        task = asyncio.create_task(server.serve(), name=name)
        self._running[name] = (server, task)
        while not server.started:
            if task.done():
                raise LabError(f"{name} could not listen on port {self._home.ports[name]}")
            await asyncio.sleep(0.005)

    async def close(self, name: str) -> None:
        """Stop one service; its port refuses."""
        if running := self._running.pop(name, None):
            server, task = running
            server.should_exit = server.force_exit = True
            await asyncio.wait([task], timeout=3)

    async def stop(self) -> None:
        """Stop every service."""
        for name in list(self._running):
            await self.close(name)
