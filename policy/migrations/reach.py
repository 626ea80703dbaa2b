"""Does SQL reach beyond the database in which it is carried out: then it is not tried in a scratch database."""

from pglast import ast
from pglast.enums import ObjectType

from policy.migrations.statements import Statement, UnreadableSql, read_statements

# Databases, roles, tablespaces, settings and files are those of the whole server, whatever database names them.
_OF_THE_SERVER = (
    ast.AlterDatabaseRefreshCollStmt | ast.AlterDatabaseSetStmt | ast.AlterDatabaseStmt | ast.AlterRoleSetStmt
    | ast.AlterRoleStmt | ast.AlterSubscriptionStmt | ast.AlterSystemStmt | ast.AlterTableSpaceOptionsStmt
    | ast.CreateRoleStmt | ast.CreateSubscriptionStmt | ast.CreateTableSpaceStmt | ast.CreatedbStmt | ast.DropOwnedStmt
    | ast.DropRoleStmt | ast.DropSubscriptionStmt | ast.DropTableSpaceStmt | ast.DropdbStmt | ast.GrantRoleStmt
    | ast.LoadStmt | ast.ReassignOwnedStmt
)  # fmt: skip
_NAMED = ("objtype", "objectType", "renameType", "removeType")
_KINDS = (
    *(ObjectType.OBJECT_DATABASE, ObjectType.OBJECT_ROLE, ObjectType.OBJECT_TABLESPACE),
    *(ObjectType.OBJECT_SUBSCRIPTION, ObjectType.OBJECT_PARAMETER_ACL),
)


def say_what_reaches_out(sql: str) -> str:
    """Return the first statement that changes more than the database it runs in; empty where none does.

    A text that cannot be read may do anything.
    """
    try:
        statements = read_statements(sql)
    except UnreadableSql as error:
        return str(error)
    return next((f"line {one.line}: {one.text}" for one in statements if _reaches_out(one)), "")


def _reaches_out(statement: Statement) -> bool:
    node = statement.node
    if isinstance(node, ast.CopyStmt):
        return bool(node.is_program or node.filename)
    return isinstance(node, _OF_THE_SERVER) or any(getattr(node, name, None) in _KINDS for name in _NAMED)
