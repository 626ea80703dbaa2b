"""How long a migration may wait for its locks, and what may simply be tried again when it did not get them (6.3.2)."""

from collections.abc import Sequence
from datetime import timedelta

from policy.migrations.history import Applied, Progress, is_lock_timeout
from policy.migrations.reading import MigrationReading
from policy.wording import listed


def list_to_try_again(rows: Sequence[Applied], readings: Sequence[MigrationReading]) -> tuple[str, ...]:
    """Return the migrations that a lock stopped and of which PostgreSQL left nothing behind.

    A file with BEGIN and COMMIT of its own, or CONCURRENTLY, may be half there: only a person can tell.
    """
    whole = {one.name for one in readings if one.is_atomic}
    return tuple(row.name for row in rows if row.name in whole and is_lock_timeout(row))


def say_left_behind(rows: Sequence[Applied], readings: Sequence[MigrationReading]) -> str:
    """Say which migrations that never finished may be half there; empty if PostgreSQL took back all of them."""
    half_done = {row.name for row in rows if row.progress is Progress.HALF_DONE}
    partial = [one.name for one in readings if one.name in half_done and not one.is_atomic]
    if not partial:
        return ""
    return (
        f"{listed(partial)} is no single transaction, so a part of it may be there (an invalid index, or what was"
        " committed): take that back first, then `prisma migrate resolve --rolled-back`"
    )


def lock_timeout_for(readings: Sequence[MigrationReading], *, usual: timedelta, patience: timedelta) -> timedelta:
    """Return how long a statement may wait for a lock: longer where nobody waits behind it.

    CONCURRENTLY waits for every transaction that was open before it, and leaves an invalid index when it gives up.
    """
    alone = [any(one.needs_no_transaction for one in reading.findings) for reading in readings]
    harmless = all(lock.mode.keeps_out == "nobody waits" for reading in readings for lock in reading.locks)
    return patience if readings and all(alone) and harmless else usual
