"""What has to be asked of the real database before migrations can be judged by it."""

from collections.abc import Iterable
from dataclasses import dataclass

from pglast import ast
from pglast.enums import AlterTableType

from policy.migrations.statements import UnreadableSql, read_statements, relation_name, walk


@dataclass(frozen=True, slots=True)
class Questions:
    """The tables that migrations name, to be counted, and the columns that would have to have a value in every row."""

    tables: tuple[str, ...] = ()
    required: tuple[tuple[str, str], ...] = ()


def list_questions(files: Iterable[str]) -> Questions:
    """Return what the texts of migrations make worth knowing; one that cannot be read asks nothing."""
    tables: dict[str, None] = {}
    required: dict[tuple[str, str], None] = {}
    for sql in files:
        try:
            statements = read_statements(sql)
        except UnreadableSql:
            continue
        nodes = [node for one in statements for node in walk(one.node)]
        tables |= dict.fromkeys(relation_name(node) for node in nodes if isinstance(node, ast.RangeVar))
        for node in nodes:
            if isinstance(node, ast.AlterTableStmt):
                found = (one for one in node.cmds or () if one.subtype is AlterTableType.AT_SetNotNull)
                required |= dict.fromkeys((relation_name(node.relation), one.name or "") for one in found)
    return Questions(tuple(tables), tuple(required))
