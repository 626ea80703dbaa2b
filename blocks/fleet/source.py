"""The checkout on a server, and the image that is built there from a commit of it (2.3)."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from blocks.errors import Misconfigured, NotDone, Refused, Unreachable
from blocks.fleet import commands
from blocks.fleet.fenced import FencedFolder
from blocks.fleet.server import Server, Source
from blocks.fleet.ssh import Ran
from policy.wording import short

_FETCH = Path(__file__).with_name("fetch.sh")
_BUILD = Path(__file__).with_name("build.sh")
_LAST_LINES = 12
_MAY_WORK_LATER = ("could not resolve host", "connection timed out", "connection refused", "unable to access")


@dataclass(frozen=True, slots=True)
class SourceFolder:
    """The directory of one server as a checkout of the repository."""

    server: Server
    folder: FencedFolder
    compose_file: str
    build_argument: str
    build_timeout: timedelta
    fetch_timeout: timedelta

    def read(self) -> Source:
        """Return where the checkout stands; raise Misconfigured if the directory is none that git can use."""
        ran = self.folder.connection.run(commands.inside(self.folder.directory, commands.read_source()))
        if ran.status:
            raise Misconfigured(
                f"{self.server.name}: {self.folder.directory} is no checkout that git can use there: {ran.last_words}"
            )
        commit, laid_out, *changed = ran.out.splitlines()
        return Source(self.server.name, commit, laid_out, tuple(line[3:] for line in changed))

    def fetch(self, number: int, commit: str) -> None:
        """Lay the files of the commit out beside the checkout in use, which is left as it is."""
        words = commands.fetch_source(_FETCH.read_text(), commit)
        ran = self.folder.change(number, words, limit=self.fetch_timeout)
        if ran.status:
            error = NotDone if any(word in ran.err.lower() for word in _MAY_WORK_LATER) else Refused
            raise error(f"{self.server.name}: git cannot lay out {short(commit)}: {_last_lines(ran, 3)}")

    def build(self, number: int, key: str, commit: str) -> None:
        """Build the image of what is laid out; raise Refused with the build's last lines if it ends badly."""
        arguments = {self.build_argument: commit} if self.build_argument else {}
        ran = self.folder.change(
            number,
            commands.build(_BUILD.read_text(), self.server.service, self.compose_file),
            stdin=commands.build_override(self.server.service, key, arguments),
            limit=self.build_timeout,
        )
        if ran.status:
            raise BuildFailed(f"{self.server.name}: the build ended with {ran.status}", _last_lines(ran, _LAST_LINES))
        if self.find_built(key) is None:
            raise Refused(
                f"{self.server.name}: nothing was built: {self.compose_file} has no `build` for {self.server.service}"
            )

    def find_built(self, key: str) -> str | None:
        """Return the identity of the image that was built under `key`; None if there is none."""
        name = commands.built_image(self.server.service, key)
        ran = self.folder.connection.run(commands.inside(self.folder.directory, commands.inspect_image(name)))
        if ran.status:
            return None
        try:
            return str(json.loads(ran.out)[0]["Id"])
        except (ValueError, LookupError, TypeError) as error:
            raise Unreachable(f"{self.server.name}: the engine's answer about {name} lacks its identity") from error


class BuildFailed(Refused):
    """A build on a server ended badly; `log` holds its last lines, which are for section 10 to show."""

    def __init__(self, sentence: str, log: str) -> None:
        super().__init__(sentence)
        self.log = log


def _last_lines(ran: Ran, most: int) -> str:
    lines = [line.strip() for line in (ran.err or ran.out).splitlines() if line.strip()]
    return "\n".join(lines[-most:]) or "it printed nothing"
