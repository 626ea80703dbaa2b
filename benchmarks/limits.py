"""What no tool can beat: the engine's own time, and the same under load with nothing lost."""

import time
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, ParamSpec

import httpx

from benchmarks.scene import Scene, wait_until
from lab.balancer import BACKEND
from lab.docker_engine import PROJECT_LABEL, Place
from lab.home import WEB_SERVERS

Words = ParamSpec("Words")


class Engine:
    """The Docker daemon, spoken to on its socket: no Compose, no SSH, no process started."""

    def __init__(self, scene: Scene) -> None:
        transport = httpx.HTTPTransport(uds=str(Place(scene.home).socket))
        self._api = httpx.Client(transport=transport, base_url="http://docker", timeout=30)

    def container(self, server: str) -> dict[str, Any] | None:
        """What the engine knows of the newest container of a server, running or not."""
        for found in self._containers(server):
            answer = self._api.get(f"/containers/{found['Id']}/json")
            if answer.is_success:
                return dict(answer.json())
        return None

    def running(self, server: str) -> str:
        """The image that runs on a server; empty where none does. While one is replaced there are two containers."""
        return next((str(one["Image"]) for one in self._containers(server) if one["State"] == "running"), "")

    def _containers(self, server: str) -> list[dict[str, Any]]:
        every: list[dict[str, Any]] = self._api.get("/containers/json?all=1").json()
        return [one for one in every if one["Labels"].get(PROJECT_LABEL) == server]

    def replace(self, server: str, image: str) -> None:
        """Stop the container of a server, and start the same one with another image."""
        old = self.container(server)
        if old is None:
            raise LookupError(f"{server} has no container")
        self._do("POST", f"/containers/{old['Id']}/stop")
        self._do("DELETE", f"/containers/{old['Id']}")
        environment = [word for word in old["Config"]["Env"] if word.startswith(("DATABASE", "DISK", "LAB_PROCESS"))]
        wanted = {
            "Image": image,
            "Env": environment,
            "Labels": {PROJECT_LABEL: server},
            "ExposedPorts": old["Config"]["ExposedPorts"],
            "HostConfig": {name: old["HostConfig"][name] for name in ("NetworkMode", "PortBindings", "RestartPolicy")},
        }
        made = self._do("POST", f"/containers/create?name=limit-{server}-{time.time_ns()}", wanted)
        self._do("POST", f"/containers/{made['Id']}/start")

    def _do(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._api.request(method, path, json=body)
        answer.raise_for_status()
        return dict(answer.json()) if answer.content else {}


def limit(scene: Scene, image: str) -> dict[str, float]:
    """Stop, create, start and boot of two servers, and nothing else; return the seconds of each part."""
    engine, parts = Engine(scene), Parts()
    for server in WEB_SERVERS:
        parts.take("replaced", engine.replace, server, image)
        parts.take("booted", boot, scene, server)
    return parts.seconds


def drained_limit(scene: Scene, image: str) -> dict[str, float]:
    """The same, each server drained and empty before and UP after it: what any update without loss must take."""
    engine, parts = Engine(scene), Parts()
    for server in WEB_SERVERS:
        parts.take("drained", drain, scene, server)
        parts.take("replaced", engine.replace, server, image)
        parts.take("booted", boot, scene, server)
        parts.take("in rotation", put_in_rotation, scene, server)
    return parts.seconds


class Parts:
    """How long each kind of part took, over both servers."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def take(self, name: str, act: Callable[Words, None], *words: Words.args, **named: Words.kwargs) -> None:
        """Act, and add how long it took."""
        began = time.monotonic()
        act(*words, **named)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began


def boot(scene: Scene, server: str) -> None:
    """The application on the server answers that it is well."""
    wait_until(f"{server} is healthy", lambda: healthy(scene, server))


def healthy(scene: Scene, server: str) -> bool:
    """Whether the application on a server answers that it is well."""
    line = HTTPConnection(scene.home.address("app_" + server), scene.home.ports["app_" + server], timeout=2)
    try:
        line.request("GET", "/api/health")
        return line.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        line.close()


def drain(scene: Scene, server: str) -> None:
    """Nothing new goes to the server, and nothing is in flight on it."""
    scene.balancer.say(f"set server {BACKEND}/{server} state drain")
    wait_until(f"{server} is empty", lambda: scene.line(server)["scur"] == "0")


def put_in_rotation(scene: Scene, server: str) -> None:
    """The server is given requests, and the balancer sees it up."""
    scene.balancer.say(f"set server {BACKEND}/{server} state ready")
    wait_until(f"{server} is UP", lambda: scene.line(server)["status"] == "UP")
