"""What the catalogue of a database says of its tables, and what is counted in their rows to know what would fail.

Follows PostgreSQL's documentation, chapter "System Catalogs". Rows are counted, none is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql
from pydantic import TypeAdapter

from blocks.errors import Refused, Unreachable
from blocks.postgres import Postgres
from policy.migrations.asked import Alike, Asked, Breaking, Orphans
from policy.migrations.facts import PUBLIC, Column, ForeignKey, Index

_CATALOGUE = sql.SQL(
    """
    WITH named AS (
        SELECT class.oid, relkind, relowner, nspowner,
            CASE WHEN space.nspname = {schema} THEN '' ELSE space.nspname || '.' END || relname AS name
        FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = relnamespace
        WHERE space.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND space.nspname !~ '^pg_temp'),
    uses AS (
        SELECT refobjid AS of_table, refobjsubid AS of_column,
            CASE WHEN classid = 'pg_rewrite'::regclass
                THEN (SELECT name FROM named JOIN pg_rewrite ON ev_class = named.oid WHERE pg_rewrite.oid = objid)
                ELSE (SELECT name || '.' || attname FROM pg_attrdef JOIN named ON named.oid = adrelid
                    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE pg_attrdef.oid = objid)
            END AS by_whom
        FROM pg_depend
        WHERE deptype = 'n' AND refclassid = 'pg_class'::regclass AND refobjsubid > 0
            AND classid IN ('pg_rewrite'::regclass, 'pg_attrdef'::regclass))
    SELECT json_build_object(
        'user', current_user,
        'domains', (SELECT coalesce(json_agg(typname), '[]') FROM pg_type
            WHERE typtype = 'd' AND typnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')),
        'locked_schemas', (SELECT coalesce(json_agg(nspname), '[]') FROM pg_namespace
            WHERE nspname !~ '^(pg_|information_schema)' AND NOT has_schema_privilege(oid, 'CREATE')),
        'schemas', (SELECT json_agg(nspname) FROM pg_namespace),
        'others', (SELECT coalesce(json_agg(name), '[]') FROM named WHERE relkind IN ('v', 'm', 'S', 'f', 'c')),
        'indexes', (SELECT coalesce(json_object_agg(index.name, json_build_object(
                'table', owner.name, 'definition', pg_get_indexdef(index.oid))), '{{}}')
            FROM pg_index JOIN named AS index ON index.oid = indexrelid JOIN named AS owner ON owner.oid = indrelid),
        'tables', (SELECT coalesce(json_object_agg(name, json_build_object(
            'size_bytes', pg_total_relation_size(named.oid),
            'owned', pg_has_role(relowner, 'USAGE'),
            'may', (
                SELECT coalesce(json_agg(one), '[]') FROM (
                    SELECT one FROM unnest('{{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}}'::text[]) AS one
                    WHERE has_table_privilege(named.oid, one)
                    UNION ALL
                    SELECT 'DROP' WHERE pg_has_role(relowner, 'USAGE') OR pg_has_role(nspowner, 'USAGE')) AS rights),
            'columns', (
                SELECT coalesce(json_object_agg(attname, json_build_object(
                    'type', format_type(atttypid, atttypmod), 'required', attnotnull,
                    'default', CASE WHEN attgenerated = '' THEN coalesce(pg_get_expr(adbin, adrelid), '') ELSE '' END,
                    'used_by', (SELECT coalesce(json_agg(DISTINCT by_whom), '[]') FROM uses
                        WHERE of_table = named.oid AND of_column = attnum AND by_whom IS NOT NULL
                            AND by_whom <> name || '.' || attname))), '{{}}')
                FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
                WHERE attrelid = named.oid AND attnum > 0 AND NOT attisdropped),
            'constraints', (SELECT coalesce(json_object_agg(conname, contype), '{{}}')
                FROM pg_constraint WHERE conrelid = named.oid AND contype IN ('c', 'f', 'p', 'u', 'x', 'n')),
            'definitions', (SELECT coalesce(json_object_agg(conname, pg_get_constraintdef(pg_constraint.oid)), '{{}}')
                FROM pg_constraint WHERE conrelid = named.oid AND contype IN ('c', 'f', 'p', 'u', 'x', 'n')),
            'foreign_keys', (SELECT coalesce(json_object_agg(conname, json_build_object('to', parent.name,
                    'by', (SELECT relname FROM pg_class WHERE oid = conindid),
                    'columns', (SELECT json_agg(attname) FROM pg_attribute
                        WHERE attrelid = conrelid AND attnum = ANY (conkey)))), '{{}}')
                FROM pg_constraint JOIN named AS parent ON parent.oid = confrelid
                WHERE conrelid = named.oid AND contype = 'f'),
            'parts', (
                SELECT coalesce(json_agg(part.name), '[]')
                FROM pg_inherits JOIN named AS part ON part.oid = inhrelid
                WHERE inhparent = named.oid AND named.relkind = 'p'))), '{{}}')
            FROM named WHERE relkind IN ('r', 'p')))
    """
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as the catalogue describes it, its rows not counted."""

    size_bytes: int
    owned: bool
    may: frozenset[str]
    columns: dict[str, Column]
    constraints: dict[str, str]
    definitions: dict[str, str]
    foreign_keys: dict[str, ForeignKey]
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every table of a database by name, and what else has a name."""

    user: str
    domains: frozenset[str]
    schemas: frozenset[str]
    locked_schemas: frozenset[str]
    others: frozenset[str]
    indexes: dict[str, Index]
    tables: dict[str, Shape]


def read_catalogue(database: Postgres, *, schema: str) -> Catalogue:
    """Return what the catalogue says; names of this schema stand without it."""
    query = _CATALOGUE.format(schema=sql.Literal(schema))
    return TypeAdapter(Catalogue).validate_python(database.ask(query, schema=schema))


def count(database: Postgres, asked: Asked, *, schema: str) -> int | None:
    """Return how many rows or values there are; None where that takes too long, or the user may not read them."""
    try:
        return int(database.count(_query(asked, schema), schema=schema))
    except (Refused, Unreachable):
        return None


def _query(asked: Asked, schema: str) -> sql.Composed:
    table = place_of(asked.table, schema=schema)
    if isinstance(asked, Alike):
        return sql.SQL(
            "SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} AND ({}) GROUP BY {} HAVING count(*) > 1) AS alike"
        ).format(table, _all_there(asked.columns), spelled(asked.where or "TRUE"), _listed(asked.columns))
    if isinstance(asked, Orphans):
        pairs = zip(asked.columns, asked.parent_columns, strict=True)
        same = sql.SQL(" AND ").join(
            sql.SQL("row.{} = parent.{}").format(sql.Identifier(one), sql.Identifier(there)) for one, there in pairs
        )
        return sql.SQL(
            "SELECT count(*) FROM {} AS row WHERE {} AND NOT EXISTS (SELECT 1 FROM {} AS parent WHERE {})"
        ).format(table, _all_there(asked.columns), place_of(asked.parent, schema=schema), same)
    if isinstance(asked, Breaking):
        return sql.SQL("SELECT count(*) FROM {} WHERE NOT ({})").format(table, spelled(asked.condition))
    return sql.SQL("SELECT count(*) FROM {} WHERE length(rtrim({}::text, ' ')) > {}").format(
        table, sql.Identifier(asked.column), sql.Literal(asked.length)
    )


def place_of(table: str, *, schema: str = PUBLIC) -> sql.Identifier:
    """Return a table by its schema, which is this one where its name has none, and its name, as PostgreSQL quotes."""
    return sql.Identifier(*((schema, table) if "." not in table else table.split(".", 1)))


def _all_there(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(sql.Identifier(one)) for one in columns)


def spelled(expression: str) -> sql.SQL:
    """Return the parser's own spelling of what stands in a migration as a part of a query; a % is no placeholder."""
    return sql.SQL(expression.replace("%", "%%"))


def _listed(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(one) for one in columns)
