"""What migrations add that may come to hold data: tables, and columns of tables that were there before (4.3.1)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pglast import ast
from pglast.enums import AlterTableType, ConstrType, ObjectType
from pglast.stream import RawStream

from policy.migrations.expressions import unsteady_part
from policy.migrations.statements import UnreadableSql, read_statements, relation_name, strings, walk

_SERIALS = frozenset(("serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"))
_SAME_FOR_ALL = (ast.A_Const, ast.TypeCast, ast.A_ArrayExpr, ast.A_Expr)


@dataclass(frozen=True, slots=True)
class Addition:
    """A new table, or a new column with the default that a row has where nobody wrote one.

    `default` is SQL, empty without one; `tells` is false where a value does not show whether somebody wrote it.
    """

    table: str
    column: str = ""
    default: str = ""
    tells: bool = True

    @property
    def name(self) -> str:
        """How people call it: `Patient.nickname`."""
        return f"{self.table}.{self.column}" if self.column else self.table


def list_additions(files: Iterable[str]) -> tuple[Addition, ...]:
    """Return what the texts of migrations add, each once; one that cannot be read adds nothing that is known."""
    found: dict[str, Addition] = {}
    for sql in files:
        try:
            statements = read_statements(sql)
        except UnreadableSql:
            continue
        for statement in statements:
            for one in _additions_of(statement.node):
                if one.table not in found:
                    found.setdefault(one.name, one)
    return tuple(found.values())


def _additions_of(node: ast.Node) -> Iterator[Addition]:
    if isinstance(node, ast.CreateStmt):
        yield Addition(relation_name(node.relation))
    elif isinstance(node, ast.CreateTableAsStmt) and node.objtype is ObjectType.OBJECT_TABLE and node.into:
        yield Addition(relation_name(node.into.rel))
    elif isinstance(node, ast.SelectStmt) and node.intoClause:
        yield Addition(relation_name(node.intoClause.rel))
    elif isinstance(node, ast.AlterTableStmt):
        for command in node.cmds or ():
            if command.subtype is AlterTableType.AT_AddColumn and isinstance(command.def_, ast.ColumnDef):
                yield _column(relation_name(node.relation), command.def_)


def _column(table: str, column: ast.ColumnDef) -> Addition:
    name = column.colname or ""
    kinds = {one.contype: one for one in column.constraints or () if isinstance(one, ast.Constraint)}
    kind = strings(column.typeName.names)[-1] if column.typeName else ""
    if kind in _SERIALS or ConstrType.CONSTR_IDENTITY in kinds or ConstrType.CONSTR_GENERATED in kinds:
        return Addition(table, name, tells=False)
    default = kinds.get(ConstrType.CONSTR_DEFAULT)
    if default is None:
        return Addition(table, name)
    value = default.raw_expr
    if not isinstance(value, _SAME_FOR_ALL) or unsteady_part(value) or _calls(value):
        return Addition(table, name, tells=False)
    return Addition(table, name, default=str(RawStream()(value)))


def _calls(value: object) -> bool:
    """Whether something like now() gave each row the value of its own moment."""
    return any(isinstance(node, ast.FuncCall | ast.SQLValueFunction) for node in walk(value))
