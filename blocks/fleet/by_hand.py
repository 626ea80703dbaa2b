"""The lines with which a person does by hand, on a host, what the flows do otherwise."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from blocks.fleet import commands
from blocks.fleet.server import Server


@dataclass(frozen=True, slots=True)
class ByHand:
    """Whoever types them reaches each host as `user`."""

    user: str
    compose_file: str
    servers: Sequence[Server]

    def to_put_back(self, key: str) -> dict[str, str]:
        """Return for each server the line that puts back what is kept under `key`."""
        return {
            server.name: self._typed(
                server, f"sh {server.directory}/{commands.kept_folder(server.service, key)}/roll-back.sh"
            )
            for server in self.servers
        }

    def to_start(self) -> dict[str, str]:
        """Return for each server the line that starts the application as it was stopped."""
        return {
            server.name: self._typed(
                server, f"cd {server.directory} && {shlex.join(commands.start(self.compose_file, server.service))}"
            )
            for server in self.servers
        }

    def to_look(self, server: Server) -> dict[str, str]:
        """Return the lines that say who keeps the server by a file HOLD, and show its last log lines."""
        there = f"cd {server.directory} &&"
        log = shlex.join(commands.compose(self.compose_file, "logs", "--tail", "50", server.service))
        return {
            "hold": self._typed(server, f"{there} cat HOLD .countersign/HOLD 2>/dev/null"),
            "log": self._typed(server, f"{there} {log}"),
        }

    def _typed(self, server: Server, line: str) -> str:
        return commands.typed_by_hand(line, user=self.user, host=server.host, port=server.port)
