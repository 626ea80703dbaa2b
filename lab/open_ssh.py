"""The lab's hosts on the real SSH server: one `sshd` a host, each with its own address, port and key."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

from lab.docker_engine import DockerEngine, find
from lab.home import Home
from lab.processes import MARK, PROGRAM_PATH, end, is_open, spawn, wait_until
from lab.ssh_hosts import SshHosts

# Who logs in, with which key and what a shell finds there, is the lab's own; the rest is as on a careful server.
CONFIG = """\
Port {port}
ListenAddress {address}
HostKey "{host_key}"
AuthorizedKeysFile "{authorized}"
AllowUsers {user}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile none
MaxStartups 50
MaxSessions 50
Subsystem sftp internal-sftp
SetEnv {environment}
"""
# The folder that sshd shuts its unprivileged part into; a service's start script would make it.
EMPTY = Path("/run/sshd")


class OpenSshHosts(SshHosts):
    """All hosts of the lab, each an OpenSSH server."""

    def __init__(self, home: Home, engine: DockerEngine) -> None:
        super().__init__(home)
        self._engine = engine
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    async def start(self) -> None:
        """Open every host."""
        EMPTY.mkdir(mode=0o755, exist_ok=True)
        await super().start()

    async def open(self, name: str) -> None:
        """Let connections to a host in."""
        config = self._home.path / f"sshd-{name}.conf"
        config.write_text(self._config(name))
        self._processes[name] = spawn(self._home, f"sshd-{name}", [str(find("sshd")), "-D", "-e", "-f", str(config)])
        address, port = self._home.address("ssh_" + name), self._home.ports["ssh_" + name]
        await asyncio.to_thread(
            wait_until, f"{name} lets SSH in", lambda: is_open(address, port), seconds=60, home=self._home
        )

    async def close(self, name: str) -> None:
        """Refuse new connections and drop the open ones; what runs on the host runs on."""
        if process := self._processes.pop(name, None):
            connections = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            await asyncio.to_thread(end, process, grace=2)
            for pid in connections:
                os.kill(int(pid), signal.SIGKILL)

    def is_open(self, name: str) -> bool:
        """True if the host can be reached."""
        return name in self._processes

    def _config(self, name: str) -> str:
        self._key_text(f"host_{name}")
        authorized = self._home.path / "authorized_keys"
        authorized.write_text(self._key.export_public_key().decode())
        folder = self._home.host(name)
        environment = {
            "HOME": str(folder),
            "PATH": f"{folder}/bin:{PROGRAM_PATH}",
            MARK: str(self._home.path),
            **self._engine.environment(),
        }
        return CONFIG.format(
            port=self._home.ports["ssh_" + name],
            address=self._home.address("ssh_" + name),
            host_key=self._home.secrets / f"host_{name}",
            authorized=authorized,
            user=self._home.user,
            environment=" ".join(f'"{key}={value}"' for key, value in environment.items()),
        )
