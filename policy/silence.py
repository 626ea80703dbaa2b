"""When a process died: its silence began with what it did last, not when somebody noticed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy.plans import Cause
from policy.record import Event, Row

SILENT_SINCE, ENDED = "silent_since", "ended"


@dataclass(frozen=True, slots=True)
class Silence:
    """When the process of a release did its last, and what became of it in words of ours."""

    at: datetime
    what: str


def silence_facts(rows: Sequence[Row], cause: Cause, *, last_sign: datetime, stale_after: timedelta) -> dict[str, str]:
    """Return what the row that takes over says of the process before.

    `last_sign` is its last heartbeat, or when it gave up. A row of its own may be younger than that heartbeat; what
    was written once it counted as dead is from whoever found it.
    """
    own = [row.at for row in rows if row.at <= last_sign + stale_after] if cause is Cause.DIED else []
    return {SILENT_SINCE: max([last_sign, *own]).isoformat(), ENDED: cause.value}


def read_silence(row: Row) -> Silence | None:
    """Return the silence that this row ended; None for any other row, and for one of before this was written."""
    if row.event is not Event.TOOK_OVER or SILENT_SINCE not in row.facts:
        return None
    cause = row.facts[ENDED]
    said = "the process fell silent" if cause == Cause.DIED else str(cause)
    return Silence(datetime.fromisoformat(row.facts[SILENT_SINCE]), said)
