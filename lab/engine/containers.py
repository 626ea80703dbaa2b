"""Containers on one host: real processes, each with a keeper that records how it ended."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from lab.engine.clock import clock_of, now_text
from lab.engine.refusal import RefusedError

LOST = 255
NOT_STARTED = 128


def started_ticks(pid: int) -> int | None:
    """Return when a live process started, which a recycled number does not share."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


class Container:
    """One container: `container.json` never changes, `state.json` does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts: dict[str, Any] = json.loads((folder / "container.json").read_text())

    @classmethod
    def create(cls, containers: Path, facts: dict[str, Any]) -> "Container":
        """Write a new container down; nothing runs yet."""
        identity = secrets.token_hex(32)
        folder = containers / identity
        folder.mkdir(parents=True)
        path = folder / "container.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({"id": identity, **facts}))
        container = cls(folder)
        container.write_state({"status": "created", "exit_code": 0, "started_at": "0001-01-01T00:00:00Z"})
        return container

    @property
    def host(self) -> Path:
        """The folder of the host that it runs on."""
        return self.folder.parents[2]

    def write_state(self, state: dict[str, Any]) -> None:
        """Replace the state in one movement."""
        draft = self.folder / "state.draft"
        draft.write_text(json.dumps(state))
        draft.replace(self.folder / "state.json")

    def state(self) -> dict[str, Any]:
        """Return the state; a process that vanished without its keeper counts as exited."""
        state: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        if state["status"] == "running" and started_ticks(state["pid"]) != state["ticks"]:
            keeper_alive = started_ticks(state["keeper"]) == state["keeper_ticks"]
            if keeper_alive:
                time.sleep(0.02)
                return self.state()
            return {**state, "status": "exited", "exit_code": LOST}
        return state

    @property
    def running(self) -> bool:
        """True while the process lives."""
        return bool(self.state()["status"] == "running")

    def start(self) -> None:
        """Start the process under a keeper, unless its port is taken."""
        self.write_state({**self.state(), "status": "created", "exit_code": 0, "pid": None})
        for port in self.facts["ports"]:
            self._refuse_taken(port)
        if os.fork() == 0:
            self._keep()
        os.wait()
        before = time.monotonic()
        while self.state()["pid"] is None:
            if time.monotonic() - before > 5:
                raise RefusedError("Error response from daemon: failed to create task for container")
            time.sleep(0.003)

    def _refuse_taken(self, port: int) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                self.write_state({**self.state(), "exit_code": NOT_STARTED})
                raise RefusedError(
                    "Error response from daemon: driver failed programming external connectivity on endpoint "
                    f"{self.facts['name']}: Error starting userland proxy: listen tcp4 127.0.0.1:{port}: "
                    "bind: address already in use"
                ) from None

    def _keep(self) -> None:
        """Leave the command's session, run the process to its end and write down how it ended."""
        os.setsid()
        if os.fork() != 0:
            os._exit(0)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.closerange(3, 1024)
        try:
            self._run()
        finally:
            os._exit(0)

    def _run(self) -> None:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                self.facts["command"],
                cwd=self.facts["files"],
                env={**self.facts["environment"], **clock_of(self.host)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        state = {
            "status": "running",
            "exit_code": 0,
            "started_at": now_text(self.host),
            "pid": process.pid,
            "ticks": started_ticks(process.pid),
            "keeper": os.getpid(),
            "keeper_ticks": started_ticks(os.getpid()),
        }
        self.write_state(state)
        code = process.wait()
        code = 128 - code if code < 0 else code
        self.write_state({**state, "status": "exited", "exit_code": code, "finished_at": now_text(self.host)})

    def stop(self, grace: float) -> None:
        """End the process politely, then by force when the grace time is over."""
        state = self.state()
        if state["status"] != "running":
            return
        self._send(state["pid"], signal.SIGTERM)
        deadline = time.monotonic() + grace
        while self.running:
            if time.monotonic() > deadline:
                self._send(state["pid"], signal.SIGKILL)
                deadline = float("inf")
            time.sleep(0.01)

    @staticmethod
    def _send(pid: int, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def log(self, lines: int) -> str:
        """Return the last lines that the process wrote."""
        path = self.folder / "log"
        text = path.read_text(errors="replace").splitlines(keepends=True) if path.exists() else []
        return "".join(text[-lines:]) if lines else ""

    def inspect(self) -> dict[str, Any]:
        """Return what `docker inspect` says."""
        state = self.state()
        return {
            "Id": self.facts["id"],
            "Name": "/" + self.facts["name"],
            "Created": self.facts["created"],
            "Image": self.facts["image"],
            "State": {
                "Status": state["status"],
                "Running": state["status"] == "running",
                "OOMKilled": False,
                "Pid": state["pid"] if state["status"] == "running" else 0,
                "ExitCode": state["exit_code"],
                "StartedAt": state["started_at"],
                "FinishedAt": state.get("finished_at", "0001-01-01T00:00:00Z"),
            },
            "Config": {"Image": self.facts["reference"], "Labels": self.facts["labels"]},
        }


def python_for(command: list[str]) -> list[str]:
    """Run an image's `python` with the interpreter of this lab."""
    return [sys.executable if word == "python" else word for word in command]
