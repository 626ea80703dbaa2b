"""Starts the process of a container under a keeper, which waits for its end and writes down how it ended."""

import os
import socket
import subprocess
import time
from typing import NoReturn

from lab.engine.clock import clock_of, now_text
from lab.engine.containers import Container, started_ticks
from lab.engine.refusal import RefusedError

NOT_STARTED = 128
START_SECONDS = 5


def start(container: Container) -> None:
    """Start the process, unless its port is taken; return when it has a number."""
    container.write_state({**container.state(), "status": "created", "exit_code": 0, "pid": None})
    for port in container.facts["ports"]:
        _refuse_taken(container, port)
    if os.fork() == 0:
        _keep(container)
    os.wait()
    before = time.monotonic()
    while container.state()["pid"] is None:
        if time.monotonic() - before > START_SECONDS:
            raise RefusedError("Error response from daemon: failed to create task for container")
        time.sleep(0.003)


def _refuse_taken(container: Container, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            container.write_state({**container.state(), "exit_code": NOT_STARTED})
            raise RefusedError(
                "Error response from daemon: driver failed programming external connectivity on endpoint "
                f"{container.facts['name']}: Error starting userland proxy: listen tcp4 127.0.0.1:{port}: "
                "bind: address already in use"
            ) from None


def _keep(container: Container) -> NoReturn:
    """Leave the command's session, run the process to its end and write down how it ended."""
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.closerange(3, 1024)
    try:
        _run(container)
    finally:
        os._exit(0)


def _run(container: Container) -> None:
    with (container.folder / "log").open("ab") as log:
        process = subprocess.Popen(
            container.facts["command"],
            cwd=container.facts["files"],
            env={**container.facts["environment"], **clock_of(container.host)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    state = {
        "status": "running",
        "exit_code": 0,
        "started_at": now_text(container.host),
        "pid": process.pid,
        "ticks": started_ticks(process.pid),
        "keeper": os.getpid(),
        "keeper_ticks": started_ticks(os.getpid()),
    }
    container.write_state(state)
    code = process.wait()
    code = 128 - code if code < 0 else code
    container.write_state({**state, "status": "exited", "exit_code": code, "finished_at": now_text(container.host)})
