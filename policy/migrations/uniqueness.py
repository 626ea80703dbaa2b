"""Which columns stay unique throughout a file that puts one unique index in the place of another (6.2.1, 6.3.1).

Prisma 6 renews the index of every implicit relation so: a primary key comes, the unique index of before goes.
"""

from collections.abc import Iterator, Mapping, Sequence

from pglast import ast
from pglast.enums import AlterTableType, ConstrType, ObjectType

from policy.migrations.facts import Index
from policy.migrations.statements import Statement, UnreadableSql, named, read_statements, relation_name, strings

Unique = tuple[str, frozenset[str]]
_KEYS = (ConstrType.CONSTR_UNIQUE, ConstrType.CONSTR_PRIMARY)


def find_unique_throughout(statements: Sequence[Statement], indexes: Mapping[str, Index]) -> frozenset[Unique]:
    """Return table and columns that are unique today and after the file, which takes effect as a whole."""
    dropped = {name for one in statements for name in _dropped(one.node)}
    added = {unique for one in statements for unique in _added(one.node)}
    if not dropped and not added:
        # Each index of the database would be read for nothing.
        return frozenset()
    today = {name: (one.table, columns) for name, one in indexes.items() if (columns := columns_of(one))}
    stay = {unique for name, unique in today.items() if name not in dropped}
    return frozenset({*today.values()} & (stay | added))


def unique_by(index: ast.IndexStmt | None) -> frozenset[str]:
    """Return the columns that a unique index keeps unique in every row; none where it looks at less, or at more."""
    if index is None or not index.unique or index.whereClause is not None or index.nulls_not_distinct:
        return frozenset()
    names = [one.name for one in index.indexParams or () if isinstance(one, ast.IndexElem) and one.name]
    return frozenset(names) if len(names) == len(index.indexParams or ()) else frozenset()


def unique_by_key(constraint: ast.Constraint) -> frozenset[str]:
    """Return the columns of a UNIQUE or PRIMARY KEY that can serve ON CONFLICT, which one that waits cannot."""
    plain = constraint.contype in _KEYS and not constraint.deferrable and not constraint.nulls_not_distinct
    return frozenset(strings(constraint.keys)) if plain else frozenset()


def columns_of(index: Index) -> frozenset[str]:
    """Return the columns that an index of today keeps unique in every row."""
    if not index.definition.startswith("CREATE UNIQUE"):
        return frozenset()
    try:
        nodes = [one.node for one in read_statements(index.definition)]
    except UnreadableSql:
        return frozenset()
    return unique_by(next((one for one in nodes if isinstance(one, ast.IndexStmt)), None))


def _dropped(node: ast.Node) -> Iterator[str]:
    if isinstance(node, ast.DropStmt) and node.removeType is ObjectType.OBJECT_INDEX:
        yield from (named(strings(one)) for one in node.objects or ())
    if isinstance(node, ast.AlterTableStmt):
        schema = node.relation.schemaname if node.relation else None
        for command in node.cmds or ():
            if command.subtype is AlterTableType.AT_DropConstraint:
                yield named(part for part in (schema, command.name) if part)


def _added(node: ast.Node) -> Iterator[Unique]:
    if isinstance(node, ast.IndexStmt) and (columns := unique_by(node)):
        yield relation_name(node.relation), columns
    if isinstance(node, ast.AlterTableStmt):
        constraints = [one.def_ for one in node.cmds or () if isinstance(one.def_, ast.Constraint)]
        yield from ((relation_name(node.relation), columns) for one in constraints if (columns := unique_by_key(one)))
