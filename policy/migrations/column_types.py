"""What changing the type of a column does: whether the table is written anew, and whether PostgreSQL can do it."""

import re
from dataclasses import dataclass

from pglast import ast, parse_sql
from pglast.parser import ParseError

from policy.migrations.statements import strings, walk

_TEXTS = frozenset(("text", "varchar", "bpchar", "name"))
_GROWING = frozenset(("timestamp", "timestamptz", "time", "timetz"))
_MOST_DIGITS = 6
# They stand in no family, and PostgreSQL makes numbers or bytes of them by itself (`pg_cast`).
_BECOME_NUMBERS = re.compile(r"money|oid|reg[a-z]+|pg_[a-z_]+")
_FAMILIES = {
    **dict.fromkeys(("int2", "int4", "int8", "float4", "float8", "numeric"), "numbers"),
    **dict.fromkeys(("date", "time", "timetz", "timestamp", "timestamptz", "interval"), "times"),
    **dict.fromkeys(("json", "jsonb"), "documents"),
    **dict.fromkeys(("inet", "cidr"), "addresses"),
    **{name: name for name in ("bool", "uuid", "bytea", "xml")},
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A type as PostgreSQL's parser names it, with its numbers: `varchar` and 20."""

    name: str
    numbers: tuple[int, ...] = ()
    is_list: bool = False

    @property
    def is_text(self) -> bool:
        """Whether its values are plain text."""
        return self.name in _TEXTS and not self.is_list

    def __str__(self) -> str:
        """As people write it."""
        numbers = f"({','.join(str(one) for one in self.numbers)})" if self.numbers else ""
        return f"{self.name}{numbers}{'[]' if self.is_list else ''}"


def kind_of(name: ast.TypeName | None) -> Kind:
    """Return the type that stands in the text."""
    if name is None:
        return Kind("")
    values = (one.val for one in name.typmods or () if isinstance(one, ast.A_Const))
    numbers = [one.ival or 0 for one in values if isinstance(one, ast.Integer)]
    return Kind(".".join(strings(name.names)[-1:]), tuple(numbers), bool(name.arrayBounds))


def kind_from(words: str) -> Kind:
    """Return the type that the database names in its own words."""
    try:
        cast = next(node for node in walk(parse_sql(f"SELECT NULL::{words}")) if isinstance(node, ast.TypeCast))
    except (ParseError, StopIteration):
        return Kind(words)
    return kind_of(cast.typeName)


def keeps_rows(old: Kind, new: Kind) -> bool:
    """Whether the values stay as they lie on the disk, so that no row is written."""
    if old == new:
        return True
    if old.is_list or new.is_list:
        return False
    if new.name in ("text", "varchar") and old.name in ("text", "varchar"):
        return not new.numbers or (old.name == "varchar" and bool(old.numbers) and new.numbers >= old.numbers)
    if old.name != new.name:
        return False
    if old.name == "numeric":
        return not new.numbers or (_scale(old) == _scale(new) and bool(old.numbers) and new.numbers >= old.numbers)
    if old.name in _GROWING:
        return _digits(new) >= _digits(old)
    return False


def cannot_cast(old: Kind, new: Kind, *, domains: frozenset[str]) -> bool:
    """Whether PostgreSQL refuses the change without USING, whatever the rows hold: text is never read as a number.

    Of a type that is not PostgreSQL's own nothing is known but that it becomes no number and no time by itself.
    """
    if new.is_text or old == new or new.name not in _FAMILIES or old.name in domains:
        return False
    if _BECOME_NUMBERS.fullmatch(old.name) and not old.is_list:
        return False
    return old.is_list is not new.is_list or _FAMILIES.get(old.name) != _FAMILIES[new.name]


def _scale(kind: Kind) -> int:
    return kind.numbers[1] if len(kind.numbers) > 1 else 0


def _digits(kind: Kind) -> int:
    return kind.numbers[0] if kind.numbers else _MOST_DIGITS
