"""What each tool leaves behind when the new version never becomes healthy, and when the tool itself is killed."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.limits import Engine, healthy
from benchmarks.scene import Images, Measured, NotSo, Scene, wait_until
from lab.home import WEB_SERVERS

FIRST = next(iter(WEB_SERVERS))
LATER = 20.0
LOOK_SECONDS = 0.1
Begin = Callable[[str], "subprocess.Popen[bytes]"]


@dataclass(frozen=True, slots=True)
class Left:
    """How production was found afterwards; `whole` is None where it was not whole again by itself."""

    tool: str
    case: str
    status: int
    servers: dict[str, str]
    whole: float | None
    lost: int
    sent: int


@dataclass(frozen=True, slots=True)
class Case:
    """A tool with the scene that it meets; `mends` says how long it is given to make production whole again."""

    scene: Scene
    images: Images
    tool: str
    begin: Begin
    mends: float

    def never_healthy(self) -> Left:
        """The new version starts and never becomes healthy."""
        seen, engine = Measured(), Engine(self.scene)
        self.scene.put(self.images.before)
        with self.scene.clients(seen):
            process = self.begin(self.images.sick)
            wait_until(f"{FIRST} runs the sick version", lambda: engine.running(FIRST) == self.images.sick, seconds=120)
            began = time.monotonic()
            status = process.wait(timeout=300)
            whole = self._whole_again(began)
        return self._left("never healthy", status, whole, seen)

    def killed(self) -> Left:
        """The tool is killed when the old container has stopped."""
        seen, engine = Measured(), Engine(self.scene)
        self.scene.put(self.images.before)
        with self.scene.clients(seen):
            process = self.begin(self.images.after)
            wait_until(f"{FIRST} has stopped", lambda: not engine.running(FIRST), seconds=120, every=0.002)
            began = time.monotonic()
            os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
            whole = self._whole_again(began)
        return self._left("killed", status, whole, seen)

    def _whole_again(self, began: float) -> float | None:
        """Seconds until one version serves everywhere in rotation; None if that did not come by itself."""
        versions = (self.scene.previous_commit, self.scene.commit)
        # What is whole in the first moment may be so because nothing has happened yet.
        time.sleep(LOOK_SECONDS)
        try:
            wait_until(
                "production is whole",
                lambda: any(self.scene.serve(version) for version in versions),
                seconds=self.mends,
                every=LOOK_SECONDS,
            )
        except NotSo:
            return None
        return time.monotonic() - began

    def _left(self, case: str, status: int, whole: float | None, seen: Measured) -> Left:
        servers = {name: self._found(name) for name in WEB_SERVERS}
        return Left(self.tool, case, status, servers, whole, seen.load.lost, seen.load.sent)

    def _found(self, server: str) -> str:
        container = Engine(self.scene).container(server)
        names = {self.images.before: "A", self.images.after: "B", self.images.sick: "B, sick"}
        if container is None:
            return "no container"
        what = names.get(str(container["Config"]["Image"]), "something else")
        state = "healthy" if healthy(self.scene, server) else str(container["State"]["Status"])
        return f"{what}, {state}, {self.scene.place_of(server)}"
