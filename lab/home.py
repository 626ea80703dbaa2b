"""Where one lab lives: its folder, its ports and its secrets, the same at every start."""

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import random
import secrets
import shutil
import socket
import stat
import struct
import tempfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lab.product import PORTAL, product_facts, product_from, read_product

STAGING, BALANCER = "staging", "balancer"
LEAST_SERVERS, MOST_SERVERS = 2, 50
# The servers of a lab of which nothing else was asked.
WEB_SERVERS = {"web-server-1": "web-1", "web-server-2": "web-2"}
SERVERS = {**WEB_SERVERS, STAGING: "web"}
HOSTS = (*SERVERS, BALANCER)
USER = "deploy"
REPOSITORY = PORTAL.image
COMPOSE_FILE = PORTAL.compose_file
READY = "ready"
STAND_IN, DOCKER = "stand-in", "docker"
SIGNING_KEY = "SIGNING_KEY"
# A lock on one byte of a file, as Linux has it: type, from where, first, length, process.
_LOCK = "hhqqi4x"
_SERVICES = (
    "control balancer balancer_stats postgres prefect_postgres prefect s3 master master_grpc filer "
    "filer_grpc volume volume_grpc admin admin_grpc registry traffic github slack pagerduty prometheus "
    "on_call statuspage status_page sentry doppler snyk jira linear notion confluence grafana mail"
)


class Home:
    """The folder of one lab and what is fixed in it."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.path.mkdir(parents=True, exist_ok=True)
        self.secrets = self.folder("secrets", mode=0o700)
        self.logs = self.folder("logs")
        self.registry = self.folder("registry")
        short = hashlib.sha256(str(self.path).encode()).hexdigest()[:10]
        self.scratch = Path(tempfile.gettempdir()) / f"countersign-lab-{short}"
        self._choose()

    def _choose(self) -> None:
        """Have the company that was chosen for this folder: its servers, its product, their ports."""
        chosen = self._chosen()
        self.product = product_from(chosen["product"]) if chosen.get("product") else PORTAL
        count = range(1, chosen.get("servers", LEAST_SERVERS) + 1)
        self.web_servers = {f"web-server-{number}": self.product.service_of(number) for number in count}
        self.servers = {**self.web_servers, STAGING: self.product.staging_service}
        self.hosts = (*self.servers, BALANCER)
        self.ports = self._fixed_ports()

    def choose_company(self, *, servers: int, folder: Path | None = None) -> None:
        """Let the company have so many web servers and, from a folder, a product of its own, from the next start on."""
        if not LEAST_SERVERS <= servers <= MOST_SERVERS:
            raise ValueError(f"servers: expected {LEAST_SERVERS} to {MOST_SERVERS}, found {servers}")
        chosen = {"servers": servers, "product": product_facts(read_product(folder)) if folder else None}
        if chosen["product"] != self._chosen().get("product"):
            self._forget_product()
        (self.path / "company.json").write_text(json.dumps(chosen))
        self._choose()

    def _chosen(self) -> dict[str, Any]:
        path = self.path / "company.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def _forget_product(self) -> None:
        """Another product has another repository, other images and other servers."""
        (self.path / "first-refs.json").unlink(missing_ok=True)
        for name in ("repository.git", "hosts", "registry"):
            shutil.rmtree(self.path / name, ignore_errors=True)
        self.folder("registry")

    @property
    def supervisor(self) -> int | None:
        """The process that says it holds the lab in this folder; one that was killed still says so."""
        with contextlib.suppress(OSError, ValueError):
            return int((self.path / READY).read_text())
        return None

    @property
    def engine(self) -> str:
        """Which container engine the hosts have."""
        path = self.path / "engine"
        return path.read_text() if path.exists() else STAND_IN

    def choose_engine(self, engine: str) -> None:
        """Let the hosts have this container engine from the next start on."""
        if engine not in {STAND_IN, DOCKER}:
            raise ValueError(f"engine {engine!r} is neither {STAND_IN} nor {DOCKER}")
        (self.path / "engine").write_text(engine)

    @property
    def user(self) -> str:
        """Who logs in on the hosts; the real SSH server knows this machine's users only."""
        return pwd.getpwuid(os.geteuid()).pw_name if self.engine == DOCKER else USER

    def address(self, port: str) -> str:
        """Return where this port is open; beside the real engine each host has an address of its own."""
        host = port.partition("_")[2]
        return f"127.0.0.{2 + self.hosts.index(host)}" if self.engine == DOCKER and host in self.hosts else "127.0.0.1"

    def folder(self, name: str, *, mode: int = 0o755) -> Path:
        """Return a folder of this lab, made if it is not there."""
        folder = self.path / name
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        return folder

    def host(self, name: str) -> Path:
        """Return the home folder of the user on a host."""
        return self.folder(f"hosts/{name}")

    def project(self, server: str) -> Path:
        """Return the folder of the Compose project on a server."""
        return self.folder(f"hosts/{server}/{self.product.project}")

    def sockets(self) -> Path:
        """Return a folder with a short path: the path of a socket has at most 107 characters."""
        self.scratch.mkdir(mode=0o711, exist_ok=True)
        if self.scratch.stat().st_uid != os.geteuid():
            raise PermissionError(f"{self.scratch} belongs to somebody else; remove it and start again")
        return self.scratch

    def url(self, port: str) -> str:
        """Return the address of one of the lab's HTTP services."""
        return f"http://{self.address(port)}:{self.ports[port]}"

    def secret(self, name: str, *, length: int = 24) -> str:
        """Return a secret, made at the first asking and kept in a file of mode 0600."""
        path = self.secrets / name
        if not path.exists():
            self.write_secret(name, secrets.token_urlsafe(length)[:length])
        return path.read_text().strip()

    def public_key(self) -> str:
        """Return the public half of the worker's signing key, which is made at the first asking."""
        path = self.secrets / SIGNING_KEY
        if not path.exists():
            made = Ed25519PrivateKey.generate().private_bytes_raw()
            self.write_secret(SIGNING_KEY, base64.b64encode(made).decode())
        private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(path.read_text()))
        return base64.b64encode(private.public_key().public_bytes_raw()).decode()

    def write_secret(self, name: str, value: str) -> None:
        """Keep a value in a file of mode 0600; whoever reads it meanwhile reads the one before or this one."""
        draft = self.path / f"{name}.draft"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(value + "\n")
        draft.replace(self.secrets / name)

    def _fixed_ports(self) -> dict[str, int]:
        path = self.path / "ports.json"
        known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
        if not set(self._port_names) <= set(known):
            known = free_ports(self._port_names)
            path.write_text(json.dumps(known, indent=1))
        return known

    @property
    def _port_names(self) -> tuple[str, ...]:
        hosts, servers = (f"ssh_{name}" for name in self.hosts), (f"app_{name}" for name in self.servers)
        return (*_SERVICES.split(), *hosts, *servers)

    def renew_ports(self) -> None:
        """Choose other ports, after a start found one taken."""
        self.ports = free_ports(self._port_names)
        (self.path / "ports.json").write_text(json.dumps(self.ports, indent=1))


def free_ports(names: tuple[str, ...]) -> dict[str, int]:
    """Choose a free port for each name, below those that the system hands out itself.

    Some are used long after they were chosen, so until this process ends no other choice of this user's is the same.
    """
    reserved = os.open(Path(tempfile.gettempdir()) / f"countersign-ports-{os.geteuid()}", os.O_RDWR | os.O_CREAT, 0o600)
    held: list[socket.socket] = []
    chosen: dict[str, int] = {}
    try:
        for port in random.sample(range(20_000, 32_000), 2_000):
            if len(chosen) == len(names):
                break
            probe = socket.socket()
            held.append(probe)
            try:
                probe.bind(("127.0.0.1", port))
                fcntl.fcntl(reserved, fcntl.F_OFD_SETLK, struct.pack(_LOCK, fcntl.F_WRLCK, os.SEEK_SET, port, 1, 0))
            except OSError:
                continue
            chosen[names[len(chosen)]] = port
    finally:
        for probe in held:
            probe.close()
    return chosen


def is_free(port: int) -> bool:
    """True if a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def open_to_everybody(path: Path) -> bool:
    """True if a user without rights can reach what lies at this path."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))
