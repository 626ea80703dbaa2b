"""What may be counted in the rows of today to know whether a statement will fail; no row is read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alike:
    """How many values stand in more than one row of a table, in these columns together, where the condition holds."""

    table: str
    columns: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Orphans:
    """How many rows point to a row of `parent` that is not there."""

    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Longer:
    """How many rows hold more than so many characters in a column."""

    table: str
    column: str
    length: int


@dataclass(frozen=True, slots=True)
class Breaking:
    """How many rows do not keep a condition, in PostgreSQL's own spelling."""

    table: str
    condition: str


Asked = Alike | Orphans | Longer | Breaking
