"""What the real database says of the tables that a migration touches; with it a judgement sharpens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Constraint(StrEnum):
    """The kinds of constraints, in the words of `information_schema`."""

    CHECK = "CHECK"
    FOREIGN_KEY = "FOREIGN KEY"
    PRIMARY_KEY = "PRIMARY KEY"
    UNIQUE = "UNIQUE"
    EXCLUDE = "EXCLUDE"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of today: its type in PostgreSQL's words, and how many rows hold no value (None if not counted)."""

    type: str
    required: bool = False
    nulls: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of today; `rows` is None where nobody counted them."""

    rows: int | None = None
    size_bytes: int = 0
    columns: Mapping[str, Column] = field(default_factory=dict)
    constraints: Mapping[str, Constraint] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """The tables of a database by name, with the schema only where it is not `public`; `version` is its major."""

    version: int
    tables: Mapping[str, Table]


def said_rows(table: Table | None) -> str:
    """Say in brackets how many rows a table has, if that is known."""
    return "" if table is None or table.rows is None else f" ({table.rows:,} rows)"
