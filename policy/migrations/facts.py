"""What the real database says of the tables that a migration touches; with it a judgement sharpens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from policy.migrations.asked import Asked
from policy.wording import counted

PUBLIC = "public"


class Constraint(StrEnum):
    """The kinds of constraints, in the words of `information_schema`."""

    CHECK = "CHECK"
    FOREIGN_KEY = "FOREIGN KEY"
    PRIMARY_KEY = "PRIMARY KEY"
    UNIQUE = "UNIQUE"
    EXCLUDE = "EXCLUDE"
    NOT_NULL = "NOT NULL"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of today: its type in PostgreSQL's words, and how many rows hold no value (None if not counted).

    `default` is the expression of its default, empty without one; `used_by` names the views and computed columns that
    keep it from being dropped or changed.
    """

    type: str
    required: bool = False
    nulls: int | None = None
    default: str = ""
    used_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """The columns that point to another table, the table, and the index of it by which they do."""

    columns: tuple[str, ...]
    to: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """An index of today: its table, and the statement that makes it."""

    table: str
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of today; `rows` is None where nobody counted them.

    `definitions` are its constraints as SQL writes them, by name, `parts` its partitions; `owned` says whether the user
    who migrates may change its shape, `may` what else that user may do with it.
    """

    rows: int | None = None
    size_bytes: int = 0
    columns: Mapping[str, Column] = field(default_factory=dict)
    constraints: Mapping[str, Constraint] = field(default_factory=dict)
    foreign_keys: Mapping[str, ForeignKey] = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    owned: bool = True
    may: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """The tables of a database by name, with the schema only where it is not `schema`; `version` is its major.

    `others` are views, sequences and what else has a name like a table's; `locked_schemas` are those of its `schemas`
    in which `user`, who migrates, may make nothing; `counted` is what was asked of the rows.
    """

    version: int
    tables: Mapping[str, Table]
    indexes: Mapping[str, Index] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    user: str = "the user who migrates"
    schemas: frozenset[str] = frozenset()
    locked_schemas: frozenset[str] = frozenset()
    counted: Mapping[Asked, int | None] = field(default_factory=dict)
    schema: str = PUBLIC


def said_rows(table: Table | None) -> str:
    """Say in brackets how many rows a table has, if that is known."""
    return "" if table is None or table.rows is None else f" ({counted(table.rows, 'row')})"
