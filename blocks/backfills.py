"""Carries out a backfill batch by batch; where it stands is kept in the database, in the batch's own transaction.

So a batch counts exactly once, whether the process dies, the answer is lost or the database is restored from a dump:
the position is as old as the rows. A position in the store of records could be older or newer than they are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
from psycopg import sql

from blocks.errors import Refused, Unreachable
from blocks.postgres import Postgres
from policy.migrations.backfill import Backfill
from policy.migrations.batches import Progress
from policy.rows_left_out import leave_rows_out

_TABLE = """
CREATE SCHEMA IF NOT EXISTS countersign;
CREATE TABLE IF NOT EXISTS countersign.backfills (
    name text PRIMARY KEY,
    statement text NOT NULL,
    begins bigint NOT NULL,
    next bigint NOT NULL,
    last bigint NOT NULL,
    rows bigint NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT now()
)
"""
_STANDING = "SELECT begins, next, last, rows, statement FROM countersign.backfills WHERE name = $1"
_BEGIN = (
    "INSERT INTO countersign.backfills (name, statement, begins, next, last)"
    " SELECT $1, $2, coalesce(min({key}), 0), coalesce(min({key}), 0), coalesce(max({key}), -1) FROM {table}"
    " ON CONFLICT (name) DO NOTHING"
)
_END = "SELECT {key}::bigint FROM {table} WHERE {key} BETWEEN $1 AND $2 ORDER BY {key} LIMIT 1 OFFSET $3"
_MOVE = "UPDATE countersign.backfills SET next = $2, rows = rows + $3, changed_at = now() WHERE name = $1"


class BatchRefused(Refused):
    """The batch could not have its locks or its time; it left nothing behind, and a smaller one may pass."""


def read_progress(database: Postgres, backfill: Backfill) -> Progress | None:
    """Return where a backfill stands; None where it was never begun. Raise Refused if its text was another one."""
    if database.ask(sql.SQL("SELECT to_regclass('countersign.backfills')::text")) is None:
        return None
    with _connected(database, timedelta(seconds=10)) as cursor:
        return _standing(cursor, backfill)


def begin(database: Postgres, backfill: Backfill) -> Progress:
    """The range of keys is fixed: rows that come later are written by the code that is live by then."""
    with _connected(database, database.statement_patience) as cursor:
        for statement in _TABLE.split(";"):
            cursor.execute(statement.encode())
        begin = _BEGIN.format(key=backfill.key, table=backfill.table)
        cursor.execute(begin.encode(), (backfill.name, backfill.sql))
        found = _standing(cursor, backfill)
    if found is None:
        raise Unreachable(f"database {database.name}: the backfill {backfill.name} was begun and is not there")
    return found


def carry_batch(
    database: Postgres, backfill: Backfill, keys: int, *, lock_timeout: timedelta, statement_timeout: timedelta
) -> Progress:
    """Change the rows of the next `keys` keys and move on, in one go; raise BatchRefused if it had to give way."""
    with _connected(database, statement_timeout, lock_timeout) as cursor:
        cursor.execute(f"{_STANDING} FOR UPDATE".encode(), (backfill.name,))
        standing = _standing(cursor, backfill)
        if standing is None:
            raise Refused(f"database {database.name}: the backfill {backfill.name} was never begun")
        if standing.is_done:
            return standing
        last = _end_of(cursor, backfill, standing, keys)
        cursor.execute(backfill.sql.encode(), (standing.next, last))
        rows = max(cursor.rowcount, 0)
        cursor.execute(_MOVE.encode(), (backfill.name, last + 1, rows))
    return Progress(standing.begins, last + 1, standing.last, standing.rows + rows)


def _end_of(cursor: psycopg.RawCursor[tuple[object, ...]], backfill: Backfill, standing: Progress, keys: int) -> int:
    """Return the key with which a batch of so many rows ends: between two keys there may be any number of others."""
    end = _END.format(key=backfill.key, table=backfill.table)
    row = cursor.execute(end.encode(), (standing.next, standing.last, keys - 1)).fetchone()
    return standing.last if row is None else int(str(row[0]))


def _standing(cursor: psycopg.RawCursor[tuple[object, ...]], backfill: Backfill) -> Progress | None:
    row = cursor.execute(_STANDING.encode(), (backfill.name,)).fetchone()
    if row is None:
        return None
    if row[4] != backfill.sql:
        raise Refused(f"the backfill {backfill.name} was changed after it began; give the new one a name of its own")
    begins, following, last, rows = (int(str(value)) for value in row[:4])
    return Progress(begins, following, last, rows)


@contextmanager
def _connected(
    database: Postgres, statement_timeout: timedelta, lock_timeout: timedelta | None = None
) -> Iterator[psycopg.RawCursor[tuple[object, ...]]]:
    """One transaction, committed at the end of the block; what goes wrong is said without any row."""
    limits = {"statement_timeout": statement_timeout, **({"lock_timeout": lock_timeout} if lock_timeout else {})}
    try:
        with psycopg.connect(
            **database.address(),
            options=" ".join(f"-c {name}={round(limit.total_seconds() * 1000)}" for name, limit in limits.items()),
        ) as connection:
            yield psycopg.RawCursor(connection)
    except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
        raise BatchRefused(f"database {database.name}: {type(error).__name__}: it had to give way") from error
    except psycopg.OperationalError as error:
        raise Unreachable(f"database {database.name}: the connection was lost: {type(error).__name__}") from error
    except psycopg.Error as error:
        said = leave_rows_out((error.diag.message_primary or type(error).__name__).partition("\n")[0])
        raise Refused(f"database {database.name}: {said}") from error
