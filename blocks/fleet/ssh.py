"""One kept SSH connection to a host, with a time-out on everything."""

import shlex
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Lock
from time import monotonic

import paramiko
from paramiko.ssh_exception import NoValidConnectionsError

from blocks.errors import Misconfigured, NotDone, Refused, Unreachable
from blocks.fleet.commands import Words
from policy.next_step import Cause, Kind


class MayHaveRun(Unreachable):
    """The connection broke, or time was up, after the command was sent: only a look at the host tells."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def last_words(self) -> str:
        """The last line the command printed, for people."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        return lines[-1] if lines else "it printed nothing"


@dataclass
class Connection:
    """A host under the name people know; it connects when first asked, and again when it was cut."""

    name: str
    host: str
    port: int
    user: str
    key_file: str
    known_hosts: str
    patience: timedelta = timedelta(seconds=10)
    _client: paramiko.SSHClient | None = field(default=None, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def run(self, words: Words, *, stdin: bytes = b"", limit: timedelta | None = None) -> Ran:
        """Return how the command ended; raise MayHaveRun if it was sent and its end is not known."""
        limit = limit or self.patience
        deadline = monotonic() + limit.total_seconds()
        channel = self._open_channel()
        try:
            channel.settimeout(limit.total_seconds())
            channel.exec_command(shlex.join(words))
            if stdin:
                channel.sendall(stdin)
            channel.shutdown_write()
            out, err = _read_both(channel, deadline)
            status = _end_of(channel, deadline)
        except TimeoutError as error:
            raise MayHaveRun(
                f"{self.name}: no end of `{words[0]}` within {limit.total_seconds():.0f} s; it may have run"
            ) from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise MayHaveRun(f"{self.name}: cut off while `{words[0]}` ran; it may have run: {error}") from error
        finally:
            channel.close()
        if status < 0:
            raise MayHaveRun(f"{self.name}: `{words[0]}` ended without an exit status; it may have run")
        return Ran(status, out.decode(errors="replace"), err.decode(errors="replace"))

    def close(self) -> None:
        """Hang up; the next command connects again."""
        with self._lock:
            if self._client:
                self._client.close()
            self._client = None

    def _open_channel(self) -> paramiko.Channel:
        """Open a channel; a kept connection that turns out to be dead is replaced once."""
        with self._lock:
            kept = self._client
            if kept is not None:
                try:
                    return self._channel_of(kept)
                except (paramiko.SSHException, OSError, EOFError):
                    kept.close()
                    self._client = None
            self._client = self._connect()
            try:
                return self._channel_of(self._client)
            except (paramiko.SSHException, OSError, EOFError) as error:
                raise NotDone(f"{self.name}: SSH at {self.host}:{self.port} opens no channel: {error}") from error

    def _channel_of(self, client: paramiko.SSHClient) -> paramiko.Channel:
        transport = client.get_transport()
        if transport is None or not transport.is_active():
            raise paramiko.SSHException("the connection is closed")
        return transport.open_session(timeout=self.patience.total_seconds())

    def _connect(self) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            self._greet(client)
        except BaseException:
            client.close()
            raise
        return client

    def _greet(self, client: paramiko.SSHClient) -> None:
        where, seconds = f"{self.name}: SSH at {self.host}:{self.port}", self.patience.total_seconds()
        try:
            client.load_host_keys(self.known_hosts)
            client.connect(
                self.host,
                self.port,
                self.user,
                key_filename=self.key_file,
                allow_agent=False,
                look_for_keys=False,
                timeout=seconds,
                banner_timeout=seconds,
                auth_timeout=seconds,
                channel_timeout=seconds,
            )
        except FileNotFoundError as error:
            absent = Cause(Kind.FILE_ABSENT, "SSH", str(error.filename))
            raise Misconfigured(f"{where}: there is no file {error.filename}", cause=absent) from error
        except paramiko.BadHostKeyException as error:
            said = f"the host's key is not the one in {self.known_hosts}; nothing was sent"
            raise Refused(f"{where}: {said}", cause=self._of_key(Kind.HOST_KEY_OTHER)) from error
        except paramiko.AuthenticationException as error:
            refused = Cause(Kind.USER_REFUSED, self.user, self.key_file, self.host, self.port)
            said = f"refused the key {Path(self.key_file).name} of {self.user}"
            raise Refused(f"{where}: {said}", cause=refused) from error
        except paramiko.SSHException as error:
            if "not found in known_hosts" in str(error):
                said = f"{self.known_hosts} has no key of this host"
                raise Misconfigured(f"{where}: {said}", cause=self._of_key(Kind.HOST_KEY_UNKNOWN)) from error
            raise NotDone(f"{where}: {error}", cause=self._of_key(Kind.NO_ANSWER)) from error
        except (OSError, EOFError) as error:
            said = _why_not_there(error, self.host)
            raise NotDone(f"{where}: {said}", cause=self._of_key(Kind.NO_ANSWER)) from error
        _send_at_once(client)

    def _of_key(self, kind: Kind) -> Cause:
        return Cause(kind, "SSH", self.known_hosts, self.host, self.port)


def _why_not_there(error: Exception, host: str) -> str:
    """Say what the network said; where the host is a name, of each of its addresses."""
    if isinstance(error, NoValidConnectionsError):
        said = {address[0]: _why_not_there(one, host) for address, one in error.errors.items()}
        return "; ".join(why if address == host else f"{why} ({address})" for address, why in said.items())
    if isinstance(error, ConnectionRefusedError):
        return "connection refused, nothing listens there"
    if isinstance(error, socket.gaierror):
        return f"its name has no address: {error.strerror}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or "the connection was closed"


def _send_at_once(client: paramiko.SSHClient) -> None:
    """Else a command waits 40 ms for the other side's delayed acknowledgement."""
    transport = client.get_transport()
    if transport is not None and isinstance(transport.sock, socket.socket):
        transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _read_both(channel: paramiko.Channel, deadline: float) -> tuple[bytes, bytes]:
    """Read both streams at once: a host stops where one of them, unread, fills the window that they share."""
    with ThreadPoolExecutor(1) as pool:
        errors = pool.submit(_read_all, channel, channel.recv_stderr, deadline)
        try:
            return _read_all(channel, channel.recv, deadline), errors.result()
        except BaseException:
            # Else whoever is told to end would wait for the other stream.
            channel.close()
            raise


def _read_all(channel: paramiko.Channel, receive: Callable[[int], bytes], deadline: float) -> bytes:
    """Read to the end of one stream; a command that prints drop by drop is late all the same."""
    chunks: list[bytes] = []
    while True:
        channel.settimeout(max(0.001, deadline - monotonic()))
        chunk = receive(65536)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)


def _end_of(channel: paramiko.Channel, deadline: float) -> int:
    """Wait for the exit status, which follows the end of the streams; negative if none came."""
    if not channel.status_event.wait(max(0.0, deadline - monotonic())):
        raise TimeoutError
    return channel.exit_status
