"""Who keeps locks in a database and who waits for them; no query of anybody is read.

Follows PostgreSQL's documentation, views `pg_locks` (`waitstart` is there from version 14 on) and `pg_stat_activity`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import psycopg
from psycopg import sql
from pydantic import TypeAdapter

from blocks.errors import BlockError
from blocks.postgres import Postgres
from blocks.postgres_catalogue import place_of
from blocks.postgres_tables import PRISMAS_LOCK
from policy.migrations.facts import PUBLIC
from policy.migrations.waiting import Holder, Waits

LOOK_SECONDS = 0.05
# Whoever holds Prisma's lock carries out the migration, and PostgreSQL sends an autovacuum away by itself.
_OTHERS = sql.SQL(
    """
    session.pid <> pg_backend_pid() AND session.backend_type IS DISTINCT FROM 'autovacuum worker'
    AND session.pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {lock} AND granted)
    """
).format(lock=sql.Literal(PRISMAS_LOCK))
_HOLDERS = sql.SQL(
    """
    SELECT coalesce(json_agg(json_build_object(
        'pid', session.pid, 'user', coalesce(usename, '?'), 'application', coalesce(application_name, ''),
        'state', coalesce(state, 'state unknown'), 'table', wanted.name,
        'mode', upper(regexp_replace(replace(mode, 'Lock', ''), '(?<=[a-z])(?=[A-Z])', ' ', 'g')),
        'kept_for', greatest(0, extract(epoch FROM clock_timestamp() - xact_start))) ORDER BY xact_start), '[]')
    FROM unnest(%s::text[], %s::text[]) AS wanted(name, place)
    JOIN pg_locks AS held ON held.relation = to_regclass(wanted.place) AND held.granted
        AND held.database IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    JOIN pg_stat_activity AS session ON session.pid = held.pid AND xact_start IS NOT NULL
    WHERE {others}
    """
).format(others=_OTHERS)
_WAITS = sql.SQL(
    """
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0)::float8, count(DISTINCT session.pid)
    FROM pg_locks AS wanted JOIN pg_stat_activity AS session ON session.pid = wanted.pid
    WHERE NOT wanted.granted AND session.datname = current_database() AND {others}
    """
).format(others=_OTHERS)


def list_holders(database: Postgres, tables: Sequence[str], *, schema: str = PUBLIC) -> tuple[Holder, ...]:
    """Return who keeps a lock on one of these tables, whoever has done so for longest first."""
    places = [place_of(table, schema=schema).as_string() for table in tables]
    found = database.ask_of_everybody(_HOLDERS, list(tables), places)
    return TypeAdapter(tuple[Holder, ...]).validate_python(found)


class WaitWatch:
    """Looks at who waits for a lock; `waits` holds the worst that was seen so far."""

    def __init__(self) -> None:
        self.waits = Waits()
        self.has_looked = False
        self._over = Event()

    @contextmanager
    def watching(self, database: Postgres) -> Iterator[None]:
        """Look twenty times a second until the block ends; what keeps it from looking stands in `waits`."""
        thread = Thread(target=self._watch, args=(database,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _watch(self, database: Postgres) -> None:
        try:
            with database.connected(autocommit=True) as connection:
                connection.read_only = True
                self.has_looked = True
                while True:
                    self._look(connection)
                    if self._over.wait(LOOK_SECONDS):
                        return
        except BlockError as error:
            self.waits = Waits(self.waits.longest, self.waits.sessions, str(error))

    def _look(self, connection: psycopg.Connection[Any]) -> None:
        row = connection.execute(_WAITS).fetchone()
        if row is not None:
            self.waits = self.waits.worse_of(timedelta(seconds=row[0]), row[1])
