"""A folder on a host that only the newest holder may change."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Lock

from blocks.errors import Misconfigured, NotDone, Refused, Superseded, Unreachable
from blocks.fleet import commands
from blocks.fleet.commands import Words
from blocks.fleet.ssh import Connection, MayHaveRun, Ran

_SCRIPT = Path(__file__).with_name("fenced.sh")
_NUMBER_LOST, _BUSY, _SUPERSEDED, _BY_HAND = 74, 75, 76, 77
_TIME_WAS_UP = {124, 137}
NOT_FOUND = {126, 127}
_NO_SCRIPT = {2, 127}
_WAIT_FOR_LOCK = timedelta(seconds=35)


class HeldByHand(Refused):
    """A file HOLD is there: a person repairs by hand, nothing may be touched."""


@dataclass(frozen=True, slots=True)
class FencedFolder:
    """`directory` on the host behind `connection`; each change names its holder's number.

    Two servers may share it: one of them waits for its `turn` here, for the fence does not wait as long as a change
    may take.
    """

    connection: Connection
    directory: str
    turn: Lock = field(default_factory=Lock, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The host's name, for people."""
        return self.connection.name

    def ask(self, words: Words, *, limit: timedelta | None = None) -> str:
        """Return what a command that changes nothing prints; raise Unreachable if it fails."""
        ran = self.connection.run(commands.inside(self.directory, words), limit=limit)
        # A script is named by what it is called and given, not by its text.
        shown = words[3:] if words[:2] == ("sh", "-c") else words[:3]
        if ran.status in NOT_FOUND:
            raise Misconfigured(f"{self.name}: `{shown[0]}` cannot be run there: {ran.last_words}")
        if ran.status:
            raise Unreachable(f"{self.name}: `{' '.join(shown)}` ended with {ran.status}: {ran.last_words}")
        return ran.out

    def is_true(self, words: Words) -> bool:
        """Return whether a command that answers by its exit status, 0 or 1, says yes."""
        ran = self.connection.run(words)
        if ran.status not in {0, 1}:
            raise Unreachable(f"{self.name}: a test ended with {ran.status}: {ran.last_words}")
        return ran.status == 0

    def change(self, number: int, words: Words, *, stdin: bytes = b"", limit: timedelta) -> Ran:
        """Run a command behind the fence and return how it ended; raise if the fence let nothing through."""
        with self.turn:
            ran = self.connection.run(
                commands.fenced(self.directory, number, commands.given_whole(words, stdin), limit=limit),
                stdin=stdin,
                limit=limit + _WAIT_FOR_LOCK,
            )
        self._passed_the_fence(ran)
        if ran.status in _TIME_WAS_UP:
            raise MayHaveRun(f"{self.name}: `{' '.join(words[:2])}` did not end within {limit.total_seconds():.0f} s")
        return ran

    def raise_fence(self, number: int) -> None:
        """From now on refuse every lower number; what an older holder still had running has ended."""
        script = _SCRIPT.read_bytes()
        installed = self.connection.run(commands.install(self.directory, script), stdin=script)
        if installed.status:
            raise Refused(f"{self.name}: the fence cannot be put into {self.directory}: {installed.last_words}")
        ran = self.connection.run(commands.fenced(self.directory, number), limit=_WAIT_FOR_LOCK)
        self._passed_the_fence(ran)
        if ran.status:
            raise Refused(f"{self.name}: the fence was not raised to {number}: {ran.last_words}")

    def read_fence(self) -> int:
        """Return the highest number this folder has seen; 0 where no fence was ever raised."""
        ran = self.connection.run(commands.read_number(self.directory))
        text = ran.out.strip()
        if ran.status or not (text.isdecimal() or not text):
            raise Refused(f"{self.name}: the fence's number cannot be read: {text or ran.last_words}")
        return int(text or 0)

    def _passed_the_fence(self, ran: Ran) -> None:
        if ran.status == _SUPERSEDED:
            raise Superseded(f"{self.name}: {ran.last_words}")
        if ran.status == _BY_HAND:
            raise HeldByHand(f"{self.name}: {ran.last_words}; nothing was touched")
        if ran.status == _BUSY:
            raise NotDone(f"{self.name}: {ran.last_words}")
        if ran.status == _NUMBER_LOST:
            raise Refused(f"{self.name}: the fence cannot keep its number: {ran.last_words}")
        if ran.status in _NO_SCRIPT and "fenced.sh" in ran.last_words:
            raise Misconfigured(f"{self.name}: no fence was raised in {self.directory}: {ran.last_words}")
        if ran.status in NOT_FOUND:
            raise Misconfigured(f"{self.name}: a program is not there: {ran.last_words}")
