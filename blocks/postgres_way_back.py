"""Takes migrations back in one transaction, and counts what was written to what they added.

Follows PostgreSQL's documentation, chapter "Advisory Lock Functions", and Prisma's own table
`_prisma_migrations`: a migration that was taken back keeps its row, with `rolled_back_at`, as `migrate resolve
--rolled-back` leaves one that failed; `migrate deploy` then applies it again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import psycopg
from psycopg import sql

from blocks.errors import BlockError, Refused, Unreachable
from blocks.postgres import Postgres
from blocks.postgres_catalogue import place_of, spelled
from blocks.postgres_tables import PRISMAS_LOCK
from policy.migrations.added import Addition
from policy.rows_left_out import leave_rows_out
from policy.wording import counted

# The server went away, or took the session away: whether it had committed only looking can tell.
_CUT_OFF = ("08", "57P")


class NoLockInTime(Unreachable):
    """Another session kept a table locked for longer than the limit; nothing was changed."""


def count_written(database: Postgres, additions: Sequence[Addition]) -> dict[str, int | None]:
    """Return for each addition how many rows hold something that somebody wrote; None where that cannot be counted."""
    return {one.name: _count(database, one) for one in additions}


def _count(database: Postgres, addition: Addition) -> int | None:
    if not addition.tells:
        return None
    try:
        return int(database.count(_counting(addition)))
    except BlockError:
        return None


def take_back(
    database: Postgres,
    statements: Sequence[str],
    names: Sequence[str],
    *,
    schema: str,
    additions: Sequence[Addition],
    lock_timeout: timedelta,
    statement_timeout: timedelta,
    still_wanted: Callable[[], None],
) -> None:
    """Carry out the statements and let Prisma's table say that the named migrations are rolled back, or do nothing.

    All of it is one transaction: it locks what was added, counts once more that nothing was written to it, and calls
    `still_wanted` just before it commits; whatever is raised on the way leaves everything as it was.
    Raises NoLockInTime, Refused with the database's words, or Unreachable where only looking can tell.
    """
    limits = {"lock_timeout": lock_timeout, "statement_timeout": statement_timeout}
    try:
        with _connected(database, limits) as connection:
            _begin(connection, schema)
            for table in dict.fromkeys(one.table for one in additions):
                connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(place_of(table)))
            for one in additions:
                _refuse_if_written(connection, one)
            for statement in statements:
                connection.execute(statement.encode())
            _mark(connection, names, schema)
            still_wanted()
    except psycopg.errors.LockNotAvailable as error:
        raise NoLockInTime(f"database {database.name}: {_first_line(error)}; nothing was changed") from error
    except psycopg.OperationalError as error:
        if error.sqlstate and not error.sqlstate.startswith(_CUT_OFF):
            raise Refused(f"database {database.name}: {_first_line(error)}; nothing was changed") from error
        raise Unreachable(f"database {database.name}: {_first_line(error)}") from error
    except psycopg.Error as error:
        raise Refused(f"database {database.name}: {_first_line(error)}; nothing was changed") from error


def _begin(connection: psycopg.Connection[tuple[object, ...]], schema: str) -> None:
    connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(schema)))
    connection.execute("SET LOCAL row_security = off")
    got = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (PRISMAS_LOCK,)).fetchone()
    if got is None or not got[0]:
        raise Refused("somebody else migrates the database at this moment; nothing was changed")


def _refuse_if_written(connection: psycopg.Connection[tuple[object, ...]], addition: Addition) -> None:
    found = connection.execute(_counting(addition), ()).fetchone()
    rows = int(str(found[0])) if found else 0
    if rows:
        raise Refused(f"{addition.name}: {counted(rows, 'row')} written in the last moment; nothing was changed")


def _mark(connection: psycopg.Connection[tuple[object, ...]], names: Sequence[str], schema: str) -> None:
    table = sql.Identifier(schema, "_prisma_migrations")
    statement = sql.SQL(
        "UPDATE {} SET rolled_back_at = now()"
        " WHERE migration_name = ANY(%s) AND finished_at IS NOT NULL AND rolled_back_at IS NULL"
    )
    marked = connection.execute(statement.format(table), (list(names),)).rowcount
    if marked != len(names):
        raise Refused(f"_prisma_migrations has {marked} of the {len(names)} migrations as applied; nothing was changed")


def _counting(addition: Addition) -> sql.Composed:
    if not addition.column:
        return sql.SQL("SELECT count(*) FROM {}").format(place_of(addition.table))
    return sql.SQL("SELECT count(*) FROM {table} WHERE {column} IS DISTINCT FROM ({default})").format(
        table=place_of(addition.table),
        column=sql.Identifier(addition.column),
        default=spelled(addition.default or "NULL"),
    )


def _connected(database: Postgres, limits: Mapping[str, timedelta]) -> psycopg.Connection[tuple[object, ...]]:
    options = " ".join(f"-c {name}={round(limit.total_seconds() * 1000)}" for name, limit in limits.items())
    return psycopg.connect(**database.address(), options=options)


def _first_line(error: psycopg.Error) -> str:
    return leave_rows_out(str(error).strip().partition("\n")[0])
