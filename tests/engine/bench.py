"""A host without an application: the commands of the table run there, on the stand-in and on the real engine."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from blocks.fleet import commands
from blocks.fleet.commands import Words
from lab.docker_registry import DockerRegistry
from lab.engine.images import write_credentials
from lab.home import COMPOSE_FILE, DOCKER, REPOSITORY, Home, free_ports
from lab.image_builder import Shelf, Storage, assemble
from lab.processes import PROGRAM_PATH, marked
from lab.stand_in import ContainerEngine
from tests.lab.deadline import reached

HOST, SERVICE = "bench", "web-1"
UP = commands.up(COMPOSE_FILE, SERVICE)
LIST = commands.compose(COMPOSE_FILE, "ps", "-a", "-q", SERVICE)
WAITS = "import signal, sys; signal.signal(15, {handler}); print('listens', flush=True); signal.pause(); signal.pause()"
PROGRAMS = {
    "old": WAITS.format(handler="lambda *_: sys.exit(0)"),
    "new": WAITS.format(handler="lambda *_: sys.exit(0)"),
    "stubborn": WAITS.format(handler="signal.SIG_IGN"),
    "dying": "import sys; print('to say'); sys.stdout.flush(); print('to shout', file=sys.stderr); sys.exit(3)",
}
COMPOSE = """\
services:
  web-1:
    image: {image}
    restart: "no"
    ports:
      - "{address}:{port}:3000"
    environment:
      COLOUR: ${{COLOUR:-none}}
"""
ABSENT = "sha256:" + "0" * 64


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What we read of a container."""

    program: str
    running: bool
    exit_code: int


class Bench:
    """The host, empty at first."""

    def __init__(self, home: Home, engine: ContainerEngine) -> None:
        self._home = home
        self.engine = engine
        self.host = home.host(HOST)
        self.folder = home.project(HOST)
        self.address = "127.0.0.9" if home.engine == DOCKER else "127.0.0.1"
        self.port = free_ports(("bench",))["bench"]
        self.repository = f"127.0.0.1:{home.ports['registry']}/{REPOSITORY}"

    @cached_property
    def images(self) -> dict[str, str]:
        """Each program as an image in the registry, by digest; its revision is its name."""
        storage = self._storage()
        made = {
            program: assemble(storage, program, ["python", "-c", source], {}, {}, tags=(f"bench-{program}",))
            for program, source in PROGRAMS.items()
        }
        return {name: f"{self.repository}@{digest}" for name, digest in {**made, "absent": ABSENT}.items()}

    def _storage(self) -> Storage:
        return DockerRegistry(self._home) if self._home.engine == DOCKER else Shelf(self._home.registry)

    def clean(self) -> None:
        """Leave a Compose file that names the old program, and nothing else."""
        self.engine.remove_containers(HOST)
        shutil.rmtree(self.folder)
        (self._home.project(HOST) / commands.FOLDER).mkdir()
        self.engine.furnish(HOST)
        self.name_in_compose_file("old")

    def name_in_compose_file(self, program: str) -> None:
        """Let the Compose file name this program, and the override file no other."""
        text = COMPOSE.format(image=self.images[program], address=self.address, port=self.port)
        (self.folder / COMPOSE_FILE).write_text(text + self.engine.compose_lines(HOST))
        self.name_in_override(program)

    def name_in_override(self, program: str) -> None:
        """Let the override file name this program."""
        path = self.folder / commands.override_file(SERVICE)
        path.write_bytes(commands.override(SERVICE, self.images[program]))

    def log_in_with(self, password: str | None) -> None:
        """Leave these credentials of the registry on the host, or none."""
        registry = self.repository.partition("/")[0]
        write_credentials(self.host, registry if password else "elsewhere:1", "ci", password or "")

    def run(self, words: Words, *, given: bytes = b"") -> Done:
        """Run words in the folder of the Compose file, as they come over SSH."""
        environment = marked(self._home, {"HOME": str(self.host), **self.engine.environment()})
        environment["PATH"] = f"{self.host}/bin:{PROGRAM_PATH}"
        done = subprocess.run(
            words, cwd=self.folder, env=environment, input=given, capture_output=True, timeout=60, check=False
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def run_program(self, program: str) -> None:
        """Let the program run; before it listens, a signal would end it in its own way."""
        self.name_in_override(program)
        done = self.run(UP)
        assert done.status == 0, done.err
        assert program == "dying" or reached(lambda: "listens" in self.run(commands.log_tail(self.identity(), 9)).out)

    def container(self) -> dict[str, Any] | None:
        """What the engine knows of the service's container."""
        identities = self.run(LIST).out.split()
        assert len(identities) <= 1, identities
        return self.inspected(identities[0]) if identities else None

    def identity(self) -> str:
        """The identity of the service's container, which must be there."""
        (found,) = self.run(LIST).out.split()
        return found

    def inspected(self, identity: str) -> dict[str, Any]:
        """What the engine knows of this container."""
        (found,) = json.loads(self.run(("docker", "inspect", identity)).out)
        return dict(found)

    def seen(self) -> Seen | None:
        """What runs, reduced to what we read."""
        if (found := self.container()) is None:
            return None
        program = next(name for name, image in self.images.items() if image == found["Config"]["Image"])
        return Seen(program, found["State"]["Running"], found["State"]["ExitCode"])

    def shows(self, seen: Seen | None) -> bool:
        """Whether this is what runs, now or in a moment."""
        return reached(lambda: self.seen() == seen)
