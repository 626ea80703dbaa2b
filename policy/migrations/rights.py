"""Whether the user who migrates may do what a statement does: what PostgreSQL will refuse is said first."""

from collections.abc import Iterator

from pglast import ast
from pglast.enums import ObjectType

from policy.migrations.findings import NOTHING_TO_UNDO, Finding, Safety
from policy.migrations.so_far import SoFar
from policy.migrations.statements import named, relation_name, strings, walk

_OWNED = ast.AlterTableStmt | ast.IndexStmt | ast.RenameStmt | ast.AlterObjectSchemaStmt | ast.RuleStmt
_WRITES: dict[type[ast.Node], str] = {
    ast.InsertStmt: "INSERT",
    ast.UpdateStmt: "UPDATE",
    ast.DeleteStmt: "DELETE",
    ast.MergeStmt: "UPDATE",
}


def judge_rights(node: ast.Node, so_far: SoFar) -> Iterator[Finding]:
    """Give each table that belongs to somebody else, and each schema in which nothing may be made."""
    if so_far.facts is None:
        return
    user = so_far.facts.user
    for table in dict.fromkeys(_needs_owner(node)):
        facts = so_far.facts_of(table)
        if facts and not facts.owned:
            yield _refused(f"{table} belongs to somebody else than {user}", f"ALTER TABLE … OWNER TO {user}")
    for table, right in dict.fromkeys(_needs_right(node)):
        facts = so_far.facts_of(table)
        if facts and facts.may is not None and right not in facts.may:
            yield _refused(f"{user} has no right to {right} on {table}", f"GRANT {right} ON … TO {user}")
    schema = _needs_schema(node, so_far.facts.schema)
    if schema and so_far.knows and so_far.schemas and schema not in so_far.schemas:
        yield _refused(f"There is no schema {schema} today", "CREATE SCHEMA in an earlier migration")
    if schema and so_far.knows and schema in so_far.facts.locked_schemas:
        yield _refused(f"{user} may make nothing in the schema {schema}", f"GRANT CREATE ON SCHEMA … TO {user}")


def _needs_owner(node: ast.Node) -> Iterator[str]:
    if isinstance(node, _OWNED) and node.relation:
        yield relation_name(node.relation)
    elif isinstance(node, ast.CreatePolicyStmt):
        yield relation_name(node.table)


def _needs_right(node: ast.Node) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.TruncateStmt):
        yield from ((relation_name(one), "TRUNCATE") for one in node.relations or ())
    elif isinstance(node, ast.DropStmt) and node.removeType is ObjectType.OBJECT_TABLE:
        yield from ((named(strings(one)), "DROP") for one in node.objects or ())
    elif isinstance(node, ast.CreateTrigStmt):
        yield relation_name(node.relation), "TRIGGER"
    elif isinstance(node, ast.AlterTableStmt | ast.CreateStmt):
        constraints = (one for one in walk(node) if isinstance(one, ast.Constraint) and one.pktable)
        yield from ((relation_name(one.pktable), "REFERENCES") for one in constraints)
    elif isinstance(node, ast.SelectStmt | ast.InsertStmt | ast.UpdateStmt | ast.DeleteStmt | ast.MergeStmt):
        for one in walk(node):
            if isinstance(one, ast.InsertStmt | ast.UpdateStmt | ast.DeleteStmt | ast.MergeStmt):
                yield relation_name(one.relation), _WRITES[type(one)]


def _needs_schema(node: ast.Node, usual: str) -> str:
    """The schema in which the statement makes something; of an index that is its table's."""
    relation = None
    if isinstance(node, ast.CreateStmt | ast.IndexStmt):
        relation = node.relation
    elif isinstance(node, ast.ViewStmt):
        relation = node.view
    elif isinstance(node, ast.CreateTableAsStmt) and node.into:
        relation = node.into.rel
    if relation is None or relation.relpersistence == "t":
        return ""
    return relation.schemaname or usual


def _refused(what: str, remedy: str) -> Finding:
    return Finding(
        Safety.RISKY,
        f"{what}, so this statement will fail",
        advice=remedy,
        fails=True,
        undo=NOTHING_TO_UNDO,
        stage=None,
    )
