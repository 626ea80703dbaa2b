"""Which statements reach the parts of a partitioned table."""

from dataclasses import replace

from pglast import ast
from pglast.enums import AlterTableType

from policy.migrations.findings import Lock
from policy.migrations.so_far import SoFar

_ALONE = (AlterTableType.AT_AttachPartition, AlterTableType.AT_DetachPartition)


def with_parts(locks: tuple[Lock, ...], node: ast.Node, so_far: SoFar) -> tuple[Lock, ...]:
    """Return the locks under the names of today, with those of the parts: what is done to a table is done to each."""
    locks = tuple(replace(one, table=so_far.name_before(one.table)) for one in locks)
    if not _reaches_parts(node):
        return locks
    found = list(locks)
    for lock in locks:
        facts = so_far.facts_of(lock.table)
        found += [Lock(part, lock.mode, lock.long) for part in (facts.parts if facts else ())]
    return tuple(dict.fromkeys(found))


def _reaches_parts(node: ast.Node) -> bool:
    if isinstance(node, ast.AlterTableStmt):
        alone = any(command.subtype in _ALONE for command in node.cmds or ())
        return bool(node.relation and node.relation.inh) and not alone
    if isinstance(node, ast.IndexStmt):
        return bool(node.relation and node.relation.inh) and not node.concurrent
    return isinstance(node, ast.TruncateStmt | ast.DropStmt)
