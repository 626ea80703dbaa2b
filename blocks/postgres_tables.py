"""What a database says of its tables and of the migrations applied to it; rows are counted, none is read.

Follows PostgreSQL's documentation, chapters "System Catalogs" and "The Cumulative Statistics System", and Prisma's
own table `_prisma_migrations`.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from psycopg import sql
from pydantic import TypeAdapter

from blocks.errors import Refused, Unreachable
from blocks.postgres import Postgres
from blocks.postgres_catalogue import count, place_of, read_catalogue
from policy.migrations import Constraint, DatabaseFacts, Table
from policy.migrations.asked import Asked
from policy.migrations.facts import PUBLIC
from policy.migrations.history import Applied
from policy.migrations.row_counts import Counted

_CONSTRAINTS = {
    "c": Constraint.CHECK,
    "f": Constraint.FOREIGN_KEY,
    "p": Constraint.PRIMARY_KEY,
    "u": Constraint.UNIQUE,
    "x": Constraint.EXCLUDE,
    "n": Constraint.NOT_NULL,
}
# Prisma's own number, in its page "Advisory locking".
PRISMAS_LOCK = 72707369
_MIGRATIONS = sql.SQL(
    """
    SELECT coalesce(json_agg(json_build_object(
        'name', migration_name, 'checksum', checksum, 'started_at', started_at, 'finished_at', finished_at,
        'rolled_back_at', rolled_back_at, 'steps', applied_steps_count, 'logs', logs) ORDER BY started_at), '[]')
    FROM {table}
    """
)
# A session that waits for its client hands over what it inserted at most ten seconds later.
STATISTICS_LATE = timedelta(seconds=15)
_INVALID = sql.SQL(
    "SELECT coalesce(json_agg(indexrelid::regclass::text ORDER BY 1), '[]') FROM pg_index WHERE NOT indisvalid"
)


def read_facts(
    database: Postgres,
    *,
    touched: Sequence[str],
    nulls: Sequence[tuple[str, str]],
    counts: Sequence[Asked] = (),
    schema: str = PUBLIC,
) -> DatabaseFacts:
    """Return every table by name, without its schema where that is this one.

    Rows are counted of those `touched`, and empty values of the columns in `nulls`.

    What is asked in `counts` stays without an answer where the tables or the columns are not there.
    """
    catalogue = read_catalogue(database, schema=schema)
    shapes = catalogue.tables
    readable = [name for name in touched if name in shapes and "SELECT" in shapes[name].may]
    rows = _count_in_time(database, readable, schema)
    asked = [(table, column) for table, column in nulls if table in rows and column in shapes[table].columns]
    empty = {(table, column): _count_nulls(database, place_of(table, schema=schema), column) for table, column in asked}
    return DatabaseFacts(
        version=read_version(database),
        tables={
            name: Table(
                rows=rows[name].rows if name in rows else None,
                size_bytes=shape.size_bytes,
                columns={
                    column: replace(known, nulls=empty.get((name, column))) for column, known in shape.columns.items()
                },
                constraints={key: _CONSTRAINTS[kind] for key, kind in shape.constraints.items()},
                foreign_keys=shape.foreign_keys,
                definitions=shape.definitions,
                parts=shape.parts,
                owned=shape.owned,
                may=shape.may,
            )
            for name, shape in shapes.items()
        },
        indexes=catalogue.indexes,
        others=catalogue.others,
        domains=catalogue.domains,
        user=catalogue.user,
        schemas=catalogue.schemas,
        locked_schemas=catalogue.locked_schemas,
        schema=schema,
        counted={one: count(database, one, schema=schema) for one in counts if one.table in rows},
    )


def _count_in_time(database: Postgres, tables: Sequence[str], schema: str) -> dict[str, Counted]:
    """Count the rows of each table that can be counted within the patience; of one that is very large, or of which our
    user may not see every row, nothing is said.
    """
    found: dict[str, Counted] = {}
    for table in tables:
        with suppress(Unreachable, Refused):
            found |= count_rows(database, [table], schema=schema)
    return found


def count_rows(database: Postgres, tables: Sequence[str], *, schema: str = PUBLIC) -> dict[str, Counted]:
    """Return for each table its rows, and how many were ever inserted by the statistics."""
    query = sql.SQL(
        "SELECT json_build_object('rows', (SELECT count(*) FROM {table}), 'inserted',"
        " coalesce((SELECT n_tup_ins FROM pg_stat_user_tables WHERE relid = {name}::regclass), 0))"
    )
    places = {table: place_of(table, schema=schema) for table in tables}
    found = {
        table: database.count(query.format(table=place, name=sql.Literal(place.as_string())))
        for table, place in places.items()
    }
    return TypeAdapter(dict[str, Counted]).validate_python(found)


def count_inserted(database: Postgres, tables: Sequence[str], *, schema: str = PUBLIC) -> dict[str, int]:
    """Return for each table how many rows were ever inserted by the statistics, as far as sessions handed them over."""
    query = sql.SQL("SELECT coalesce((SELECT n_tup_ins FROM pg_stat_user_tables WHERE relid = {name}::regclass), 0)")
    names = {table: sql.Literal(place_of(table, schema=schema).as_string()) for table in tables}
    return {table: int(database.ask(query.format(name=name))) for table, name in names.items()}


def read_applied(database: Postgres, *, schema: str = PUBLIC) -> tuple[Applied, ...]:
    """Return what Prisma wrote down of each migration, in order; nothing where Prisma has not been here yet."""
    table = sql.Identifier(schema, "_prisma_migrations")
    known = database.ask(sql.SQL("SELECT to_regclass({})::text").format(sql.Literal(table.as_string())))
    if known is None:
        return ()
    return TypeAdapter(tuple[Applied, ...]).validate_python(database.ask(_MIGRATIONS.format(table=table)))


def list_invalid_indexes(database: Postgres) -> tuple[str, ...]:
    """Return the indexes that a CONCURRENTLY left half built; queries do not use them, and writes keep them up."""
    return TypeAdapter(tuple[str, ...]).validate_python(database.ask(_INVALID))


def is_migrating(database: Postgres) -> bool:
    """Return whether Prisma is at work there now, by the lock that it keeps as long as its connection lives."""
    query = sql.SQL(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {}"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return bool(database.ask(query.format(sql.Literal(PRISMAS_LOCK))))


def read_version(database: Postgres) -> int:
    """Return the major version of the server."""
    return int(database.ask(sql.SQL("SELECT current_setting('server_version_num')::int"))) // 10_000


def read_clock(database: Postgres) -> datetime:
    """Return the database's own time."""
    return TypeAdapter(datetime).validate_python(database.ask(sql.SQL("SELECT clock_timestamp()")))


def answers(database: Postgres, query: str) -> None:
    """Return if a company's own query answers at least one row within the patience; the row is not kept.

    Raises Refused with the database's words, or because no row came.
    """
    counted = sql.SQL("SELECT count(*) FROM ({query} LIMIT 1) AS asked").format(query=sql.SQL(_bare(query)))
    if not database.ask(counted):
        raise Refused("the query answered no row")


def _count_nulls(database: Postgres, place: sql.Identifier, column: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {} WHERE {} IS NULL").format(place, sql.Identifier(column))
    return int(database.count(query))


def _bare(query: str) -> str:
    return query.strip().rstrip(";")
