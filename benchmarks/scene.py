"""Where every tool is measured: the lab on the real engine, two servers on image A, image B already pulled."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load import Seen
from lab.balancer import BACKEND, Balancer
from lab.client import ROOT, Lab
from lab.docker_engine import DockerEngine
from lab.docker_registry import DockerRegistry
from lab.home import WEB_SERVERS, Home
from lab.image_builder import SOURCE, assemble
from lab.processes import end, marked
from lab.servers import Servers

BOOT_SECONDS = 1.5
RATE = 100.0
SLOW = 0.01
PATIENCE = 20.0
DRAINED = 0x08 | 0x10
WARM_UP, COOL_DOWN = 1.0, 0.5
SLOW_APPLICATION = Path(__file__).with_name("sometimes_slow.py")


class NotSo(Exception):
    """The scene is not as it must be; the message says what was expected and for how long."""


@dataclass(frozen=True, slots=True)
class Images:
    """References by digest: what runs before, what shall run, and one that never becomes healthy."""

    before: str
    after: str
    sick: str


@dataclass
class Measured:
    """One roll-out by one tool."""

    seconds: float = 0.0
    load: Seen = field(default_factory=Seen)
    status: int = 0
    parts: dict[str, float] = field(default_factory=dict)
    around: float = 0.0


class Scene:
    """The lab, and what every tool is told about it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.home: Home = lab.home
        self.balancer = Balancer(self.home)
        self._engine = DockerEngine(self.home)
        self._servers = Servers(self.home, self._engine)
        self._registry = DockerRegistry(self.home)
        self.previous_commit = str(lab.version_of(next(iter(WEB_SERVERS))))
        self.commit = lab.ship("2.0.0", boot_seconds=BOOT_SECONDS).commit
        self.folder = self.home.folder("benchmark")

    def images(self, slow_share: float) -> Images:
        """Build the three images and pull them: no tool has to wait for the registry."""
        made = Images(
            self._image(self.previous_commit, slow_share),
            self._image(self.commit, slow_share),
            self._image(self.commit, slow_share, fault="unhealthy"),
        )
        for reference in (made.before, made.after, made.sick):
            self._servers.docker(next(iter(WEB_SERVERS)), "pull", "--quiet", reference)
        return made

    def _image(self, commit: str, slow_share: float, *, fault: str = "") -> str:
        files = {f"application/{path.name}": path.read_bytes() for path in sorted(SOURCE.glob("*.py"))}
        files[f"application/{SLOW_APPLICATION.name}"] = SLOW_APPLICATION.read_bytes()
        settings = {"VERSION": commit, "FAULT": fault, "BOOT_SECONDS": str(BOOT_SECONDS), "SLOW_SHARE": str(slow_share)}
        command = ["python", "-m", f"application.{SLOW_APPLICATION.stem}"]
        tags = (f"benchmark-{commit[:7]}-{slow_share}{fault}",)
        return self._servers.reference(assemble(self._registry, commit, command, settings, files, tags=tags))

    def put(self, reference: str) -> None:
        """Both servers run this image, in rotation, whatever was left there."""
        for name in WEB_SERVERS:
            self._engine.remove_containers(name)
            self._servers.deploy(name, reference.rpartition("@")[2])
        for name in WEB_SERVERS:
            self._servers.wait_until_healthy(name)
            self.balancer.make_ready(name)
        self.balancer.wait_until_up()

    def serve(self, commit: str) -> bool:
        """Whether both servers themselves say this version and are given requests."""
        return set(self.lab.versions_serving().values()) == {commit} and all(self.balancer.in_rotation().values())

    def line(self, server: str) -> dict[str, str]:
        """What the balancer's table says of a server."""
        rows = [row.split(",") for row in self.balancer.say(f"show stat {BACKEND} 4 -1").splitlines() if row]
        return next(dict(zip(rows[0], row, strict=False)) for row in rows[1:] if row[1] == server)

    def place_of(self, server: str) -> str:
        """Whether people or a tool let the balancer give requests to a server, and whether it is up."""
        rows = [row.split() for row in self.balancer.say(f"show servers state {BACKEND}").splitlines()]
        head = next(row[1:] for row in rows if row[:2] == ["#", "be_id"])
        flags = next(int(dict(zip(head, row, strict=False))["srv_admin_state"]) for row in rows if server in row)
        if not flags:
            return "in rotation" if self.line(server)["status"] == "UP" else "in rotation but down"
        return "drained" if flags & DRAINED else "in maintenance"

    @contextmanager
    def clients(self, seen: Measured) -> Iterator[None]:
        """Clients send meanwhile; what they saw is in `seen` afterwards."""
        words = [sys.executable, "-m", "benchmarks.load", str(self.home.ports["balancer"]), str(RATE)]
        pipe = subprocess.PIPE
        with subprocess.Popen(words, cwd=ROOT, env=marked(self.home), stdin=pipe, stdout=pipe) as process:
            try:
                assert process.stdin is not None  # noqa: S101 - a pipe was asked for
                assert process.stdout is not None  # noqa: S101 - a pipe was asked for
                process.stdin.write(f"{self.home.secret('TRAFFIC_PASSWORD')}\n".encode())
                process.stdin.flush()
                if process.stdout.readline() != b"sending\n":
                    raise NotSo("the clients could not log in")
                time.sleep(WARM_UP)
                yield
                time.sleep(COOL_DOWN)
                process.send_signal(signal.SIGTERM)
                said = json.loads(process.stdout.readline())
                seen.load = Seen(**{name: said[name] for name in Seen.__dataclass_fields__})
            finally:
                end(process)

    def run(self, words: list[str], *, environment: dict[str, str] | None = None, name: str) -> Measured:
        """Run a tool to its end; what it says goes to a file of its name."""
        process = self.start(words, environment=environment, name=name)
        began = time.monotonic()
        status = process.wait(timeout=180)
        return Measured(seconds=time.monotonic() - began, status=status)

    def start(
        self, words: list[str], *, environment: dict[str, str] | None = None, name: str
    ) -> "subprocess.Popen[bytes]":
        """Start a tool in a session of its own."""
        with (self.home.logs / f"{name}.log").open("a") as log:
            return subprocess.Popen(
                words,
                cwd=ROOT,
                env=marked(self.home, environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def wait_until(what: str, true: Callable[[], bool], *, seconds: float = PATIENCE, every: float = 0.01) -> None:
    """Return when the condition holds; raises NotSo when the time is over."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise NotSo(f"not so after {seconds:.0f} s: {what}")
        time.sleep(every)
