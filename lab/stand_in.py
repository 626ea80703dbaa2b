"""The stand-in for Docker as the lab's owner handles it: the command on each host, its containers, its images."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

from lab.engine import clock, machine
from lab.engine.containers import Container
from lab.engine.images import write_credentials
from lab.home import Home
from lab.processes import end, spawn, wait_until

ROOT = Path(__file__).parent.parent
# A virtual environment would be looked for at each start.
PYTHON = Path(sys.executable).resolve()
DOCKER = """\
#!/bin/sh
# The lab's stand-in for Docker.
exec '{python}' -ISE '{root}/lab/engine/client.py' '{socket}' '{host}' "$@"
"""


class ContainerEngine(Protocol):
    """What the lab needs of a container engine, beside the command `docker` on the hosts."""

    database_host: str

    def furnish(self, name: str) -> None:
        """Put the command `docker` and its credentials on a host."""

    def environment(self) -> dict[str, str]:
        """Return what a shell on a host needs to find the engine."""

    def compose_lines(self, name: str) -> str:
        """Return what ends a host's Compose file, after the environment of its only service."""

    def database_settings(self) -> dict[str, str]:
        """Return the settings with which the database lets the containers in."""

    def running(self, name: str) -> list[int]:
        """Return the process of each running container of a host."""

    def remove_containers(self, name: str) -> None:
        """Remove every container of a host, running or not."""

    def forget_image(self, name: str, reference: str) -> None:
        """Remove an image from a host, unless a container there uses it."""

    def fill_disk(self, name: str) -> None:
        """Let the next pull on a host find no space."""

    def set_clock(self, name: str, seconds: float) -> None:
        """Let a host's clock be so far ahead; what runs already sees it once restarted."""


class StandIn:
    """The lab's own engine: nothing runs but the containers themselves."""

    database_host = "127.0.0.1"

    def __init__(self, home: Home) -> None:
        self._home = home
        self._daemon: subprocess.Popen[bytes] | None = None

    @property
    def _socket(self) -> Path:
        return self._home.sockets() / "engine.sock"

    def start(self) -> None:
        """Start the daemon that carries out the commands of all hosts; return when it listens."""
        self._socket.unlink(missing_ok=True)
        self._daemon = spawn(
            self._home, "engine", [sys.executable, "-m", "lab.engine.daemon", str(self._socket)], cwd=ROOT
        )
        wait_until("the engine listens", self._socket.exists, seconds=60, home=self._home)

    def stop(self) -> None:
        """End the daemon; what runs goes on."""
        end(self._daemon, grace=1)

    def furnish(self, name: str) -> None:
        """Put the command `docker` and its credentials on a host."""
        host = self._home.host(name)
        command = self._home.folder(f"hosts/{name}/bin") / "docker"
        # A command of the story before may still run: what it runs is left alone, and the new one takes its place.
        draft = command.with_suffix(".draft")
        draft.write_text(DOCKER.format(host=host, root=ROOT, python=PYTHON, socket=self._socket))
        draft.chmod(0o755)
        draft.replace(command)
        (host / "disk-full").unlink(missing_ok=True)
        machine.furnish(host)
        if clock.mend_clock(host):
            self.remove_containers(name)
        registry = f"127.0.0.1:{self._home.ports['registry']}"
        write_credentials(host, registry, "ci", self._home.secret("REGISTRY_PASSWORD"))

    def environment(self) -> dict[str, str]:
        """Nothing: the command knows its host."""
        return {}

    def compose_lines(self, name: str) -> str:
        """Nothing: each host has an engine of its own."""
        del name
        return ""

    def database_settings(self) -> dict[str, str]:
        """Nothing: the containers are processes of this machine."""
        return {}

    def containers(self, name: str) -> list[Container]:
        """Return the containers on a host."""
        folder = self._home.host(name) / "engine" / "containers"
        return [Container(path) for path in folder.iterdir()] if folder.exists() else []

    def running(self, name: str) -> list[int]:
        """Return the process of each running container of a host."""
        states = [container.state() for container in self.containers(name)]
        return [int(state["pid"]) for state in states if state["status"] == "running"]

    def remove_containers(self, name: str) -> None:
        """Remove every container of a host, running or not."""
        for container in self.containers(name):
            container.stop(0)
            shutil.rmtree(container.folder)

    def forget_image(self, name: str, reference: str) -> None:
        """Remove an image from a host, unless a container there uses it."""
        host = self._home.host(name)
        index = host / "engine" / "references.json"
        if not index.exists():
            return
        known: dict[str, Any] = json.loads(index.read_text())
        identity = known.get(reference)
        if identity is None or any(one.facts["image"] == identity for one in self.containers(name)):
            return
        index.write_text(json.dumps({key: value for key, value in known.items() if value != identity}))
        shutil.rmtree(host / "engine" / "images" / identity.removeprefix("sha256:"), ignore_errors=True)

    def fill_disk(self, name: str) -> None:
        """Let the next pull on a host find no space."""
        (self._home.host(name) / "disk-full").touch()

    def set_clock(self, name: str, seconds: float) -> None:
        """Let a host's clock be so far ahead; what runs already sees it once restarted."""
        clock.set_clock(self._home.host(name), seconds)
