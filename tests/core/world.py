"""A company in memory: hosts, a balancer and a store that can fail, fall silent, or see their caller die."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from blocks.errors import Absent, NotDone, Refused, Superseded, Unreachable
from blocks.fleet import HeldByHand, Kept, Server, ServerState, Source
from blocks.load_balancer import BalancedServer
from blocks.store import Exists, Stored
from policy.health import HealthAnswer
from tests.policy.releases import NEW_COMMIT, OLD_COMMIT
from tests.policy.rows import NEW, OLD, THIRD

COMMITS = {OLD: OLD_COMMIT, NEW: NEW_COMMIT, THIRD: "c3" * 20}
NAMES = ("web-server-1", "web-server-2", "web-server-3")
BUILT = {name: f"sha256:{number}{'b' * 63}" for number, name in enumerate(NAMES)}
COMMITS |= dict.fromkeys(BUILT.values(), NEW_COMMIT)


class Died(BaseException):
    """The process that was acting is gone; no `except Exception` and no clean-up of ours runs."""


@dataclass
class Machine:
    """One server as it is."""

    name: str
    digest: str = OLD
    running: bool = True
    ready: bool = True
    sessions: int = 0
    fence: int = 0
    reachable: bool = True
    held: bool = False
    kept: dict[str, str] = field(default_factory=dict)
    images: set[str] = field(default_factory=lambda: {OLD})
    built: str | None = None
    laid_out: str = "nothing"
    checkout: str = OLD_COMMIT
    ended: int | None = None


@dataclass(frozen=True)
class TooFew:
    """An act took a server away though fewer than allowed serve then; `beside` are those that were out already."""

    what: str
    beside: frozenset[str]
    homeward: bool


@dataclass
class World:
    """Everything outside the process; it stays when the process dies."""

    machines: dict[str, Machine] = field(default_factory=lambda: {name: Machine(name) for name in NAMES})
    balancer_fence: int = 0
    faults: set[str] = field(default_factory=set)
    acts: list[tuple[int, str]] = field(default_factory=list)
    drained_the_last: list[str] = field(default_factory=list)
    dies_after: int | None = None
    fewest: int = 1
    too_few: list[TooFew] = field(default_factory=list)
    doomed: dict[int, str] = field(default_factory=dict)
    is_homeward: Callable[[], bool] = lambda: False

    def may_die(self) -> None:
        """The process dies here if its time has come."""
        if self.dies_after is None:
            return
        if self.dies_after == 0:
            self.dies_after = None
            raise Died
        self.dies_after -= 1

    def is_well(self, machine: Machine) -> bool:
        """Whether the server answers requests."""
        return machine.running and not (
            COMMITS[machine.digest] == NEW_COMMIT and "the new version is ill" in self.faults
        )

    def serving(self) -> set[str]:
        """The servers that get requests and answer them."""
        return {one.name for one in self.machines.values() if one.ready and self.is_well(one) and one.reachable}

    def takes_away(self, machine: Machine, what: str) -> None:
        """Remember who was taken away while too few others serve."""
        before = self.serving()
        if machine.name in before and len(before) - 1 < self.fewest:
            out = frozenset(one.name for one in self.machines.values() if not one.ready and self.is_well(one))
            self.too_few.append(TooFew(f"{what} {machine.name}", out, self.is_homeward()))

    def did(self, number: int, what: str) -> None:
        """Remember an act; a server whose time has come ends with it."""
        self.acts.append((number, what))
        if name := self.doomed.pop(len(self.acts), None):
            self.machines[name].running = False

    @contextmanager
    def change(self, machine: Machine, number: int, what: str) -> Iterator[None]:
        """One change on a host, behind its fence; the process may die before it or before it hears of it."""
        self.may_die()
        if not machine.reachable:
            raise NotDone(f"{machine.name}: no answer")
        if number < machine.fence:
            raise Superseded(f"{machine.name}: {number} is refused, {machine.fence} took over")
        if machine.held:
            raise HeldByHand(f"{machine.name}: a file HOLD is there; nothing was touched")
        machine.fence = number
        if what in self.faults:
            raise Refused(f"{machine.name}: {what} ended with 1")
        self.did(number, f"{what} on {machine.name}")
        yield
        self.may_die()


class MemoryStore:
    """A store whose clock the test sets; the process may die before a row is kept or before it hears of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = timedelta(0)
        self.away = False
        self.kept: dict[str, tuple[bytes, timedelta]] = {}

    def create(self, key: str, body: bytes) -> None:
        """Keep it, once."""
        self._reach(key)
        self.world.may_die()
        if key in self.kept:
            raise Exists(f"{key} exists")
        self.kept[key] = (body, self.now)
        self.world.may_die()

    def read(self, key: str) -> Stored:
        """Return what is there."""
        self._reach(key)
        if key not in self.kept:
            raise Absent(f"{key} is not there")
        body, written = self.kept[key]
        return Stored(body, self.now - written)

    def replace(self, key: str, body: bytes) -> None:
        """Keep it, whatever was there."""
        self._reach(key)
        self.kept[key] = (body, self.now)

    def list(self, prefix: str) -> tuple[str, ...]:
        """Return the keys."""
        self._reach(prefix)
        return tuple(sorted(key for key in self.kept if key.startswith(prefix)))

    def _reach(self, key: str) -> None:
        if self.away:
            raise Unreachable(f"the store does not answer: {key}")


class Hosts:
    """The verbs of the fleet."""

    compose_file = "docker-compose.prod.yml"
    stop_grace = timedelta(seconds=30)

    def __init__(self, world: World) -> None:
        self.world = world
        self.servers = tuple(
            Server.model_validate(
                {
                    "name": name,
                    "host": name,
                    "service": "web",
                    "directory": "/opt/holi",
                    "health": f"http://{name}/api/health",
                }
            )
            for name in world.machines
        )

    def find(self, name: str) -> Server:
        """Return the server of that name."""
        return next(server for server in self.servers if server.name == name)

    def read_state(self, server: Server) -> ServerState:
        """Return what runs there."""
        machine = self._reach(server)
        return ServerState(
            server=server.name,
            held=machine.held,
            container="c",
            running=machine.running,
            exit_code=None if machine.running else 1,
            image=machine.digest
            if machine.digest in BUILT.values()
            else f"registry.holilabs.xyz/holi-web@{machine.digest}",
            image_digest=machine.digest,
        )

    def read_health(self, server: Server, *, within: timedelta | None = None) -> HealthAnswer:
        """Ask the server itself."""
        del within
        machine = self._reach(server)
        if not machine.running:
            return HealthAnswer(server.name, 0, "nothing listens: connection refused")
        if not self.world.is_well(machine):
            return HealthAnswer(server.name, 503, json.dumps({"status": "unhealthy"}))
        body = {"status": "healthy", "database": "connected", "version": COMMITS[machine.digest]}
        return HealthAnswer(server.name, 200, json.dumps(body))

    def read_log_tail(self, server: Server) -> str:
        """Return the log."""
        self._reach(server)
        return "the process ended"

    def has_image(self, server: Server, image: str) -> bool:
        """Whether the image is there."""
        return image.rpartition("@")[2] in self._reach(server).images

    def pull(self, server: Server, number: int, image: str) -> None:
        """Fetch the image."""
        machine = self._reach(server)
        with self.world.change(machine, number, "pull"):
            machine.images.add(image.partition("@")[2])

    def read_kept(self, server: Server, key: str) -> Kept | None:
        """Return the way back."""
        digest = self._reach(server).kept.get(key)
        return Kept(server.name, f"web@{digest}", digest, "f" * 64) if digest else None

    def keep_files(self, server: Server, number: int, key: str, *, with_source: bool = False) -> None:
        """Keep the way back; what was kept stays."""
        del with_source
        machine = self._reach(server)
        with self.world.change(machine, number, "keep"):
            machine.kept.setdefault(key, machine.digest)

    def has_kept_files(self, server: Server, key: str) -> bool:
        """Whether the files are the kept ones."""
        machine = self._reach(server)
        return machine.kept.get(key) == machine.digest

    def hand_commands(self, key: str) -> dict[str, str]:
        """Return what a person types."""
        return {name: f"ssh {name} sh {key}/roll-back.sh" for name in self.world.machines}

    def update(self, server: Server, number: int, image: str, *, commit: str = "") -> None:
        """Run the new image; requests in flight on a server that is not empty are lost."""
        machine = self._reach(server)
        with self.world.change(machine, number, "update"):
            if "up changes nothing" in self.world.faults:
                return
            self.world.takes_away(machine, "update")
            if machine.running:
                machine.ended = 137 if "nothing hears SIGTERM" in self.world.faults else 0
            machine.digest, machine.running = image.rpartition("@")[2], True
            machine.checkout = commit or machine.checkout

    def read_ended(self, server: Server) -> int | None:
        """Return how what the last update stopped had ended."""
        return self._reach(server).ended

    def source(self, server: Server) -> "Checkout":
        """The server's checkout."""
        return Checkout(self.world, self._reach(server))

    def restore(self, server: Server, number: int, key: str) -> None:
        """Run what was kept."""
        machine = self._reach(server)
        with self.world.change(machine, number, "restore"):
            self.world.takes_away(machine, "restore")
            machine.digest, machine.running = machine.kept[key], True
            machine.checkout = OLD_COMMIT

    def hand_start_commands(self) -> dict[str, str]:
        """Return what a person types to start it as it was."""
        return {name: f"ssh {name} docker compose start" for name in self.world.machines}

    def stop(self, server: Server, number: int) -> None:
        """Stop what runs."""
        machine = self._reach(server)
        with self.world.change(machine, number, "stop"):
            machine.running = False

    def start(self, server: Server, number: int) -> None:
        """Start what was stopped."""
        machine = self._reach(server)
        with self.world.change(machine, number, "start"):
            machine.running = True

    def read_fence(self, server: Server) -> int:
        """Return the highest number."""
        return self._reach(server).fence

    def raise_fence(self, server: Server, number: int) -> None:
        """Refuse lower ones."""
        machine = self._reach(server)
        if number < machine.fence:
            raise Superseded(f"{server.name}: {number} is refused, {machine.fence} took over")
        machine.fence = number

    def _reach(self, server: Server) -> Machine:
        machine = self.world.machines[server.name]
        if not machine.reachable:
            raise Unreachable(f"{server.name}: no answer")
        return machine


class Checkout:
    """The verbs of a server's checkout; what each server builds has an identity of its own."""

    def __init__(self, world: World, machine: Machine) -> None:
        self.world = world
        self.machine = machine

    def read(self) -> Source:
        """Return where it stands."""
        changed = ("docker-compose.prod.yml",) if "changed by hand" in self.world.faults else ()
        return Source(self.machine.name, self.machine.checkout, self.machine.laid_out, changed)

    def fetch(self, number: int, commit: str) -> None:
        """Lay it out."""
        with self.world.change(self.machine, number, "fetch"):
            self.machine.laid_out = commit

    def build(self, number: int, _key: str, _commit: str) -> None:
        """Build it."""
        with self.world.change(self.machine, number, "build"):
            self.machine.built = BUILT[self.machine.name]

    def find_built(self, _key: str) -> str | None:
        """Return what was built."""
        return self.machine.built


class Balancer:
    """The verbs of the load balancer, on a host of its own."""

    def __init__(self, world: World) -> None:
        self.world = world

    def read_servers(self) -> tuple[BalancedServer, ...]:
        """Return how the balancer sees them."""
        return tuple(
            BalancedServer(
                one.name,
                "ready" if one.ready else "drain",
                self.world.is_well(one) and one.reachable,
                one.sessions,
            )
            for one in self.world.machines.values()
        )

    def drain(self, name: str, number: int) -> None:
        """No new requests; they end unless told otherwise."""
        machine = self._change(name, number, "drain")
        if name in self.world.serving() and self.world.serving() == {name}:
            self.world.drained_the_last.append(name)
        self.world.takes_away(machine, "drain")
        machine.ready = False
        machine.sessions = 1 if "requests never end" in self.world.faults else 0
        self.world.may_die()

    def ready(self, name: str, number: int) -> None:
        """Requests again."""
        self._change(name, number, "ready").ready = True
        self.world.may_die()

    def cut_sessions_after(self, name: str, number: int, grace: timedelta) -> None:
        """End what is in flight."""
        del grace
        self._change(name, number, "cut").sessions = 0

    def hand_ready_command(self, name: str) -> str:
        """Return what a person types."""
        return f"ssh balancer ready {name}"

    def read_fence(self) -> int:
        """Return the highest number."""
        return self.world.balancer_fence

    def raise_fence(self, number: int) -> None:
        """Refuse lower ones."""
        self.world.balancer_fence = self._passed(number)

    def _change(self, name: str, number: int, what: str) -> Machine:
        self.world.may_die()
        self.raise_fence(number)
        self.world.acts.append((number, f"{what} {name}"))
        return self.world.machines[name]

    def _passed(self, number: int) -> int:
        if number < self.world.balancer_fence:
            raise Superseded(f"balancer: {number} is refused, {self.world.balancer_fence} took over")
        return number
