"""The command `docker` on a host of the lab; `LAB_HOST` names the host's folder."""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from lab.engine.clock import now_text
from lab.engine.compose_file import read_services, read_variables
from lab.engine.containers import Container, python_for
from lab.engine.images import Images
from lab.engine.machine import WITHOUT_COMPOSE
from lab.engine.refusal import RefusedError

GRACE_SECONDS = 10.0
# The versions that the stand-in was held against.
ENGINE_VERSION, COMPOSE_VERSION = "20.10.24", "2.40.3"


class Engine:
    """The images and containers of one host."""

    def __init__(self, host: Path) -> None:
        self.host = host
        self._folder = host / "engine"
        self.folder_of_containers = self._folder / "containers"
        self.folder_of_containers.mkdir(parents=True, exist_ok=True)
        self.images = Images(host)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Let one command at a time change this host."""
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def all(self) -> list[Container]:
        """Return the containers that exist, running or not."""
        return [Container(folder) for folder in self.folder_of_containers.iterdir() if (folder / "state.json").exists()]

    def labelled(self, wanted: dict[str, str]) -> list[Container]:
        """Return the containers that carry all these labels."""
        return [container for container in self.all() if wanted.items() <= container.facts["labels"].items()]

    def find(self, name: str) -> Container:
        """Return the container of this name, identity or beginning of an identity."""
        if not name:
            raise RefusedError("invalid container name or ID: value is empty")
        for container in self.all():
            if container.facts["name"] == name.removeprefix("/") or container.facts["id"].startswith(name):
                return container
        raise RefusedError(f"Error: No such object: {name}")


class Project:
    """One Compose project: its files, laid over each other, and its containers."""

    def __init__(self, engine: Engine, files: list[Path], variables: dict[str, str], folder: Path) -> None:
        self._engine = engine
        self._folder = str(folder.absolute())
        self._name = re.sub(r"[^a-z0-9_-]", "", folder.resolve().name.lower())
        self._services = read_services(files, variables)

    def _service(self, name: str) -> dict[str, Any]:
        if name not in self._services:
            raise RefusedError(f"no such service: {name}")
        return self._services[name]

    def container(self, service: str) -> Container | None:
        """Return the service's container, if there is one."""
        self._service(service)
        wanted = {"com.docker.compose.project": self._name, "com.docker.compose.service": service}
        return next(iter(self._engine.labelled(wanted)), None)

    def build(self, service: str) -> None:
        """Build the service's image from its context, as its Dockerfile says."""
        description = self._service(service)
        if not description.get("build"):
            print("No services to build", file=sys.stderr)
            return
        context = Path(self._folder) / str(description["build"].get("context", "."))
        arguments = {name: str(value) for name, value in (description["build"].get("args") or {}).items()}
        builder = import_module("lab.engine.builder")
        identity = builder.build(self._engine.images, context, arguments, str(description["image"]))
        print(f" {service}  Built {identity}", file=sys.stderr)

    def up(self, service: str) -> None:
        """Make the container that the files describe run; an unchanged one is left alone."""
        description = self._service(service)
        reference = str(description["image"])
        if self._engine.images.find(reference) is None:
            self._engine.images.pull(reference)
        image = str(self._engine.images.find(reference))
        fingerprint = hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()
        old = self.container(service)
        if old and old.facts["fingerprint"] == fingerprint and old.facts["image"] == image:
            said = "Running" if old.running else "Started"
            if not old.running:
                old.start()
            return tell(old, said)
        if old:
            old.stop(old.facts["grace"])
            old.remove()
        new = Container.create(self._engine.folder_of_containers, self._facts(service, description, image, fingerprint))
        new.start()
        return tell(new, "Started")

    def _facts(self, service: str, description: dict[str, Any], image: str, fingerprint: str) -> dict[str, Any]:
        config = self._engine.images.config(image)
        ports = [_published(str(port)) for port in description.get("ports") or []]
        environment = dict(entry.split("=", 1) for entry in config.get("Env", []))
        environment |= {key: str(value) for key, value in (description.get("environment") or {}).items()}
        environment |= {
            "PORT": str(ports[0]) if ports else "0",
            "LAB_PROCESS": os.environ.get("LAB_PROCESS", ""),
        }
        labels = {**config.get("Labels", {}), **(description.get("labels") or {})}
        labels |= {
            "com.docker.compose.project": self._name,
            "com.docker.compose.project.working_dir": self._folder,
            "com.docker.compose.service": service,
            "com.docker.compose.oneoff": "False",
        }
        return {
            "name": description.get("container_name") or f"{self._name}-{service}-1",
            "image": image,
            "reference": description["image"],
            "fingerprint": fingerprint,
            "labels": labels,
            "ports": ports,
            "environment": environment,
            "command": python_for(config["Cmd"]),
            "files": str(self._engine.images.files(image)),
            "grace": _seconds(str(description.get("stop_grace_period", GRACE_SECONDS))),
            "created": now_text(self._engine.host),
        }


def _published(port: str) -> int:
    match = re.fullmatch(r"127\.0\.0\.1:(\d+):\d+", port)
    if match is None:
        raise RefusedError(f"invalid port {port}: the stand-in publishes 127.0.0.1:HOST:CONTAINER only", code=125)
    return int(match[1])


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)s?", text)
    if match is None:
        raise RefusedError(f"invalid duration {text}: the stand-in reads seconds", code=125)
    return float(match[1])


def tell(container: Container, what: str) -> None:
    """Say on standard error what Compose says."""
    print(f" Container {container.facts['name']}  {what}", file=sys.stderr)


def compose(engine: Engine, words: list[str]) -> None:
    """Carry out one `docker compose` command."""
    if (engine.host / WITHOUT_COMPOSE).exists():
        raise RefusedError("docker: 'compose' is not a docker command.\nSee 'docker --help'")
    if words == ["version", "--short"]:
        print(COMPOSE_VERSION)
        return
    project, words = open_project(engine, words)
    match words:
        case ["config", "--quiet"]:
            return
        case ["ps", "-a", "-q", service]:
            if container := project.container(service):
                print(container.facts["id"])
        case ["up", "-d", "--no-deps", service]:
            with engine.alone():
                project.up(service)
        case ["build", service]:
            with engine.alone():
                project.build(service)
        case ["start", service]:
            with engine.alone():
                found = _existing(project, service)
                if not found.running:
                    found.start()
        case ["stop", service]:
            _stop(engine, project, service, None)
        case ["stop", "-t", seconds, service]:
            _stop(engine, project, service, _seconds(seconds))
        case _:
            raise RefusedError(f"the stand-in does not know: docker compose {' '.join(words)}", code=125)


def open_project(engine: Engine, words: list[str]) -> tuple[Project, list[str]]:
    """Read the files that the command names; return the project and the rest of the command."""
    files: list[Path] = []
    env_file: Path | None = None
    folder: Path | None = None
    while len(words) > 1 and words[0] in ("-f", "--env-file", "--project-directory"):
        option, value, *words = words
        if option == "-f":
            files.append(Path(value))
        elif option == "--project-directory":
            folder = Path(value)
        else:
            env_file = Path(value)
    if not files:
        raise RefusedError("no configuration file provided: not found")
    folder = folder or files[0].parent
    env_file = env_file or folder / ".env"
    variables = read_variables(env_file) if env_file.exists() else {}
    return Project(engine, files, {**variables, **os.environ}, folder), words


def _existing(project: Project, service: str) -> Container:
    container = project.container(service)
    if container is None:
        raise RefusedError(f'service "{service}" has no container to start')
    return container


def _stop(engine: Engine, project: Project, service: str, grace: float | None) -> None:
    with engine.alone():
        container = project.container(service)
        if container:
            container.stop(container.facts["grace"] if grace is None else grace)
            tell(container, "Stopped")


def docker(engine: Engine, words: list[str]) -> None:
    """Carry out one command."""
    match words:
        case ["compose", *rest]:
            compose(engine, rest)
        case ["version", "--format", "{{.Server.Version}}"]:
            print(ENGINE_VERSION)
        case ["ps", "-a", "-q", "--no-trunc", *filters]:
            for container in engine.labelled(_labels_of(filters)):
                print(container.facts["id"])
        case ["inspect", *names] if names and not any(name.startswith("-") for name in names):
            print(json.dumps([engine.find(name).inspect() for name in names], indent=4))
        case ["inspect", "--format", template, name]:
            print(engine.find(name).say(template))
        case ["image", "inspect", *names] if names and not any(name.startswith("-") for name in names):
            print(json.dumps([engine.images.inspect(name) for name in names], indent=4))
        case ["pull", reference] if not reference.startswith("-"):
            with engine.alone():
                print(f"Digest: {engine.images.pull(reference)}\n{reference}")
        case ["images", "--digests"]:
            print(f"{'REPOSITORY':<40} {'DIGEST':<72} IMAGE ID")
            for reference, identity in engine.images.references().items():
                name, _, digest = reference.partition("@")
                print(f"{name:<40} {digest or '<none>':<72} {identity[7:19]}")
        case ["logs", "--tail", lines, name] if lines.isdecimal():
            print(engine.find(name).log(int(lines)), end="")
        case _:
            raise RefusedError(f"the stand-in does not know: docker {' '.join(words)}", code=125)


def _labels_of(filters: list[str]) -> dict[str, str]:
    """Read `--filter label=NAME=VALUE`, as often as it comes."""
    wanted = {}
    for option, value in zip(filters[::2], filters[1::2], strict=True):
        kind, name, text = value.split("=", 2)
        if (option, kind) != ("--filter", "label"):
            raise RefusedError(f"the stand-in does not know: docker ps {option} {value}", code=125)
        wanted[name] = text
    return wanted


def main() -> int:
    """Carry out the command line; the exit status is Docker's."""
    try:
        docker(Engine(Path(os.environ["LAB_HOST"])), sys.argv[1:])
    except RefusedError as refusal:
        print(refusal, file=sys.stderr)
        return refusal.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
