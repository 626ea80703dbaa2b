"""The hold on an environment: one release at a time. Its number is the fence; its heartbeat says it lives."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from blocks.errors import Absent, Refused
from blocks.store import Exists, Store, Stored
from policy.judgement import spoken_so_far

_WHAT_NEXT = (
    "wait until it has ended, or send it home with `Red flag/red-flag`, or with `Rollback/rollback` for its release"
    " {release}; one whose process is dead is recovered by itself, or freed with `Break hold/break-hold`"
)


class Held(Refused):
    """Somebody else holds the environment."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The newest hold on an environment, as the store shows it.

    `last_sign` is when its heart last beat, or when it gave up. `why` says why somebody took over the hold before it,
    or freed this one; empty where nothing out of order happened.
    """

    number: int
    release: str
    by: str
    what: str
    since: datetime
    released: bool
    abandoned: str | None
    asked_to_stop: str | None
    silent_for: timedelta
    last_sign: datetime
    why: str = ""

    def is_dead(self, stale_after: timedelta) -> bool:
        """Whether its process gave it up or has been silent for too long."""
        return not self.released and (self.abandoned is not None or self.silent_for > stale_after)

    @property
    def sentence(self) -> str:
        """Say who holds the environment."""
        so_far = max(datetime.now(UTC) - self.since, timedelta(0))
        return f"{self.by} is releasing {self.what}, for {spoken_so_far(so_far)} so far (hold {self.number})"

    @property
    def refusal(self) -> str:
        """Say who holds the environment, and what whoever wants it can do."""
        return f"{self.sentence}; {_WHAT_NEXT.format(release=self.release)}"


class Holds:
    """The holds on one environment: `locks/<environment>/000042`, the highest counts."""

    def __init__(self, store: Store, environment: str) -> None:
        self._store = store
        self._folder = f"locks/{environment}"

    def newest(self) -> Hold | None:
        """Return the newest hold, or None if nobody ever held the environment."""
        keys = [key.removeprefix(f"{self._folder}/") for key in self._store.list(f"{self._folder}/")]
        numbers = [key for key in keys if key.isdigit()]
        if not numbers:
            return None
        name = max(numbers)
        content = json.loads(self._store.read(f"{self._folder}/{name}").body)
        gave_up = self._left(f"{name}.abandoned", keys)
        silent_for = self._silence(name)
        return Hold(
            number=int(name),
            release=content["release"],
            by=content["by"],
            what=content["what"],
            since=datetime.fromisoformat(content["since"]),
            released=f"{name}.released" in keys,
            abandoned=gave_up.body.decode() if gave_up else None,
            asked_to_stop=self._note(f"{name}.stop", keys),
            silent_for=silent_for,
            last_sign=datetime.now(UTC) - (gave_up.age if gave_up else silent_for),
            why=self._note(f"{name}.released", keys) or content.get("why", ""),
        )

    def take(self, *, release: str, by: str, what: str, above: int, over: Hold | None = None, why: str = "") -> int:
        """Hold the environment and return the new number; raises Held when somebody else does.

        `above` is the highest number any host knows; `over` is a hold that may be taken over, and `why` it is, for
        whoever had it.
        """
        newest = self.newest()
        if over is not None and (newest is None or newest.released or newest.number != over.number):
            raise Held(f"hold {over.number} is gone: {newest.sentence if newest else 'nobody holds the environment'}")
        if over is None and newest and not newest.released:
            raise Held(newest.refusal)
        following = (newest.number if newest else 0) + 1
        number = max(following, above + 1)
        body = {"release": release, "by": by, "what": what, "since": datetime.now(UTC).isoformat(), "why": why}
        try:
            # Whoever gets the number that follows has won, also over one whose hosts know a higher number.
            for one in sorted({following, number}):
                self._store.create(f"{self._folder}/{one:06}", json.dumps(body).encode())
        except Exists as error:
            winner = self.newest()
            raise Held(winner.refusal if winner else "somebody else was faster") from error
        return number

    def beat(self, number: int) -> None:
        """Show that the holder lives."""
        self._store.replace(f"{self._folder}/{number:06}.heartbeat", b"")

    def release(self, number: int, why: str = "") -> None:
        """Give the environment back; saying so twice does no harm. `why` is for a holder who still has it."""
        self._leave(f"{number:06}.released", why)

    def abandon(self, number: int, why: str) -> None:
        """Say that the holder's process is going away, so that recovery need not wait for its silence."""
        self._leave(f"{number:06}.abandoned", why)

    def ask_to_stop(self, number: int, why: str) -> None:
        """Ask the holder to stop at its next safe point."""
        self._leave(f"{number:06}.stop", why)

    def _leave(self, name: str, text: str) -> None:
        try:
            self._store.create(f"{self._folder}/{name}", text.encode())
        except Exists:
            return

    def _note(self, name: str, keys: list[str]) -> str | None:
        left = self._left(name, keys)
        return left.body.decode() if left else None

    def _left(self, name: str, keys: list[str]) -> Stored | None:
        return self._store.read(f"{self._folder}/{name}") if name in keys else None

    def _silence(self, name: str) -> timedelta:
        try:
            return self._store.read(f"{self._folder}/{name}.heartbeat").age
        except Absent:
            return self._store.read(f"{self._folder}/{name}").age


def describe_silence(hold: Hold) -> str:
    """Say how a dead hold was found to be dead."""
    if hold.abandoned is not None:
        return hold.abandoned
    return f"the process of {hold.release} has been silent for {spoken_so_far(hold.silent_for)}"
