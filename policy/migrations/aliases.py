"""Renames that leave the old name behind as a view, so that the version before still finds it (6.2: "with alias")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pglast import ast

from policy.migrations.statements import Statement, named, relation_name, strings


@dataclass(frozen=True, slots=True)
class Alias:
    """A plain view of one table, by which rows are read and written; `columns` are what it calls them otherwise."""

    table: str
    columns: Mapping[str, str] = field(default_factory=dict)


def find_aliases(statements: Sequence[Statement]) -> dict[str, Alias]:
    """Return by name the views of a file that show a whole table, each row and each column of it."""
    found: dict[str, Alias] = {}
    for statement in statements:
        node = statement.node
        if isinstance(node, ast.ViewStmt) and isinstance(node.query, ast.SelectStmt):
            alias = None if node.aliases or _lasts_a_session(node.view) else _alias_of(node.query)
            if alias:
                found[relation_name(node.view)] = alias
            else:
                found.pop(relation_name(node.view), None)
        elif isinstance(node, ast.RenameStmt | ast.AlterObjectSchemaStmt):
            found.pop(relation_name(node.relation), None)
        elif isinstance(node, ast.DropStmt):
            for one in node.objects or ():
                found.pop(named(strings(one)), None)
    return found


def _alias_of(query: ast.SelectStmt) -> Alias | None:
    """PostgreSQL writes through a view of one table that neither chooses nor computes anything."""
    source = (query.fromClause or (None,))[0] if len(query.fromClause or ()) == 1 else None
    chooses = (query.whereClause, query.groupClause, query.distinctClause, query.limitCount, query.withClause)
    more = (query.havingClause, query.limitOffset, query.windowClause, query.larg, query.valuesLists)
    if not isinstance(source, ast.RangeVar) or any(one is not None for one in (*chooses, *more)):
        return None
    whole, columns = False, {}
    for target in query.targetList or ():
        if not isinstance(target, ast.ResTarget) or not isinstance(target.val, ast.ColumnRef):
            return None
        fields = target.val.fields or ()
        if isinstance(fields[-1], ast.A_Star):
            whole = True
        else:
            column = strings(fields)[-1]
            columns[target.name or column] = column
    return Alias(relation_name(source), columns) if whole else None


def _lasts_a_session(view: ast.RangeVar | None) -> bool:
    return view is None or view.relpersistence == "t"
