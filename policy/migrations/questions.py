"""What has to be asked of the real database before migrations can be judged by it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pglast import ast
from pglast.enums import AlterTableType, ConstrType

from policy.migrations.asked import Alike, Asked, Breaking, Longer, Orphans
from policy.migrations.column_types import kind_of
from policy.migrations.expressions import spell
from policy.migrations.statements import UnreadableSql, read_statements, relation_name, strings, walk

_UNIQUE = (ConstrType.CONSTR_UNIQUE, ConstrType.CONSTR_PRIMARY)


@dataclass(frozen=True, slots=True)
class Questions:
    """The tables that migrations name, to be counted, and the columns that would have to have a value in every row.

    `counts` are those about rows that would keep a constraint or a type from being made.
    """

    tables: tuple[str, ...] = ()
    required: tuple[tuple[str, str], ...] = ()
    counts: tuple[Asked, ...] = ()


def list_questions(files: Iterable[str]) -> Questions:
    """Return what the texts of migrations make worth knowing; one that cannot be read asks nothing."""
    tables: dict[str, None] = {}
    required: dict[tuple[str, str], None] = {}
    counts: dict[Asked, None] = {}
    for sql in files:
        try:
            statements = read_statements(sql)
        except UnreadableSql:
            continue
        nodes = [node for one in statements for node in walk(one.node)]
        tables |= dict.fromkeys(relation_name(node) for node in nodes if isinstance(node, ast.RangeVar))
        for node in nodes:
            if isinstance(node, ast.AlterTableStmt):
                table = relation_name(node.relation)
                required |= dict.fromkeys((table, name) for name in _required(node))
                counts |= dict.fromkeys(asked for one in node.cmds or () for asked in _of_command(table, one))
            elif isinstance(node, ast.IndexStmt):
                counts |= dict.fromkeys(_of_index(node))
    return Questions(tuple(tables), tuple(required), tuple(counts))


def _required(node: ast.AlterTableStmt) -> Iterator[str]:
    for one in node.cmds or ():
        if one.subtype is AlterTableType.AT_SetNotNull:
            yield one.name or ""
        elif isinstance(one.def_, ast.Constraint) and one.def_.contype is ConstrType.CONSTR_NOTNULL:
            yield from strings(one.def_.keys)


def _of_command(table: str, command: ast.AlterTableCmd) -> Iterator[Asked]:
    made = command.def_
    if command.subtype is AlterTableType.AT_AlterColumnType and isinstance(made, ast.ColumnDef):
        kind = kind_of(made.typeName)
        if kind.is_text and kind.numbers and made.raw_default is None:
            yield Longer(table, command.name or "", kind.numbers[0])
    elif isinstance(made, ast.Constraint) and made.contype is ConstrType.CONSTR_FOREIGN:
        if made.fk_attrs and made.pk_attrs and not made.skip_validation:
            there = tuple(strings(made.pk_attrs))
            yield Orphans(table, tuple(strings(made.fk_attrs)), relation_name(made.pktable), there)
    elif isinstance(made, ast.Constraint) and made.contype in _UNIQUE and made.keys and not made.nulls_not_distinct:
        yield Alike(table, tuple(strings(made.keys)))
    elif isinstance(made, ast.Constraint) and made.contype is ConstrType.CONSTR_CHECK and not made.skip_validation:
        yield from (Breaking(table, condition) for condition in (spell(made.raw_expr),) if condition)


def _of_index(node: ast.IndexStmt) -> Iterator[Asked]:
    columns = tuple(one.name for one in node.indexParams or () if isinstance(one, ast.IndexElem) and one.name)
    where = spell(node.whereClause)
    known = len(columns) == len(node.indexParams or ()) and bool(where) is (node.whereClause is not None)
    if node.unique and known and not node.nulls_not_distinct:
        yield Alike(relation_name(node.relation), columns, where)
