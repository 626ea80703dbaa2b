"""A plain SSH client, as a stranger to our own code would write it."""

import shlex
import tomllib
from dataclasses import dataclass
from typing import Any

import paramiko

from lab.client import Lab


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


class Remote:
    """One kept connection to a host of the lab."""

    def __init__(self, lab: Lab, port: int) -> None:
        fleet = read_settings(lab)["fleet"]
        self._client = paramiko.SSHClient()
        self._client.load_host_keys(fleet["known_hosts"])
        self._client.set_missing_host_key_policy(paramiko.RejectPolicy())
        self._client.connect(
            "127.0.0.1",
            port=port,
            username=fleet["user"],
            key_filename=fleet["key_file"],
            allow_agent=False,
            look_for_keys=False,
            timeout=30,
        )

    def run(self, *words: str, given: str = "") -> Said:
        """Run words on the host."""
        return self.shell(shlex.join(words), given=given)

    def shell(self, line: str, *, given: str = "") -> Said:
        """Run a line of shell on the host."""
        stdin, stdout, stderr = self._client.exec_command(line, timeout=30)
        stdin.write(given)
        stdin.channel.shutdown_write()
        out, err = stdout.read().decode(), stderr.read().decode()
        return Said(stdout.channel.recv_exit_status(), out, err)

    def open_sftp(self) -> paramiko.SFTPClient:
        """Open the host's files."""
        return self._client.open_sftp()

    def close(self) -> None:
        """End the connection."""
        self._client.close()


def read_settings(lab: Lab) -> dict[str, Any]:
    """Return the lab's settings as they stand in the file."""
    return tomllib.loads(lab.settings_path.read_text())
