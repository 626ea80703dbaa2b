"""A database at one moment: every row of every table is counted, and a dump can be taken, of the very same state.

Follows PostgreSQL's documentation, section "Snapshot Synchronization Functions".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import sql

from blocks.postgres import Postgres

# Tables as pg_dump writes them: those of an extension come with the extension, and a partitioned one holds no row.
_TABLES = sql.SQL(
    """
    SELECT space.nspname, class.relname
    FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
    WHERE class.relkind = 'r' AND class.relpersistence <> 't'
    AND space.nspname NOT IN ('pg_catalog', 'information_schema')
    AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = class.oid AND deptype = 'e')
    ORDER BY 1, 2
    """
)
# A row that the user may not see would be missed without a word; so it is with an idle session that is ended.
_SETTINGS = ("SET LOCAL row_security = off", "SET LOCAL idle_in_transaction_session_timeout = 0")


@dataclass(frozen=True, slots=True)
class Moment:
    """What a session sees whose view of the database does not move; `snapshot` is its name for other sessions."""

    snapshot: str
    _connection: psycopg.Connection[tuple[Any, ...]]

    def count_rows(self) -> dict[str, int]:
        """Return the rows of every table by its name, with the schema where that is not `public`."""
        tables = self._connection.execute(_TABLES).fetchall()
        return {
            str(table) if schema == "public" else f"{schema}.{table}": self._count(str(schema), str(table))
            for schema, table in tables
        }

    def _count(self, schema: str, table: str) -> int:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
        row = self._connection.execute(query).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def at_one_moment(database: Postgres, *, patience: timedelta) -> Iterator[Moment]:
    """Hold the database's state of now for as long as it is lent; counting one table may take `patience`."""
    with database.connected(statement_patience=patience) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        for statement in _SETTINGS:
            connection.execute(statement)
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        yield Moment(str(row[0]) if row else "", connection)
