"""Which server gets requests: HAProxy by its runtime socket, or any balancer by configured commands."""

import csv
import shlex
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from time import monotonic, sleep
from typing import Literal, Protocol, cast

from pydantic import Field

from blocks.company_block import CompanyBlock
from blocks.errors import Misconfigured, NotDone, Refused, Unreachable
from blocks.fleet import commands
from blocks.fleet.commands import Words
from blocks.fleet.fenced import NOT_FOUND, FencedFolder
from blocks.fleet.ssh import Connection, Ran
from policy.next_step import Cause, Kind

AdminState = Literal["ready", "drain", "maint"]

_MAINTENANCE, _DRAINED = 0x01 | 0x02 | 0x04 | 0x20, 0x08 | 0x10
# Starting and running; one that is stopping (3) answered its check with "no more requests", and gets none.
_OPERATIONAL = {1, 2}
_BETWEEN_LOOKS = 0.1
_NO_BACKEND = "Can't find backend"


@dataclass(frozen=True, slots=True)
class BalancedServer:
    """How the balancer sees one server; `up` may be some checks old, so ask the server itself too."""

    name: str
    admin_state: AdminState
    up: bool
    sessions: int

    @property
    def in_rotation(self) -> bool:
        """Whether it gets requests."""
        return self.up and self.admin_state == "ready"


class LoadBalancer(Protocol):
    """What a roll-out needs of a balancer."""

    def read_servers(self) -> tuple[BalancedServer, ...]:
        """Return every server the balancer knows."""

    def drain(self, name: str, number: int) -> None:
        """Give the server no new request; what is in flight goes on."""

    def ready(self, name: str, number: int) -> None:
        """Give the server requests again."""

    def cut_sessions(self, name: str, number: int) -> None:
        """End what is in flight on the server."""

    def cut_sessions_after(self, name: str, number: int, grace: timedelta) -> None:
        """Return when nothing is in flight on the server; what is still there after `grace` is ended."""

    def raise_fence(self, number: int) -> None:
        """Refuse every lower number on the balancer's host from now on."""

    def read_fence(self) -> int:
        """Return the highest number the balancer's host has seen."""

    def hand_ready_command(self, name: str) -> str:
        """Return the one line with which a person gives the server requests again."""

    def close(self) -> None:
        """Hang up the kept connection."""


class HostBlock(CompanyBlock):
    """The balancer's host, changed only through the fence on it."""

    _block_type_name = "Countersign balancer host"
    _block_type_slug = "countersign-balancer-host"

    host: str = Field(description="The address of the balancer's host.")
    port: int = Field(default=22, description="The port of SSH on it.")
    user: str = Field(description="The user on it.")
    key_file: str = Field(description="The file of the private key on the worker.")
    known_hosts: str = Field(description="The file of the hosts' public keys on the worker.")
    directory: str = Field(description="The absolute folder on it that keeps the fence.")
    patience: timedelta = Field(default=timedelta(seconds=10), description="How long one answer may take.")

    @cached_property
    def _folder(self) -> FencedFolder:
        return FencedFolder(
            Connection("balancer", self.host, self.port, self.user, self.key_file, self.known_hosts, self.patience),
            self.directory,
        )

    def raise_fence(self, number: int) -> None:
        """Refuse every lower number on the balancer's host from now on."""
        self._folder.raise_fence(number)

    def read_fence(self) -> int:
        """Return the highest number the balancer's host has seen."""
        return self._folder.read_fence()

    def close(self) -> None:
        """Hang up the kept connection."""
        self._folder.connection.close()

    def _typed(self, line: str) -> str:
        return commands.typed_by_hand(line, user=self.user, host=self.host, port=self.port)


class HAProxy(HostBlock):
    """HAProxy, spoken to through its runtime socket on its own host."""

    _block_type_name = "Countersign HAProxy"
    _block_type_slug = "countersign-haproxy"

    socket_command: tuple[str, ...] = Field(
        default=("socat", "stdio", "/run/haproxy/admin.sock"),
        description="The command that takes one line for the socket and prints the answer.",
    )
    backend: str = Field(description="The backend that holds the servers.")

    def read_servers(self) -> tuple[BalancedServer, ...]:
        """Return every server of the backend."""
        text = self._say(f"show servers state {self.backend}; show stat")
        states, figures = _server_states(text), _sessions(text, self.backend)
        if not states or states.keys() != figures.keys():
            said = f"balancer: no readable answer about backend {self.backend}: {text.strip()[:200]!r}"
            show = shlex.join(self.socket_command)
            unnamed = Cause(Kind.BACKEND_UNKNOWN, show, "balancer.backend", self.host, self.port)
            raise Unreachable(said, cause=unnamed if _NO_BACKEND in text else None)
        return tuple(
            BalancedServer(name, state, operational in _OPERATIONAL, figures[name])
            for name, (operational, state) in states.items()
        )

    def drain(self, name: str, number: int) -> None:
        """Give the server no new request; what is in flight goes on."""
        self._order(f"set server {self.backend}/{name} state drain", number)

    def ready(self, name: str, number: int) -> None:
        """Give the server requests again."""
        self._order(f"set server {self.backend}/{name} state ready", number)

    def cut_sessions(self, name: str, number: int) -> None:
        """End what is in flight on the server."""
        self._order(f"shutdown sessions server {self.backend}/{name}", number)

    def cut_sessions_after(self, name: str, number: int, grace: timedelta) -> None:
        """Return when nothing is in flight on the server; what is still there after `grace` is ended."""
        _empty_or_cut(self, name, number, grace)

    def hand_ready_command(self, name: str) -> str:
        """Return the one line with which a person gives the server requests again."""
        order = shlex.quote(f"set server {self.backend}/{name} state ready")
        return self._typed(f"echo {order} | {shlex.join(self.socket_command)}")

    def _say(self, line: str) -> str:
        return self._answered(self._folder.connection.run(self.socket_command, stdin=f"{line}\n".encode()))

    def _answered(self, ran: Ran) -> str:
        if ran.status in NOT_FOUND:
            program = self.socket_command[0]
            absent = Cause(Kind.PROGRAM_ABSENT, program, "balancer.socket_command", self.host, self.port)
            raise Misconfigured(f"balancer: `{program}` cannot be run there: {ran.last_words}", cause=absent)
        if ran.status:
            silent = Cause(Kind.SOCKET_SILENT, shlex.join(self.socket_command), "", self.host, self.port)
            raise NotDone(f"balancer: its socket does not answer: {ran.last_words}", cause=silent)
        return ran.out

    def _order(self, line: str, number: int) -> None:
        """A blank answer means done; a sentence says why not."""
        ran = self._folder.change(number, self.socket_command, stdin=f"{line}\n".encode(), limit=self.patience)
        if answer := self._answered(ran).strip():
            raise Refused(f"balancer: {line!r} was refused: {answer}")


class CommandBalancer(HostBlock):
    """Any balancer that commands on a host can steer; `{server}` in a word stands for the server's name."""

    _block_type_name = "Countersign command balancer"
    _block_type_slug = "countersign-command-balancer"

    state_command: tuple[str, ...] = Field(
        description="Prints one line a server: name, ready or drain or maint, up or down, requests in flight."
    )
    drain_command: tuple[str, ...] = Field(description="Gives a server no new request.")
    ready_command: tuple[str, ...] = Field(description="Gives a server requests again.")
    cut_command: tuple[str, ...] = Field(description="Ends what is in flight on a server.")

    def read_servers(self) -> tuple[BalancedServer, ...]:
        """Return every server the state command names."""
        return tuple(_spoken_server(line) for line in self._folder.ask(self.state_command).splitlines() if line)

    def drain(self, name: str, number: int) -> None:
        """Give the server no new request; what is in flight goes on."""
        self._order(self.drain_command, name, number)

    def ready(self, name: str, number: int) -> None:
        """Give the server requests again."""
        self._order(self.ready_command, name, number)

    def cut_sessions(self, name: str, number: int) -> None:
        """End what is in flight on the server."""
        self._order(self.cut_command, name, number)

    def cut_sessions_after(self, name: str, number: int, grace: timedelta) -> None:
        """Return when nothing is in flight on the server; what is still there after `grace` is ended."""
        _empty_or_cut(self, name, number, grace)

    def hand_ready_command(self, name: str) -> str:
        """Return the one line with which a person gives the server requests again."""
        order = shlex.join(word.replace("{server}", name) for word in self.ready_command)
        return self._typed(f"cd {shlex.quote(self.directory)} && {order}")

    def _order(self, command: Words, name: str, number: int) -> None:
        words = tuple(word.replace("{server}", name) for word in command)
        ran = self._folder.change(number, words, limit=self.patience)
        if ran.status:
            raise Refused(f"balancer: {words[0]} for {name} ended with {ran.status}: {ran.last_words}")


def _empty_or_cut(balancer: LoadBalancer, name: str, number: int, grace: timedelta) -> None:
    until = monotonic() + grace.total_seconds()
    while any(server.sessions for server in balancer.read_servers() if server.name == name):
        if monotonic() > until:
            balancer.cut_sessions(name, number)
            return
        sleep(_BETWEEN_LOOKS)


def _spoken_server(line: str) -> BalancedServer:
    words = line.split()
    if (
        len(words) != 4
        or words[1] not in {"ready", "drain", "maint"}
        or words[2] not in {"up", "down"}
        or not words[3].isdecimal()
    ):
        raise Unreachable(f"balancer: {line!r}: expected a name, ready|drain|maint, up|down and a number")
    return BalancedServer(words[0], cast("AdminState", words[1]), words[2] == "up", int(words[3]))


def _server_states(text: str) -> dict[str, tuple[int, AdminState]]:
    """Name to operational and administrative state, from `show servers state`."""
    rows = [line.split() for line in text.splitlines()]
    header = next((row[1:] for row in rows if row[:2] == ["#", "be_id"]), [])
    found = (dict(zip(header, row, strict=False)) for row in rows if header and row and row[0].isdecimal())
    return {
        row["srv_name"]: (int(row["srv_op_state"]), _admin_state(int(row["srv_admin_state"]), int(row["srv_uweight"])))
        for row in found
        if "srv_uweight" in row
    }


def _sessions(text: str, backend: str) -> dict[str, int]:
    """Name to requests in flight, from `show stat`."""
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith("# pxname,")), len(lines))
    rows = csv.DictReader([line.removeprefix("# ") for line in lines[start:]])
    return {
        row["svname"]: int(row["scur"])
        for row in rows
        if row["pxname"] == backend and row["svname"] not in {"FRONTEND", "BACKEND"} and _is_whole(row)
    }


def _is_whole(row: dict[str, str | None]) -> bool:
    """Whether the answer was not cut off within this line."""
    return None not in row.values() and (row["scur"] or "").isdecimal()


def _admin_state(flags: int, weight: int) -> AdminState:
    """A server of weight 0 is drained, too: HAProxy calls it ready, and gives it nothing new."""
    if flags & _MAINTENANCE:
        return "maint"
    return "drain" if flags & _DRAINED or not weight else "ready"
