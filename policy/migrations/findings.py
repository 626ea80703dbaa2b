"""What is found out about a statement of a migration: how safe it is, what it locks, and how it is taken back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Safety(StrEnum):
    """The classes of 6.2, the mildest first."""

    SAFE = "safe"
    RISKY = "risky"
    DANGEROUS = "dangerous"


_ORDER = tuple(Safety)


def worst_class(classes: Iterable[Safety]) -> Safety:
    """Return the worst of some classes; nothing at all is safe."""
    return max(classes, key=_ORDER.index, default=Safety.SAFE)


class Mode(StrEnum):
    """PostgreSQL's lock modes on a table, in its own words, the weakest first."""

    ROW_EXCLUSIVE = "ROW EXCLUSIVE"
    SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
    SHARE = "SHARE"
    SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
    EXCLUSIVE = "EXCLUSIVE"
    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"

    @property
    def keeps_out(self) -> str:
        """What others cannot do on the table meanwhile."""
        if self is Mode.ACCESS_EXCLUSIVE:
            return "reads and writes wait"
        return "nobody waits" if self in (Mode.ROW_EXCLUSIVE, Mode.SHARE_UPDATE_EXCLUSIVE) else "writes wait"


class Stage(StrEnum):
    """Where a statement belongs in expand, migrate, backfill, contract (6.3.1)."""

    EXPAND = "expand"
    BACKFILL = "backfill"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock on a table that existed before; `long` while it is held for as long as the table is read or written."""

    table: str
    mode: Mode
    long: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """How a statement is taken back: statements that do it, or why nothing does."""

    sql: tuple[str, ...] = ()
    impossible: str = ""

    @property
    def is_possible(self) -> bool:
        """Whether it can be taken back."""
        return not self.impossible


NOTHING_TO_UNDO = Undo()
UNKNOWN_UNDO = Undo(impossible="no statement is known that takes it back")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one part of a statement does.

    `fails` when the data of today make it fail; `breaks` is what the code in production loses by it, under the name
    by which a person acknowledges it (1.2.3); `rewrites` is the table that is written anew. `needs_no_transaction`
    when PostgreSQL refuses it beside other statements, and `commits` when part of it may stay though the file fails.
    """

    safety: Safety
    reason: str
    advice: str = ""
    locks: tuple[Lock, ...] = ()
    rewrites: str = ""
    fails: bool = False
    breaks: str = ""
    undo: Undo = UNKNOWN_UNDO
    stage: Stage | None = Stage.EXPAND
    needs_no_transaction: bool = field(default=False, kw_only=True)
    commits: bool = field(default=False, kw_only=True)


def safe(reason: str, *, undo: Undo = NOTHING_TO_UNDO, locks: tuple[Lock, ...] = ()) -> Finding:
    """The statement stands on the list of safe ones."""
    return Finding(Safety.SAFE, reason, locks=locks, undo=undo, stage=Stage.EXPAND if undo.sql else None)


def unlisted(what: str, *, locks: tuple[Lock, ...] = (), undo: Undo = UNKNOWN_UNDO) -> Finding:
    """The statement stands on no list, so it is held to be risky."""
    return Finding(Safety.RISKY, f"{what[:1].upper()}{what[1:]} is on no list of 6.2", locks=locks, undo=undo)


def neutral(what: str) -> Finding:
    """The statement stands on no list, yet neither gives nor takes anything that could be taken back."""
    return Finding(Safety.RISKY, f"{what[:1].upper()}{what[1:]} is on no list of 6.2", undo=NOTHING_TO_UNDO, stage=None)


def unreadable(what: str, *, advice: str = "") -> Finding:
    """Nobody can tell from the text what the statement does, so it is held to be dangerous."""
    return Finding(Safety.DANGEROUS, what, advice=advice, commits=True)


def missing(table: str, *, skipped: bool = False, what: str = "table") -> Finding:
    """There is no such table, or whatever is named, today; what the statement would do to it is judged beside this."""
    said = "the statement passes it over" if skipped else "so this statement will fail"
    return Finding(
        Safety.RISKY, f"There is no {what} {table} today, {said}", fails=not skipped, undo=NOTHING_TO_UNDO, stage=None
    )


def absent(what: str) -> Finding:
    """What the statement changes is not there today."""
    return Finding(
        Safety.RISKY, f"{what} is not there, so this statement will fail", fails=True, undo=NOTHING_TO_UNDO, stage=None
    )


def passed_over(what: str, locks: tuple[Lock, ...] = ()) -> Finding:
    """What the statement would drop is not there, and it says that this is no fault."""
    return Finding(
        Safety.RISKY,
        f"{what} is not there, the statement passes it over",
        locks=locks,
        undo=NOTHING_TO_UNDO,
        stage=None,
    )


def say_who(names: Sequence[str], one_does: str, many_do: str) -> str:
    """Say a few names with their verb: `Visit points`, `Visit, Note point`."""
    return f"{', '.join(names)} {one_does if len(names) == 1 else many_do}"
