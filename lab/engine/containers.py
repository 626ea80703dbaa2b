"""Containers on one host: real processes, each with a keeper that records how it ended."""

import contextlib
import json
import os
import re
import signal
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

LOST = 255


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
        identity = os.urandom(32).hex()
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
        # Most commands start nothing, and loading what starts a process takes longer than all that they do.
        import_module("lab.engine.keeper").start(self)

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

    def remove(self) -> None:
        """Let nothing of it be left."""
        for file in self.folder.iterdir():
            file.unlink()
        self.folder.rmdir()

    def log(self, lines: int) -> str:
        """Return the last lines that the process wrote."""
        path = self.folder / "log"
        text = path.read_text(errors="replace").splitlines(keepends=True) if path.exists() else []
        return "".join(text[-lines:]) if lines else ""

    def say(self, template: str) -> str:
        """Return what `docker inspect --format` says: each `{{.A.B}}` is what `inspect` has there."""
        return re.sub(r"\{\{\.([\w.]+)\}\}", lambda found: _as_go(self.inspect(), found[1].split(".")), template)

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


def _as_go(value: Any, names: list[str]) -> str:
    """Follow the names into the value, and write what is there as Go does."""
    for name in names:
        value = value[name]
    return str(value).lower() if isinstance(value, bool) else str(value)
