"""What the rows of a release say of the database: what it meant to migrate, and what is applied."""

from collections.abc import Sequence
from datetime import datetime

from policy.record import Event, Row

MIGRATION_ITEM = "6.3.2"


def migration_in_flight(rows: Sequence[Row]) -> bool:
    """Whether a migration was begun and is not known to have ended."""
    begun = [row.event for row in rows if row.item == MIGRATION_ITEM]
    return bool(begun) and begun[-1] is Event.INTENDED


def migrations_begun(rows: Sequence[Row]) -> bool:
    """Whether this release meant to change the database, whatever became of it."""
    return bool(_intents(rows))


def list_applied(rows: Sequence[Row], *, last_is_done: bool) -> str:
    """Name the migrations that this release has applied; of one in flight only the database knows."""
    begun = _intents(rows)
    if migration_in_flight(rows) and not last_is_done:
        begun = begun[:-1]
    return ", ".join(str(row.facts.get("migrations", "")) for row in begun)


def list_taken_away(rows: Sequence[Row], *, last_is_gone: bool = False) -> tuple[str, ...]:
    """Return what the migrations of this release took from the version before, by the names it has in the record.

    The last one counts as long as nobody knows that nothing of it is there.
    """
    begun = _intents(rows)
    if migration_in_flight(rows) and last_is_gone:
        begun = begun[:-1]
    return tuple(dict.fromkeys(str(row.facts["takes_away"]) for row in begun if row.facts.get("takes_away")))


def began_to_change(rows: Sequence[Row]) -> datetime | None:
    """Return when this release began to change production: its way back, or its first migration; None before that."""
    changes = (row.at for row in rows if row.event is Event.WAY_BACK)
    return min((*changes, *(row.at for row in _intents(rows))), default=None)


def _intents(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.item == MIGRATION_ITEM and row.event is Event.INTENDED]
