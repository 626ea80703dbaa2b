"""The lab's hosts: SSH servers with real keys, a real shell and SFTP, each rooted in a folder of its own."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import asyncssh

from lab.home import USER, Home
from lab.processes import marked

# The script through which every change of a host goes.
_FENCE = "fenced.sh"


class Host(asyncssh.SSHServer):
    """Lets in one user with one key."""

    def __init__(self, key: asyncssh.SSHKey, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._key = key.public_data
        self._connections = connections
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember the connection, so that a cut host can drop it."""
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        del exc
        if self._connection:
            self._connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        """Everybody has to show a key."""
        del username
        return True

    def password_auth_supported(self) -> bool:
        """No passwords."""
        return False

    def public_key_auth_supported(self) -> bool:
        """Keys only."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Accept the lab's key for the lab's user."""
        return username == USER and key.public_data == self._key


class Files(asyncssh.SFTPServer):
    """SFTP whose relative paths begin in the user's home folder."""

    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]", folder: Path) -> None:
        self._folder = os.fsencode(folder)
        super().__init__(channel)

    def map_path(self, path: bytes) -> bytes:
        """Return the path on this machine."""
        return os.path.join(self._folder, path)  # noqa: PTH118 - paths of SFTP are bytes


class SshHosts:
    """All hosts of the lab in one loop."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._listeners: dict[str, asyncssh.SSHAcceptor] = {}
        self._connections: dict[str, set[asyncssh.SSHServerConnection]] = {name: set() for name in home.hosts}
        self._key = asyncssh.import_private_key(self._key_text("id_ed25519"))
        self.victim: int | None = None

    @property
    def known_hosts(self) -> Path:
        """The file with the hosts' public keys."""
        return self._home.path / "known_hosts"

    def _key_text(self, name: str) -> str:
        path = self._home.secrets / name
        if not path.exists():
            self._home.write_secret(name, asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode())
        return path.read_text()

    def write_known_hosts(self) -> None:
        """Write down each host's key as it is now."""
        lines = []
        for name in self._home.hosts:
            key = asyncssh.import_private_key(self._key_text(f"host_{name}"))
            kind, public = key.export_public_key().decode().split()[:2]
            address, port = self._home.address("ssh_" + name), self._home.ports["ssh_" + name]
            lines.append(f"[{address}]:{port} {kind} {public}\n")
        self.known_hosts.write_text("".join(lines))

    async def start(self) -> None:
        """Open every host."""
        self.write_known_hosts()
        await asyncio.gather(*(self.open(name) for name in self._home.hosts))

    async def open(self, name: str) -> None:
        """Let connections to a host in."""
        folder = self._home.host(name)
        self._listeners[name] = await asyncssh.create_server(
            lambda: Host(self._key, self._connections[name]),
            "127.0.0.1",
            self._home.ports["ssh_" + name],
            server_host_keys=[asyncssh.import_private_key(self._key_text(f"host_{name}"))],
            process_factory=lambda process: self._carry_out(name, process),
            sftp_factory=lambda channel: Files(channel, folder),
            encoding=None,
            reuse_address=True,
        )

    async def close(self, name: str) -> None:
        """Refuse new connections and drop the open ones."""
        if listener := self._listeners.pop(name, None):
            listener.close()
            await listener.wait_closed()
        for connection in list(self._connections[name]):
            connection.abort()

    def all(self) -> tuple[str, ...]:
        """Return the names of all hosts."""
        return self._home.hosts

    def is_open(self, name: str) -> bool:
        """True if the host can be reached."""
        return name in self._listeners

    async def rotate_key(self, name: str) -> None:
        """Give the host another key; known_hosts keeps the old one, as after a man in the middle."""
        await self.close(name)
        (self._home.secrets / f"host_{name}").unlink()
        await self.open(name)

    def _strike(self, command: str) -> None:
        """Kill the process that was named, now that its next change has reached a host; the change goes on."""
        if self.victim is not None and _FENCE in command:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.victim, signal.SIGKILL)
            self.victim = None

    async def _carry_out(self, name: str, process: "asyncssh.SSHServerProcess[bytes]") -> None:
        """Run one command in a real shell; status, output and input are the shell's."""
        self._strike(process.command or "")
        folder = self._home.host(name)
        environment = marked(self._home, {"HOME": str(folder), "USER": USER, "LOGNAME": USER})
        environment["PATH"] = f"{folder}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        words = ["/bin/sh", "-c", process.command] if process.command else ["/bin/sh"]
        child = await asyncio.create_subprocess_exec(
            *words,
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        feeding = asyncio.create_task(_feed(process.stdin, child.stdin))
        await asyncio.gather(_show(child.stdout, process.stdout), _show(child.stderr, process.stderr))
        code = await child.wait()
        feeding.cancel()
        with contextlib.suppress(OSError, asyncssh.Error):
            process.exit(code if code >= 0 else 128 - code)


async def _feed(source: "asyncssh.SSHReader[bytes]", target: asyncio.StreamWriter | None) -> None:
    """Give what the client sends to the command, until one of them has had enough."""
    if target is None:
        return
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    target.close()


async def _show(source: asyncio.StreamReader | None, target: "asyncssh.SSHWriter[bytes]") -> None:
    """Give what the command says to the client; a command whose client has gone is read to its end."""
    while source and (data := await source.read(65_536)):
        with contextlib.suppress(OSError, asyncssh.Error):
            target.write(data)
            await target.drain()
