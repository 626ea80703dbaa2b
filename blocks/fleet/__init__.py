"""Hosts over SSH: what runs on each server, and the few things that are done to one."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import Field, PrivateAttr

from blocks.company_block import CompanyBlock
from blocks.errors import NotDone, Refused, Superseded, Unreachable
from blocks.fleet import commands
from blocks.fleet.by_hand import ByHand
from blocks.fleet.fenced import FencedFolder, HeldByHand
from blocks.fleet.health import ask_health
from blocks.fleet.machine import Machine, read_machine, read_words
from blocks.fleet.server import Kept, Server, ServerState, Source, by_digest, digest_of, state_of
from blocks.fleet.source import SourceFolder
from blocks.fleet.ssh import Connection, MayHaveRun
from policy.health import HealthAnswer

__all__ = [
    "Fleet",
    "HeldByHand",
    "Kept",
    "Machine",
    "MayHaveRun",
    "Server",
    "ServerState",
    "Source",
    "Superseded",
]

_KEEP = Path(__file__).with_name("keep.sh")
_ROLL_BACK = Path(__file__).with_name("roll-back.sh")
_UPDATE = Path(__file__).with_name("update.sh")
_LOST_FOR_GOOD = (
    "no space left",
    "manifest unknown",
    "not found",
    "denied",
    "unauthorized",
    "no basic auth credentials",
)


class Fleet(CompanyBlock):
    """Every server of an environment, each changed only through the fence on its host."""

    _block_type_name = "Countersign fleet"
    _block_type_slug = "countersign-fleet"

    user: str = Field(description="The user on every host.")
    key_file: str = Field(description="The file of the private key on the worker.")
    known_hosts: str = Field(description="The file of the hosts' public keys on the worker.")
    compose_file: str = Field(
        default="docker-compose.prod.yml", description="The Compose file in each server's directory."
    )
    servers: tuple[Server, ...] = Field(min_length=1, description="The servers, in the order of the roll-out.")
    host_header: str | None = Field(default=None, description="The name under which the servers serve.")
    command_timeout: timedelta = Field(
        default=timedelta(minutes=2), description="How long a change on a host may take, beside the time to stop."
    )
    pull_timeout: timedelta = Field(default=timedelta(minutes=10), description="How long fetching an image may take.")
    build_timeout: timedelta = Field(
        default=timedelta(minutes=30), description="2.3: how long building an image on a host may take."
    )
    build_argument: str = Field(
        default="GIT_COMMIT",
        description="2.3: the build argument by which the image learns its commit; empty: it finds out by itself.",
    )
    patience: timedelta = Field(
        default=timedelta(seconds=10), description="How long a connection or a question may take."
    )
    stop_grace: timedelta = Field(
        default=timedelta(seconds=30),
        description="How long the application may take to end before it is killed.",
    )

    _connections: dict[tuple[str, int], Connection] = PrivateAttr(default_factory=dict)
    _turns: dict[tuple[str, int, str], Any] = PrivateAttr(default_factory=dict)
    _lock: Any = PrivateAttr(default_factory=Lock)

    def find(self, name: str) -> Server:
        """Return the server of that name; raise Refused naming those there are."""
        for server in self.servers:
            if server.name == name:
                return server
        raise Refused(f"no server is called {name!r}; there are {', '.join(s.name for s in self.servers)}")

    def read_state(self, server: Server) -> ServerState:
        """Return what the server runs, running or not."""
        said, _, found = self._folder(server).ask(commands.state(self.compose_file, server.service)).partition("\n")
        held = said == "held"
        if not found.strip():
            return ServerState(server=server.name, held=held)
        container, *others = _listed(server, found)
        if others:
            raise Refused(f"{server.name}: {server.service} has {len(others) + 1} containers, expected one")
        try:
            by_digest = digest_of(container["Config"]["Image"])
            image = {} if by_digest else self._image(server, container["Image"])
            return state_of(server.name, held=held, container=container, image=image)
        except (KeyError, TypeError, ValueError) as error:
            raise Unreachable(f"{server.name}: the engine's answer lacks {error}") from error

    def read_health(self, server: Server, *, within: timedelta | None = None) -> HealthAnswer:
        """Ask the server itself, past the balancer, for no longer than `within`."""
        return ask_health(server, host_header=self.host_header, patience=min(self.patience, within or self.patience))

    def read_machine(self, server: Server) -> Machine:
        """Return the host's clock, Docker and Compose, the programs it lacks, and what runs on it."""
        return read_machine(server.name, self._folder(server).ask(read_words()))

    def read_disk(self, server: Server) -> float:
        """Return the share in use of the disk that holds the server's directory."""
        text = self._folder(server).ask(commands.disk_in_use(server.directory))
        share = next((word for word in text.split() if word.endswith("%")), "")
        if not share[:-1].isdecimal():
            raise Unreachable(f"{server.name}: `df` printed no share: {text.strip()!r}")
        return int(share[:-1]) / 100

    def read_log_tail(self, server: Server, lines: int = 50) -> str:
        """Return the last lines of the server's log, which may hold what must not leave the host."""
        container = self.read_state(server).container
        if container is None:
            return ""
        return self._folder(server).ask(commands.log_tail(container, lines))

    def has_image(self, server: Server, image: str) -> bool:
        """Return whether the host holds the image already."""
        return self._folder(server).is_true(commands.inspect_image(image))

    def check_configuration(self, server: Server) -> None:
        """Raise Refused, with Compose's own words, if the server's Compose file cannot be read."""
        ran = self._folder(server).connection.run(
            commands.inside(server.directory, commands.check_configuration(self.compose_file)),
            limit=self.command_timeout,
        )
        if ran.status:
            raise Refused(f"{server.name}: {self.compose_file} is not valid: {ran.last_words}")

    def keep_files(self, server: Server, number: int, key: str, *, with_source: bool = False) -> Kept:
        """Keep what runs now, its Compose file and environment; what `key` kept already stays.

        `with_source` keeps where the server's checkout stands, too.
        """
        state = self.read_state(server)
        if state.reference is None:
            raise Refused(
                f"{server.name}: it runs {state.image or 'nothing'}, which has no digest: no way back to keep"
            )
        folder = commands.kept_folder(server.service, key)
        words = commands.keep(
            _KEEP.read_text(), folder, server.service, self.compose_file, state.reference, with_source=with_source
        )
        self._change(server, number, words, stdin=_ROLL_BACK.read_bytes())
        if (kept := self.read_kept(server, key)) is None:
            raise Unreachable(f"{server.name}: the way back was kept under {key} and is gone again")
        return kept

    def read_kept(self, server: Server, key: str) -> Kept | None:
        """Return what is kept under `key`, if anything is."""
        folder = commands.kept_folder(server.service, key)
        ran = self._folder(server).connection.run(
            commands.inside(server.directory, commands.read_kept(folder)), limit=self.patience
        )
        if ran.status == commands.NOTHING_KEPT:
            return None
        lines = ran.out.splitlines()
        digest = digest_of(lines[0]) if lines else None
        if ran.status or digest is None:
            raise Refused(f"{server.name}: the way back under {key} cannot be read: {ran.last_words}")
        return Kept(server.name, lines[0], digest, hashlib.sha256(ran.out.encode()).hexdigest())

    def has_kept_files(self, server: Server, key: str) -> bool:
        """Return whether Compose file, environment and image reference are still, or again, the kept ones."""
        words = commands.is_as_kept(
            commands.kept_folder(server.service, key),
            self.compose_file,
            commands.override_file(server.service),
        )
        return self._folder(server).is_true(commands.inside(server.directory, words))

    def hand_commands(self, key: str) -> dict[str, str]:
        """Return for each server the one line with which a person puts back what is kept under `key`."""
        return self._by_hand.to_put_back(key)

    def hand_start_commands(self) -> dict[str, str]:
        """Return for each server the one line with which a person starts the application as it was stopped."""
        return self._by_hand.to_start()

    def hand_look_commands(self, server: Server) -> dict[str, str]:
        """Return the lines with which a person reads who keeps the server by a file HOLD, and its last log lines."""
        return self._by_hand.to_look(server)

    def pull(self, server: Server, number: int, image: str) -> None:
        """Fetch the image, so that the update needs neither registry nor room later."""
        ran = self._folder(server).change(number, commands.pull(by_digest(image)), limit=self.pull_timeout)
        if ran.status:
            error = Refused if any(word in ran.err.lower() for word in _LOST_FOR_GOOD) else NotDone
            raise error(f"{server.name}: cannot pull {image}: {ran.last_words}")

    def update(self, server: Server, number: int, image: str, *, commit: str = "") -> None:
        """Stop what runs and let the server run `image`, a reference by digest; nothing happens if it does already.

        With a commit its checkout goes there first, so that the Compose file of that commit counts.
        """
        name, service = by_digest(image), server.service
        words = commands.update(_UPDATE.read_text(), self.compose_file, service, name, self.stop_grace, commit=commit)
        self._change(server, number, words, stdin=commands.override(service, name), more=self.stop_grace)

    def read_ended(self, server: Server) -> int | None:
        """Return the exit code of what the last update stopped; None if it stopped nothing that ran."""
        words = self._folder(server).ask(commands.read_ended(server.service)).split()
        return int(words[1]) if len(words) > 1 else None

    def source(self, server: Server) -> SourceFolder:
        """The server's checkout, from which an image can be built on it."""
        return SourceFolder(
            server, self._folder(server), self.compose_file, self.build_argument, self.build_timeout, self.pull_timeout
        )

    def restore(self, server: Server, number: int, key: str) -> None:
        """Put back image, Compose file and environment as kept under `key`, and start them."""
        self._change(server, number, commands.roll_back(commands.kept_folder(server.service, key)))

    def stop(self, server: Server, number: int) -> None:
        """Stop the server's container; one that does not end in time is killed."""
        words = commands.stop(self.compose_file, server.service, self.stop_grace)
        self._change(server, number, words, more=self.stop_grace)

    def start(self, server: Server, number: int) -> None:
        """Start the server's container as it was stopped."""
        self._change(server, number, commands.start(self.compose_file, server.service))

    def raise_fence(self, server: Server, number: int) -> None:
        """Refuse every lower number on the server from now on."""
        self._folder(server).raise_fence(number)

    def read_fence(self, server: Server) -> int:
        """Return the highest number the server has seen."""
        return self._folder(server).read_fence()

    def close(self) -> None:
        """Hang up every kept connection."""
        for connection in self._connections.values():
            connection.close()

    @property
    def _by_hand(self) -> ByHand:
        return ByHand(self.user, self.compose_file, self.servers)

    def _folder(self, server: Server) -> FencedFolder:
        with self._lock:
            connection = self._connections.setdefault(
                (server.host, server.port),
                Connection(
                    server.name,
                    server.host,
                    server.port,
                    self.user,
                    self.key_file,
                    self.known_hosts,
                    self.patience,
                ),
            )
            turn = self._turns.setdefault((server.host, server.port, server.directory), Lock())
        return FencedFolder(connection, server.directory, turn)

    def _change(
        self,
        server: Server,
        number: int,
        words: commands.Words,
        *,
        stdin: bytes = b"",
        more: timedelta = timedelta(0),
    ) -> None:
        ran = self._folder(server).change(number, words, stdin=stdin, limit=self.command_timeout + more)
        if ran.status:
            raise Refused(f"{server.name}: the change ended with {ran.status}: {ran.last_words}")

    def _image(self, server: Server, image_id: str) -> dict[str, Any]:
        """What the engine knows of an image; nothing if it was pruned under a running container."""
        ran = self._folder(server).connection.run(commands.inspect_image(image_id))
        return {} if ran.status else _listed(server, ran.out)[0]


def _listed(server: Server, text: str) -> list[dict[str, Any]]:
    """What the engine prints of one thing or more."""
    try:
        found: list[dict[str, Any]] = json.loads(text)
    except ValueError as error:
        raise Unreachable(f"{server.name}: the engine's answer is no JSON") from error
    if not isinstance(found, list) or not found:
        raise Unreachable(f"{server.name}: the engine's answer is no list of what was asked for")
    return found
