"""The peers: what they need is installed into a virtual environment of the benchmark's own."""

import json
import shlex
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scene import Scene
from lab.docker_engine import find
from lab.home import HOSTS, SERVERS, WEB_SERVERS

PEERS = Path(__file__).with_name("peers")
# Ansible's collections come as packages in the large one; `ansible-galaxy` would need a service beside PyPI.
PACKAGES = ("pyinfra==3.*", "ansible==12.*")
SSH = """\
Host {name}
    HostName {address}
    Port {port}
    User {user}
    IdentityFile {key}
    UserKnownHostsFile {known_hosts}
    IdentitiesOnly yes
    LogLevel ERROR
    ControlMaster auto
    ControlPath {sockets}/%C
    ControlPersist 60

"""


class Missing(Exception):
    """Something a peer needs is not on this machine; the message says how to bring it."""


@dataclass(frozen=True, slots=True)
class Command:
    """How a peer is called."""

    words: list[str]
    environment: dict[str, str]


class Peers:
    """Each peer, told about the same servers in its own way."""

    def __init__(self, scene: Scene, work: Path) -> None:
        self._scene = scene
        self._programs = work / "peers" / "bin"
        self._key = scene.home.secrets / "id_ed25519"
        self._known_hosts = scene.home.path / "known_hosts"
        self._config = self._write_ssh_config()

    def install(self) -> None:
        """Install the peers once; nothing of the project's own environment is touched."""
        if find("ssh") is None or find("curl") is None:
            raise Missing("the peers need ssh and curl: apt-get install --no-install-recommends openssh-client curl")
        if (self._programs / "ansible-playbook").exists() and (self._programs / "pyinfra").exists():
            return
        venv.create(self._programs.parent, with_pip=True)
        words = [str(self._programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*words, *PACKAGES], check=True, timeout=900)

    def script(self, image: str) -> Command:
        """The best script that a person writes by hand, over kept SSH connections."""
        places = [f"{name}={'='.join(self._place(name))}" for name in WEB_SERVERS]
        words = ["bash", str(PEERS / "roll_out.sh"), str(self._config), self._socket_command(), image, *places]
        return Command(words, {})

    def pyinfra(self, image: str) -> Command:
        """Pyinfra with a deploy of its own kind."""
        facts = {
            "hosts": {name: self._address(name) for name in (*WEB_SERVERS, "balancer")},
            "user": self._scene.home.user,
            "key": str(self._key),
            "known_hosts": str(self._known_hosts),
            "socket": self._socket_command(),
            "image": image,
            "servers": {name: self._place(name) for name in WEB_SERVERS},
        }
        path = self._scene.folder / "pyinfra.json"
        path.write_text(json.dumps(facts, indent=1))
        words = [
            str(self._programs / "pyinfra"),
            "-y",
            "--serial",
            "--fail-percent=0",
            str(PEERS / "inventory.py"),
            str(PEERS / "deploy.py"),
        ]
        return Command(words, {"ROLL_OUT": str(path)})

    def ansible(self, image: str) -> Command:
        """Ansible with its module for HAProxy."""
        socket = str(self._scene.balancer.socket)
        web = {}
        for name in WEB_SERVERS:
            service, folder, health = self._place(name)
            web[name] = {"service": service, "folder": folder, "health": health}
        inventory = {
            "all": {
                "vars": {
                    "ansible_ssh_common_args": f"-F {self._config}",
                    "image": image,
                    "haproxy_socket": socket,
                },
                "hosts": {"balancer": {}},
                "children": {"web": {"hosts": web}},
            }
        }
        path = self._scene.folder / "ansible.json"
        path.write_text(json.dumps(inventory, indent=1))
        words = [str(self._programs / "ansible-playbook"), "-i", str(path), str(PEERS / "roll_out.yml")]
        environment = {
            "ANSIBLE_CONFIG": str(PEERS / "ansible.cfg"),
            "ANSIBLE_HOME": str(self._scene.folder / "ansible"),
        }
        return Command(words, {**environment, "LC_ALL": "C.UTF-8"})

    def hang_up(self) -> None:
        """Close the kept SSH connections, so that the next tool opens its own."""
        for name in (*WEB_SERVERS, "balancer"):
            words = ["ssh", "-F", str(self._config), "-O", "exit", name]
            subprocess.run(words, capture_output=True, timeout=10, check=False)

    def _socket_command(self) -> str:
        return shlex.join(self._scene.balancer.socket_command())

    def _address(self, name: str) -> tuple[str, int]:
        home = self._scene.home
        return home.address(f"ssh_{name}"), home.ports[f"ssh_{name}"]

    def _place(self, server: str) -> tuple[str, str, str]:
        home = self._scene.home
        return SERVERS[server], str(home.project(server)), home.url(f"app_{server}") + "/api/health"

    def _write_ssh_config(self) -> Path:
        home = self._scene.home
        path = self._scene.folder / "ssh_config"
        entries = []
        for name in HOSTS:
            address, port = self._address(name)
            entries.append(
                SSH.format(
                    name=name,
                    address=address,
                    port=port,
                    user=home.user,
                    key=self._key,
                    known_hosts=self._known_hosts,
                    sockets=home.sockets(),
                )
            )
        path.write_text("".join(entries))
        path.chmod(0o600)
        return path
