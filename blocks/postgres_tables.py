"""What a database says of its tables and of the migrations applied to it; rows are counted, none is read.

Follows PostgreSQL's documentation, chapters "System Catalogs" and "The Cumulative Statistics System", and Prisma's
own table `_prisma_migrations`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql
from pydantic import TypeAdapter

from blocks.errors import Refused
from blocks.postgres import Postgres
from policy.migrations import Column, Constraint, DatabaseFacts, Table
from policy.migrations.history import Applied
from policy.migrations.row_counts import Counted

_CONSTRAINTS = {
    "c": Constraint.CHECK,
    "f": Constraint.FOREIGN_KEY,
    "p": Constraint.PRIMARY_KEY,
    "u": Constraint.UNIQUE,
    "x": Constraint.EXCLUDE,
}
# Prisma's own number, in its page "Advisory locking".
PRISMAS_LOCK = 72707369
_TABLES = sql.SQL(
    """
    SELECT coalesce(json_object_agg(
        CASE WHEN space.nspname = 'public' THEN relname ELSE space.nspname || '.' || relname END,
        json_build_object(
            'size_bytes', pg_total_relation_size(class.oid),
            'columns', (
                SELECT coalesce(json_object_agg(attname, json_build_object(
                    'type', format_type(atttypid, atttypmod), 'required', attnotnull)), '{}')
                FROM pg_attribute WHERE attrelid = class.oid AND attnum > 0 AND NOT attisdropped),
            'constraints', (
                SELECT coalesce(json_object_agg(conname, contype), '{}')
                FROM pg_constraint WHERE conrelid = class.oid AND contype IN ('c', 'f', 'p', 'u', 'x'))
        )), '{}')
    FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND space.nspname NOT IN ('pg_catalog', 'information_schema')
    """
)
_MIGRATIONS = sql.SQL(
    """
    SELECT coalesce(json_agg(json_build_object(
        'name', migration_name, 'checksum', checksum, 'started_at', started_at, 'finished_at', finished_at,
        'rolled_back_at', rolled_back_at, 'steps', applied_steps_count, 'logs', logs) ORDER BY started_at), '[]')
    FROM {table}
    """
)
_INVALID = sql.SQL(
    "SELECT coalesce(json_agg(indexrelid::regclass::text ORDER BY 1), '[]') FROM pg_index WHERE NOT indisvalid"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as the catalogue describes it, its rows not counted."""

    size_bytes: int
    columns: dict[str, Column]
    constraints: dict[str, str]


def read_facts(database: Postgres, *, touched: Sequence[str], nulls: Sequence[tuple[str, str]]) -> DatabaseFacts:
    """Return every table by name; rows are counted of those `touched`, and empty values of the columns in `nulls`."""
    shapes = TypeAdapter(dict[str, Shape]).validate_python(database.ask(_TABLES))
    rows = count_rows(database, [name for name in touched if name in shapes])
    asked = [(table, column) for table, column in nulls if table in shapes and column in shapes[table].columns]
    empty = {(table, column): _count_nulls(database, table, column) for table, column in asked}
    return DatabaseFacts(
        version=read_version(database),
        tables={
            name: Table(
                rows=rows[name].rows if name in rows else None,
                size_bytes=shape.size_bytes,
                columns={
                    column: Column(known.type, required=known.required, nulls=empty.get((name, column)))
                    for column, known in shape.columns.items()
                },
                constraints={key: _CONSTRAINTS[kind] for key, kind in shape.constraints.items()},
            )
            for name, shape in shapes.items()
        },
    )


def count_rows(database: Postgres, tables: Sequence[str]) -> dict[str, Counted]:
    """Return for each table its rows, and how many were ever inserted by the statistics."""
    query = sql.SQL(
        "SELECT json_build_object('rows', (SELECT count(*) FROM {table}), 'inserted',"
        " coalesce((SELECT n_tup_ins FROM pg_stat_user_tables WHERE relid = {name}::regclass), 0))"
    )
    found = {
        table: database.ask(query.format(table=place_of(table), name=sql.Literal(place_of(table).as_string())))
        for table in tables
    }
    return TypeAdapter(dict[str, Counted]).validate_python(found)


def read_applied(database: Postgres, *, schema: str = "public") -> tuple[Applied, ...]:
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


def _count_nulls(database: Postgres, table: str, column: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {} WHERE {} IS NULL").format(place_of(table), sql.Identifier(column))
    return int(database.ask(query))


def place_of(table: str) -> sql.Identifier:
    """Return a table by its schema and name, quoted as PostgreSQL wants it."""
    return sql.Identifier(*(("public", table) if "." not in table else table.split(".", 1)))


def _bare(query: str) -> str:
    return query.strip().rstrip(";")
