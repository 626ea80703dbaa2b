"""A server: a host and the Compose service on it. Two may share a host."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field, model_validator

from blocks.errors import Refused
from policy.places import Url
from policy.table import Table
from policy.wording import short_digest

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_DIGEST = re.compile(r"(?:^|@)(sha256:[0-9a-f]{64})$")


class Server(Table):
    """Where one server is and what it is called by people and by the balancer."""

    name: str = Field(pattern=_NAME, description="The server's name, as people say it.")
    host: str = Field(min_length=1, description="The address of its host.")
    port: int = Field(default=22, ge=1, le=65535, description="The port of SSH on the host.")
    service: str = Field(pattern=_NAME, description="Its service in the Compose file.")
    directory: str = Field(pattern=r"^/.+[^/]$", description="The absolute folder of the Compose file.")
    health: Url = Field(description="Its own health address, past the balancer.")
    balancer_name: str = Field(default="", description="Its name in the balancer; empty: its own name.")

    @model_validator(mode="before")
    @classmethod
    def _called_the_same(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("balancer_name"):
            return given
        return {**given, "balancer_name": given.get("name")}


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a server runs, as its engine says."""

    server: str
    held: bool
    container: str | None = None
    running: bool = False
    exit_code: int | None = None
    started_at: datetime | None = None
    image: str | None = None
    image_id: str | None = None
    image_digest: str | None = None
    revision: str | None = None

    @property
    def was_built_there(self) -> bool:
        """Whether it runs an image of this server alone, known by its identity: no registry has it."""
        return self.image is not None and self.image == self.image_digest

    @property
    def reference(self) -> str | None:
        """How its image is named for good: by digest, or by the identity of one that was built there."""
        if self.image is None or self.image_digest is None:
            return None
        return self.image if self.was_built_there else f"{repository_of(self.image)}@{self.image_digest}"

    @property
    def ended_badly(self) -> bool:
        """Whether the container ran and ended by a failure."""
        return self.container is not None and not self.running and bool(self.exit_code)

    @property
    def sentence(self) -> str:
        """What runs there, in one sentence."""
        if self.container is None:
            return f"{self.server} has no container"
        image = f"{short_digest(self.image_digest)}…" if self.image_digest else f"{self.image} (no digest)"
        if self.running:
            return f"{self.server} runs {image}"
        return f"{self.server} has stopped with exit code {self.exit_code} on {image}"


@dataclass(frozen=True, slots=True)
class Kept:
    """The way back of one server: its image, and one hash over image, Compose file and environment."""

    server: str
    image: str
    digest: str
    files_hash: str

    @property
    def sentence(self) -> str:
        """What is kept, in one sentence."""
        return f"{self.server} keeps {short_digest(self.digest)}… with its Compose file and environment"


@dataclass(frozen=True, slots=True)
class Source:
    """The checkout of a server's directory: where it stands, and what lies beside it to be built."""

    server: str
    commit: str
    laid_out: str
    changed: tuple[str, ...]


def digest_of(image: str) -> str | None:
    """Return the digest at the end of a reference, or the identity that a reference is; None if it has neither."""
    found = _DIGEST.search(image)
    return found.group(1) if found else None


def by_digest(image: str) -> str:
    """Return the reference; raise Refused for one that does not name its image by digest."""
    if digest_of(image) is None:
        raise Refused(f"{image!r} is no reference by digest, expected NAME@sha256:…")
    return image


def repository_of(image: str) -> str:
    """Return a reference without its tag and digest; the colon of a registry's port is no tag."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]


def state_of(server: str, *, held: bool, container: dict[str, Any], image: dict[str, Any]) -> ServerState:
    """Read a state out of the engine's two answers; an image that was not asked for or is gone is empty."""
    status, configured = container["State"], str(container["Config"]["Image"])
    labels = image.get("Config", {}).get("Labels") or container["Config"].get("Labels") or {}
    return ServerState(
        server=server,
        held=held,
        container=str(container["Id"]),
        running=bool(status["Running"]),
        exit_code=int(status["ExitCode"]),
        started_at=_moment(str(status["StartedAt"])),
        image=configured,
        image_id=str(container["Image"]),
        image_digest=_running_digest(configured, image.get("RepoDigests") or []),
        revision=labels.get("org.opencontainers.image.revision"),
    )


def _running_digest(configured: str, known: list[str]) -> str | None:
    """Of several digests of one image the configured one counts, else the repository's."""
    if digest := digest_of(configured):
        return digest
    repository = repository_of(configured)
    return next((digest_of(name) for name in known if repository_of(name) == repository), None)


def _moment(text: str) -> datetime | None:
    moment = datetime.fromisoformat(text)
    return moment if moment.year > 1 else None
