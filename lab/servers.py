"""The lab's servers: Compose file, environment and the application that runs."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import httpx

from lab.home import STAGING, Home
from lab.processes import LabError, marked, wait_until
from lab.product import PORTAL
from lab.stand_in import ContainerEngine

COMPOSE = """\
services:
  {service}:
    image: {image}
    build:
      context: .
      args:
        BASE: {image}
    restart: "no"
    ports:
      - "{address}:{port}:3000"
    environment:
      DATABASE_URL: ${{DATABASE_URL}}
      DATABASE_POOL: ${{DATABASE_POOL:-10}}
      DISK_USED_RATIO: ${{DISK_USED_RATIO:-0.41}}
      SHUTDOWN_DELAY: ${{SHUTDOWN_DELAY:-0}}
"""


class Servers:
    """The hosts with a container engine."""

    def __init__(self, home: Home, engine: ContainerEngine) -> None:
        self._home = home
        self._engine = engine
        # A new client reads all certificates, and a kept connection is in the way of an application that stops.
        self._asker = httpx.Client(timeout=10, limits=httpx.Limits(max_keepalive_connections=0))

    def reference(self, digest: str) -> str:
        """Return how Docker spells an image of the lab's registry."""
        return f"127.0.0.1:{self._home.ports['registry']}/{self._home.product.image}@{digest}"

    def furnish(self, name: str) -> None:
        """Put the command `docker`, its credentials and the environment file on a host."""
        self._engine.furnish(name)
        environment = self._home.project(name) / ".env"
        environment.touch(mode=0o600)
        if self._home.product is not PORTAL:
            port, secret = self._home.ports["app_" + name], self._home.secret("DEMO_PASSWORD")
            environment.write_text(f"PORT={port}\nDEMO_PASSWORD={secret}\nIMAGE=none\n")
            return
        database = STAGING if name == STAGING else "holi"
        password = self._home.secret("DATABASE_PASSWORD")
        address = f"{self._engine.database_host}:{self._home.ports['postgres']}"
        environment.write_text(f"DATABASE_URL=postgresql://holi:{password}@{address}/{database}\n")

    def check_out(self, name: str, commit: str) -> None:
        """Let a server's folder be a checkout of the repository that stands at this commit, with nothing beside it."""
        folder = self._home.project(name)
        head = folder / ".git" / "HEAD"
        if not head.exists():
            self._git(folder, "init", "--quiet", "--template=")
            self._git(folder, "remote", "add", "origin", str(self._home.path / "repository.git"))
        elif head.read_text().strip() == commit:
            return
        self._git(folder, "fetch", "--quiet", "origin", commit)
        self._git(folder, "worktree", "prune")
        self._git(folder, "checkout", "--quiet", "--force", "--detach", commit)

    def _git(self, folder: Path, *words: str) -> None:
        environment = marked(self._home, {"HOME": str(self._home.path), "GIT_CONFIG_NOSYSTEM": "1"})
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise LabError(f"git {' '.join(words)} in {folder}: {done.stderr.strip()}")

    def deploy(self, name: str, digest: str) -> None:
        """Run this image on a server, as its owner does by hand."""
        product, port = self._home.product, "app_" + name
        if product.folder is None:
            text = COMPOSE.format(
                service=self._home.servers[name],
                image=self.reference(digest),
                address=self._home.address(port),
                port=self._home.ports[port],
            )
        else:
            text = (product.folder / product.compose_file).read_text()
            file = self._home.project(name) / ".env"
            lines = [line for line in file.read_text().splitlines() if not line.startswith("IMAGE=")]
            file.write_text("\n".join([*lines, f"IMAGE={self.reference(digest)}", ""]))
        (self._home.project(name) / product.compose_file).write_text(text + self._engine.compose_lines(name))
        self._compose(name, "up", "-d", "--no-deps")

    def _compose(self, name: str, *words: str) -> None:
        self.docker(name, "compose", "-f", self._home.product.compose_file, *words, self._home.servers[name])

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
            env=marked(self._home, {"HOME": str(host), **self._engine.environment()}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise LabError(f"{name}: docker {' '.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def signal(self, name: str, number: signal.Signals) -> int:
        """Send a signal to every application that runs on a server; return to how many."""
        pids = self._engine.running(name)
        for pid in pids:
            os.kill(pid, number)
        return len(pids)

    def forget_image(self, name: str, digest: str) -> None:
        """Remove an image from a server, unless a container there uses it."""
        self._engine.forget_image(name, self.reference(digest))

    def fill_disk(self, name: str) -> None:
        """Let the next pull on a server find no space."""
        self._engine.fill_disk(name)

    def set_clock(self, name: str, seconds: float) -> None:
        """Let a server's clock be so far ahead of the true time, for its application too, which is started anew."""
        self._engine.set_clock(name, seconds)
        for verb in ("stop", "start"):
            self._compose(name, verb)
        self.wait_until_healthy(name)

    def delay_shutdown(self, name: str, seconds: float) -> None:
        """Let the application on a server say on SIGTERM that it leaves, and answer on for so long."""
        with (self._home.project(name) / ".env").open("a") as environment:
            environment.write(f"SHUTDOWN_DELAY={seconds}\n")
        self._compose(name, "up", "-d", "--no-deps")
        self.wait_until_healthy(name)

    def tidy(self, name: str) -> None:
        """Remove what a release or a fault left beside the Compose file."""
        shutil.rmtree(self._home.project(name) / ".countersign", ignore_errors=True)
        (self._home.project(name) / "HOLD").unlink(missing_ok=True)
