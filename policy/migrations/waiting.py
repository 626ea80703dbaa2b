"""Who is in a migration's way, how long others waited for it, and when it is tried again (6.3.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from policy.judgement import spoken
from policy.migrations.findings import Lock, Mode

LONGEST_PAUSE = timedelta(minutes=1)
_READERS = ("ACCESS SHARE", "ROW SHARE")
_WEAK = (*_READERS, "ROW EXCLUSIVE")
# PostgreSQL's documentation, table "Conflicting Lock Modes": which held locks let which wanted lock in.
_BESIDE: dict[Mode, frozenset[str]] = {
    Mode.ROW_EXCLUSIVE: frozenset((*_WEAK, "SHARE UPDATE EXCLUSIVE")),
    Mode.SHARE_UPDATE_EXCLUSIVE: frozenset(_WEAK),
    Mode.SHARE: frozenset((*_READERS, "SHARE")),
    Mode.SHARE_ROW_EXCLUSIVE: frozenset(_READERS),
    Mode.EXCLUSIVE: frozenset(("ACCESS SHARE",)),
    Mode.ACCESS_EXCLUSIVE: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Holder:
    """A session that keeps a lock on a table, `mode` in PostgreSQL's words; its query is never shown."""

    pid: int
    user: str
    application: str
    state: str
    table: str
    mode: str
    kept_for: timedelta

    @property
    def sentence(self) -> str:
        """Who keeps what, since when."""
        who = f"{self.user} ({self.application})" if self.application else self.user
        return f"session {self.pid} of {who}, {self.state}, has kept {self.table} for {spoken(self.kept_for)}"


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a session waited for a lock at most while a migration ran, and how many waited at a time."""

    longest: timedelta = timedelta(0)
    sessions: int = 0
    trouble: str = ""

    def worse_of(self, longest: timedelta, sessions: int) -> "Waits":
        """Return the waits with one more look taken in."""
        return Waits(max(self.longest, longest), max(self.sessions, sessions), self.trouble)

    @property
    def sentence(self) -> str:
        """What was seen, and what kept it from being seen."""
        if self.sessions:
            count = "1 session" if self.sessions == 1 else f"{self.sessions} sessions at a time"
            seen = f"others waited {spoken(self.longest)} for a lock at most ({count})"
        else:
            seen = "nobody waited for a lock"
        return f"{seen}; not seen throughout: {self.trouble}" if self.trouble else seen


def find_in_the_way(holders: Iterable[Holder], locks: Iterable[Lock], *, longer_than: timedelta) -> tuple[Holder, ...]:
    """Return who has kept a lock for longer that a migration's own would wait for."""
    wanted = {(lock.table, lock.mode) for lock in locks}
    return tuple(
        holder
        for holder in holders
        if holder.kept_for > longer_than
        and any(table == holder.table and holder.mode not in _BESIDE[mode] for table, mode in wanted)
    )


def pause_after_time_out(attempt: int, *, lock_timeout: timedelta) -> timedelta:
    """Return how long the others are left in peace after the lock was not had for the `attempt`th time, from 1.

    Whoever queued up behind the migration has its turn first; the pause doubles up to a minute.
    """
    doubled = lock_timeout
    while attempt and doubled < LONGEST_PAUSE:
        doubled, attempt = doubled * 2, attempt - 1
    return min(doubled, LONGEST_PAUSE)
