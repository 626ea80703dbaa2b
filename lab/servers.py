"""The lab's servers: Compose file, environment, the command `docker` and the application that runs."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from lab.engine.containers import Container
from lab.engine.images import write_credentials
from lab.home import COMPOSE_FILE, REPOSITORY, SERVERS, Home
from lab.processes import LabError, marked, wait_until

ROOT = Path(__file__).parent.parent
COMPOSE = """\
services:
  {service}:
    image: {image}
    restart: "no"
    ports:
      - "127.0.0.1:{port}:3000"
    environment:
      DATABASE_URL: ${{DATABASE_URL}}
      DATABASE_POOL: ${{DATABASE_POOL:-10}}
      DISK_USED_RATIO: ${{DISK_USED_RATIO:-0.41}}
"""
DOCKER = """\
#!/bin/sh
# The lab's stand-in for Docker.
LAB_HOST='{host}' PYTHONPATH='{root}' exec '{python}' -SsP -m lab.engine "$@"
"""


class Servers:
    """The hosts with a container engine."""

    def __init__(self, home: Home) -> None:
        self._home = home
        # A new client reads all certificates, and a kept connection is in the way of an application that stops.
        self._asker = httpx.Client(timeout=2, limits=httpx.Limits(max_keepalive_connections=0))

    def reference(self, digest: str) -> str:
        """Return how Docker spells an image of the lab's registry."""
        return f"127.0.0.1:{self._home.ports['registry']}/{REPOSITORY}@{digest}"

    def furnish(self, name: str) -> None:
        """Put the command `docker`, its credentials and the environment file on a host."""
        host = self._home.host(name)
        command = self._home.folder(f"hosts/{name}/bin") / "docker"
        command.write_text(DOCKER.format(host=host, root=ROOT, python=sys.executable))
        command.chmod(0o755)
        registry = f"127.0.0.1:{self._home.ports['registry']}"
        write_credentials(host, registry, "ci", self._home.secret("REGISTRY_PASSWORD"))
        database = "staging" if name == "staging" else "holi"
        password = self._home.secret("DATABASE_PASSWORD")
        port = self._home.ports["postgres"]
        environment = self._home.project(name) / ".env"
        environment.touch(mode=0o600)
        environment.write_text(f"DATABASE_URL=postgresql://holi:{password}@127.0.0.1:{port}/{database}\n")

    def deploy(self, name: str, digest: str) -> None:
        """Run this image on a server, as its owner does by hand."""
        service = SERVERS[name]
        (self._home.project(name) / COMPOSE_FILE).write_text(
            COMPOSE.format(service=service, image=self.reference(digest), port=self._home.ports["app_" + name])
        )
        self.docker(name, "compose", "-f", COMPOSE_FILE, "up", "-d", "--no-deps", service)

    def wait_until_healthy(self, name: str) -> None:
        """Return when the application on a server says itself that it is healthy."""

        def healthy() -> bool:
            answer = self.ask_health(name)
            return answer is not None and answer.status_code == httpx.codes.OK

        wait_until(f"{name} is healthy", healthy, seconds=30, home=self._home)

    def ask_health(self, name: str) -> httpx.Response | None:
        """Ask the application on a server for its health; None without an answer."""
        try:
            return self._asker.get(self._home.url("app_" + name) + "/api/health")
        except httpx.HTTPError:
            return None

    def docker(self, name: str, *words: str) -> str:
        """Give a command on a server; return what it printed."""
        host = self._home.host(name)
        done = subprocess.run(
            [str(host / "bin" / "docker"), *words],
            cwd=self._home.project(name),
            env=marked(self._home, {"HOME": str(host)}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise LabError(f"{name}: docker {' '.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def containers(self, name: str) -> list[Container]:
        """Return the containers on a server."""
        folder = self._home.host(name) / "engine" / "containers"
        return [Container(path) for path in folder.iterdir()] if folder.exists() else []

    def signal(self, name: str, number: signal.Signals) -> int:
        """Send a signal to every application that runs on a server; return to how many."""
        running = [container.state() for container in self.containers(name)]
        pids = [int(state["pid"]) for state in running if state["status"] == "running"]
        for pid in pids:
            os.kill(pid, number)
        return len(pids)

    def forget_image(self, name: str, digest: str) -> None:
        """Remove an image from a server, unless a container there uses it."""
        host = self._home.host(name)
        index = host / "engine" / "references.json"
        if not index.exists():
            return
        known: dict[str, Any] = json.loads(index.read_text())
        identity = known.get(self.reference(digest))
        if identity is None or any(one.facts["image"] == identity for one in self.containers(name)):
            return
        index.write_text(json.dumps({key: value for key, value in known.items() if value != identity}))
        shutil.rmtree(host / "engine" / "images" / identity.removeprefix("sha256:"), ignore_errors=True)

    def tidy(self, name: str) -> None:
        """Remove what a release or a fault left beside the Compose file."""
        shutil.rmtree(self._home.project(name) / ".countersign", ignore_errors=True)
        for mark in (self._home.host(name) / "disk-full", self._home.project(name) / "HOLD"):
            mark.unlink(missing_ok=True)
