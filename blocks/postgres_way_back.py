"""Takes migrations back in one transaction, reads a database's schema, and counts what was written to additions.

Follows PostgreSQL's documentation, chapters "pg_dump" and "Advisory Lock Functions", and Prisma's own table
`_prisma_migrations`: a migration that was taken back keeps its row, with `rolled_back_at`, as `migrate resolve
--rolled-back` leaves one that failed; `migrate deploy` then applies it again.
"""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import psycopg
from psycopg import sql

from blocks.errors import BlockError, Misconfigured, Refused, Unreachable
from blocks.postgres import Postgres
from policy.migrations.added import Addition
from policy.migrations.schema_text import normalise_schema

# Prisma's own number, in its page "Advisory locking": nobody migrates meanwhile, and who looks sees that somebody is.
_PRISMAS_LOCK = 72707369
_PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR")


# The server went away, or took the session away: whether it had committed only looking can tell.
_CUT_OFF = ("08", "57P")


class NoLockInTime(Unreachable):
    """Another session kept a table locked for longer than the limit; nothing was changed."""


def read_schema(database: Postgres) -> str:
    """Return the schema as pg_dump writes it, without data and without what differs from dump to dump."""
    where = ("-h", database.host, "-p", str(database.port), "-U", database.user, "-d", database.name)
    patience = f"--lock-wait-timeout={round(database.statement_patience.total_seconds() * 1000)}"
    words = (database.pg_dump, "--schema-only", "--no-password", patience, *where)
    environment = {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "PGPASSWORD": database.read_password(),
        "PGSSLMODE": database.sslmode,
        "PGCONNECT_TIMEOUT": str(_connect_seconds(database)),
    }
    try:
        done = subprocess.run(
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=database.dump_patience.total_seconds(),
            check=False,
        )
    except OSError as error:
        raise Misconfigured(f"{database.pg_dump} cannot be run on the worker: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise Unreachable(f"pg_dump --schema-only did not end within {database.dump_patience}") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise Refused(f"pg_dump --schema-only ended with {done.returncode}: {said[-1] if said else 'it said nothing'}")
    return normalise_schema(done.stdout)


def count_written(database: Postgres, additions: Sequence[Addition]) -> dict[str, int | None]:
    """Return for each addition how many rows hold something that somebody wrote; None where that cannot be counted."""
    return {one.name: _count(database, one) for one in additions}


def _count(database: Postgres, addition: Addition) -> int | None:
    if not addition.tells:
        return None
    try:
        return int(database.ask(_counting(addition)))
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
            _begin(connection)
            for table in dict.fromkeys(one.table for one in additions):
                connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(_identifier(table)))
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


def _begin(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    got = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (_PRISMAS_LOCK,)).fetchone()
    if got is None or not got[0]:
        raise Refused("somebody else migrates the database at this moment; nothing was changed")


def _refuse_if_written(connection: psycopg.Connection[tuple[object, ...]], addition: Addition) -> None:
    found = connection.execute(_counting(addition), ()).fetchone()
    rows = int(str(found[0])) if found else 0
    if rows:
        raise Refused(f"{rows:,} rows of {addition.name} were written in the last moment; nothing was changed")


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
        return sql.SQL("SELECT count(*) FROM {}").format(_identifier(addition.table))
    # The default is the parser's own spelling of what stands in the migration; a % in it is no placeholder.
    default = sql.SQL((addition.default or "NULL").replace("%", "%%"))
    return sql.SQL("SELECT count(*) FROM {table} WHERE {column} IS DISTINCT FROM ({default})").format(
        table=_identifier(addition.table), column=sql.Identifier(addition.column), default=default
    )


def _connected(database: Postgres, limits: Mapping[str, timedelta]) -> psycopg.Connection[tuple[object, ...]]:
    options = " ".join(f"-c {name}={round(limit.total_seconds() * 1000)}" for name, limit in limits.items())
    return psycopg.connect(
        host=database.host,
        port=database.port,
        dbname=database.name,
        user=database.user,
        password=database.read_password(),
        sslmode=database.sslmode,
        connect_timeout=_connect_seconds(database),
        options=options,
        application_name="countersign",
    )


def _connect_seconds(database: Postgres) -> int:
    return max(2, round(database.connect_patience.total_seconds()))


def _identifier(table: str) -> sql.Identifier:
    return sql.Identifier(*(("public", table) if "." not in table else table.split(".", 1)))


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0]
