"""Reads a backfill: one statement that changes the rows of a range of keys, carried out range by range (6.3.1)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import cast

from pglast import ast
from pglast.enums import A_Expr_Kind, BoolExprType, NullTestType, OnConflictAction

from policy.limits import Risk
from policy.migrations.expressions import effectful_functions
from policy.migrations.statements import (
    UnreadableSql,
    quoted,
    quoted_relation,
    read_statements,
    relation_name,
    strings,
    walk,
)
from policy.wording import counted

FIRST, LAST = 1, 2
# What stands in quotes or in a comment is passed over whole: there `:first` is what its author wrote.
_BOUND = re.compile(
    r"""[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|--[^\n]*|/\*.*?\*/"""
    r"|(?<![:\w]):(?P<bound>first|last)\b",
    re.DOTALL,
)
_NUMBER = {"first": f"${FIRST}", "last": f"${LAST}"}
_FOLDER = "backfills"
# They have one value for the same row, and change nothing else.
_OF_A_ROW = frozenset(
    (
        *("btrim", "ltrim", "rtrim", "replace", "regexp_replace", "split_part", "substring", "substr"),
        *("left", "right", "lpad", "rpad", "initcap", "concat_ws", "nullif", "greatest", "least"),
        *("ceil", "floor", "trunc", "date", "to_number", "gen_random_uuid", "jsonb_set", "jsonb_extract_path_text"),
    )
)
_Changing = ast.UpdateStmt | ast.DeleteStmt | ast.InsertStmt


class NoBackfill(ValueError):
    """The text is no backfill that can be carried out in ranges; the message says why."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """One statement with its range of keys as `$1` and `$2`; `loses` says what is gone afterwards, if anything."""

    name: str
    sql: str
    table: str
    key: str
    loses: str = ""

    @property
    def risk(self) -> tuple[Risk, str]:
        """The least risk of a release with this backfill, and why: what nothing takes back is the CTO's."""
        if self.loses:
            return Risk.HIGH, f"backfill {self.name} cannot be taken back: {self.loses}"
        return Risk.MEDIUM, f"backfill {self.name} fills what is empty"


def backfills_folder(migrations_folder: str) -> str:
    """Return where backfills lie: beside the folder of the migrations."""
    return str(PurePosixPath(migrations_folder).parent / _FOLDER)


def list_backfills(files: Sequence[str], *, folder: str) -> tuple[str, ...]:
    """Return the paths of the backfills among these files, in the order in which they are carried out."""
    return tuple(sorted(path for path in files if str(PurePosixPath(path).parent) == folder and path.endswith(".sql")))


def read_backfill(name: str, text: str) -> Backfill:
    """Return the backfill of this file; raise NoBackfill with what it would have to be."""
    sql = _BOUND.sub(lambda found: _NUMBER.get(found["bound"] or "", found[0]), text)
    try:
        statements = read_statements(sql)
    except UnreadableSql as error:
        raise NoBackfill(f"{name}: {error}") from error
    if len(statements) != 1:
        raise NoBackfill(f"{name}: holds {counted(len(statements), 'statement')}, expected one")
    node = statements[0].node
    if not isinstance(node, _Changing):
        raise NoBackfill(f"{name}: expected UPDATE, DELETE or INSERT … SELECT, found {_word(node)}")
    if others := [one for one in walk(node) if one is not node and isinstance(one, _Changing | ast.MergeStmt)]:
        raise NoBackfill(f"{name}: changes rows in {len(others) + 1} places, expected one")
    if unknown := [one for one in effectful_functions(node) if one.rpartition(".")[2] not in _OF_A_ROW]:
        raise NoBackfill(f"{name}: calls {unknown[0]}(), of which it is not known that it changes nothing else")
    source, condition = _source_of(name, node)
    key = _bounded_key(name, condition, source)
    ours = {one.number for one in walk(node) if isinstance(one, ast.ParamRef)}
    if ours != {FIRST, LAST}:
        raise NoBackfill(f"{name}: expected the bounds :first and :last and no other parameter")
    return Backfill(name, sql.strip().rstrip(";"), quoted_relation(source), quoted(key), _loses(node, condition))


def _source_of(name: str, node: _Changing) -> tuple[ast.RangeVar, object]:
    """Return the table whose keys are counted through, and the condition that bounds them."""
    if not isinstance(node, ast.InsertStmt):
        return cast("ast.RangeVar", node.relation), node.whereClause
    select = node.selectStmt
    if isinstance(select, ast.SelectStmt):
        tables = select.fromClause or ()
        if len(tables) == 1 and isinstance(tables[0], ast.RangeVar):
            return tables[0], select.whereClause
    raise NoBackfill(f"{name}: an INSERT has to take its rows by a SELECT of one table")


def _bounded_key(name: str, condition: object, source: ast.RangeVar) -> str:
    """Return the column of which the condition takes exactly the range, both ends included."""
    called = source.alias.aliasname if source.alias else source.relname
    lower: set[str] = set()
    upper: set[str] = set()
    for part in _parts(condition):
        if not isinstance(part, ast.A_Expr) or not isinstance(part.lexpr, ast.ColumnRef):
            continue
        *where, column = strings(part.lexpr.fields) or [""]
        if where not in ([], [called]):
            continue
        ends = part.rexpr if isinstance(part.rexpr, tuple) else ()
        if part.kind == A_Expr_Kind.AEXPR_BETWEEN and [_param(one) for one in ends] == [FIRST, LAST]:
            return column
        operator = "".join(strings(part.name))
        if operator == ">=" and _param(part.rexpr) == FIRST:
            lower.add(column)
        if operator == "<=" and _param(part.rexpr) == LAST:
            upper.add(column)
    if both := sorted(lower & upper):
        return both[0]
    raise NoBackfill(f"{name}: no AND part of its WHERE says KEY BETWEEN :first AND :last of {called}")


def _parts(condition: object) -> Iterator[object]:
    """Give what has to hold at once."""
    if isinstance(condition, ast.BoolExpr) and condition.boolop == BoolExprType.AND_EXPR:
        for one in condition.args or ():
            yield from _parts(one)
    elif condition is not None:
        yield condition


def _param(node: object) -> int | None:
    return node.number if isinstance(node, ast.ParamRef) else None


def _loses(node: _Changing, condition: object) -> str:
    """Say what is gone afterwards: an UPDATE of columns that its WHERE requires to be NULL loses nothing."""
    table = relation_name(node.relation)
    if isinstance(node, ast.DeleteStmt):
        return f"the rows of {table} are gone"
    if isinstance(node, ast.InsertStmt):
        changes = node.onConflictClause and node.onConflictClause.action == OnConflictAction.ONCONFLICT_UPDATE
        return f"the values that rows of {table} held are gone" if changes else ""
    relation = cast("ast.RangeVar", node.relation)
    own = relation.alias.aliasname if relation.alias else relation.relname
    tests = (one for one in _parts(condition) if isinstance(one, ast.NullTest))
    empty = {
        strings(one.arg.fields)[-1]
        for one in tests
        if one.nulltesttype == NullTestType.IS_NULL and isinstance(one.arg, ast.ColumnRef)
        if strings(one.arg.fields)[:-1][-1:] in ([], [own])
    }
    changed = [one.name or "" for one in node.targetList or ()]
    lost = sorted(set(changed) - empty)
    return f"the values that {table}.{', '.join(lost)} held are gone" if lost else ""


def _word(node: ast.Node) -> str:
    return type(node).__name__.removesuffix("Stmt").upper()
