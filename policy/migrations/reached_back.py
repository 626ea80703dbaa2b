"""Does a down.sql take away more than its migration added: what that held was counted by nobody (4.3.1)."""

from collections.abc import Collection, Iterator, Mapping

from pglast import ast
from pglast.enums import AlterTableType, ObjectType

from policy.judgement import Judgement, failed, unknown
from policy.migrations.added import Addition
from policy.migrations.expressions import effectful_functions
from policy.migrations.rows import Changing
from policy.migrations.statements import UnreadableSql, named, read_statements, relation_name, strings, walk
from policy.migrations.trial import Down, Source

_HIDDEN = ast.DoStmt | ast.CallStmt | ast.ExecuteStmt | ast.PrepareStmt


def judge_reached_back(downs: Mapping[str, Down], additions: Collection[Addition]) -> Iterator[Judgement]:
    """Fail what its author wrote, where it takes rows, tables or columns that the migrations did not add.

    What cannot be seen in the text is not known.
    """
    added = {one.name for one in additions}
    for name, down in downs.items():
        if down.source is not Source.FILE:
            continue
        try:
            nodes = [node for statement in read_statements(down.sql) for node in walk(statement.node)]
        except UnreadableSql:
            continue
        if any(isinstance(node, _HIDDEN) or (isinstance(node, ast.SelectStmt) and effectful_functions(node))
               for node in nodes):  # fmt: skip
            yield unknown(f"{name}: what {down.source} does is not in its text, so nothing that it takes was counted")
        taken = [what for node in nodes for what in _taken(node)]
        for what in dict.fromkeys(one for one in taken if one not in added and one.rpartition(".")[0] not in added):
            yield failed(f"{name}: {down.source} takes {what}, which the migration did not add, so nobody counted it")


def _taken(node: ast.Node) -> Iterator[str]:
    """Give each table whose rows are changed or which is dropped, and each column that is dropped."""
    if isinstance(node, Changing) and not isinstance(node, ast.InsertStmt):
        yield relation_name(node.relation)
    elif isinstance(node, ast.TruncateStmt):
        yield from (relation_name(one) for one in node.relations or ())
    elif isinstance(node, ast.DropStmt) and node.removeType is ObjectType.OBJECT_TABLE:
        yield from (named(strings(one)) for one in node.objects or ())
    elif isinstance(node, ast.DropStmt) and node.removeType is ObjectType.OBJECT_SCHEMA:
        yield from (f"the schema {one.sval}" for one in node.objects or () if isinstance(one, ast.String))
    elif isinstance(node, ast.AlterTableStmt):
        for command in node.cmds or ():
            if command.subtype is AlterTableType.AT_DropColumn:
                yield f"{relation_name(node.relation)}.{command.name}"
