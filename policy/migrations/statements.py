"""Reads the text of a migration with PostgreSQL's own parser, statement by statement."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pglast import ast, parse_sql
from pglast.parser import ParseError

_SHOWN = 120
_PUBLIC = "public"
_BYTE_ORDER_MARK = "\ufeff"


class UnreadableSql(ValueError):
    """PostgreSQL's parser does not understand the text; the message says why and where."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: its tree, the line it begins in, counted from 1, and its beginning to show to people."""

    node: ast.Node
    line: int
    text: str


def read_statements(sql: str) -> tuple[Statement, ...]:
    """Return the statements in order; none if there are only comments; raise UnreadableSql."""
    if "\0" in sql:
        raise UnreadableSql("the text holds a null character, after which nothing can be read")
    if sql.startswith(_BYTE_ORDER_MARK):
        raise UnreadableSql("the text begins with a byte order mark, at which PostgreSQL stops; save it without one")
    try:
        parsed = parse_sql(sql)
    except ParseError as error:
        raise UnreadableSql(_said(error, sql)) from error
    except RecursionError as error:
        raise UnreadableSql("the text is nested too deeply to be read") from error
    except UnicodeEncodeError as error:
        raise UnreadableSql("the text is not UTF-8") from error
    return tuple(_statement(sql, raw) for raw in parsed)


def walk(node: object) -> Iterator[ast.Node]:
    """Give a tree's nodes, the outermost first, without recursion: an expression may be thousands deep."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Node):
            yield one
            waiting += [getattr(one, name) for name in one]
        elif isinstance(one, tuple):
            waiting += one


def relation_name(relation: ast.RangeVar | None) -> str:
    """Name a table as people do: `Patient`, with its schema only where that is not `public`."""
    if relation is None:
        return "an unnamed table"
    return named(part for part in (relation.schemaname, relation.relname) if part)


def named(parts: Sequence[str] | Iterator[str]) -> str:
    """Join the parts of a name, leaving out the schema `public`."""
    words = list(parts)
    if len(words) > 1 and words[0] == _PUBLIC:
        words = words[1:]
    return ".".join(words)


def strings(names: object) -> list[str]:
    """Return the words of a parsed name."""
    if not isinstance(names, tuple):
        return []
    return [one.sval for one in names if isinstance(one, ast.String) and one.sval is not None]


def object_name(one: object) -> str:
    """Name an object however its kind is named: a type and a function are in ways of their own."""
    if isinstance(one, ast.RangeVar):
        return relation_name(one)
    if isinstance(one, ast.ObjectWithArgs):
        return named(strings(one.objname))
    if isinstance(one, ast.TypeName):
        return named(strings(one.names))
    return named(strings(one)) or str(getattr(one, "sval", None) or getattr(one, "ival", None) or "what is named there")


def quoted(*parts: str) -> str:
    """Write a name so that PostgreSQL reads it as it is: `"Patient"`, `"billing"."Invoice"`."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def quoted_relation(relation: ast.RangeVar) -> str:
    """Write a table's name as it stands in the migration."""
    return quoted(*(part for part in (relation.schemaname, relation.relname) if part))


def _statement(sql: str, raw: ast.RawStmt) -> Statement:
    begin = raw.stmt_location or 0
    whole = sql[begin : begin + raw.stmt_len] if raw.stmt_len else sql[begin:]
    text = " ".join(whole.split())
    if raw.stmt is None:
        raise UnreadableSql(f"line {_line(sql, begin)} holds a statement without content")
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return Statement(raw.stmt, _line(sql, begin + len(whole) - len(whole.lstrip())), shown)


def _said(error: ParseError, sql: str) -> str:
    what, *where = error.args
    index = where[0] if where and isinstance(where[0], int) else 0
    if "end of input" in str(what):
        index = len(sql.rstrip())
    return f"line {_line(sql, index)}: {str(what).partition(', at index')[0]}"


def _line(sql: str, index: int) -> int:
    return sql.count("\n", 0, index) + 1
