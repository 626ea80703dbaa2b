"""Judges what the statements of a migration do together that none of them does alone."""

from collections.abc import Iterator, Sequence

from pglast import ast
from pglast.enums import AlterTableType, ObjectType

from policy.migrations.findings import NOTHING_TO_UNDO, Finding, Mode, Safety, Stage
from policy.migrations.statements import Statement, relation_name, walk


def judge_together(statements: Sequence[Statement], findings: Sequence[Sequence[Finding]]) -> Iterator[Finding]:
    """Give what follows from the statements as a whole: Prisma sends a file as one transaction."""
    yield from _drops_that_look_like_renames(statements)
    yield from _outside_a_transaction(statements, findings)
    yield from _enum_values_used_at_once(statements)
    yield from _locks_held_through(statements, findings)
    yield from _mixed_stages(findings)


def _drops_that_look_like_renames(statements: Sequence[Statement]) -> Iterator[Finding]:
    dropped, added = (
        _columns(statements, AlterTableType.AT_DropColumn),
        _columns(statements, AlterTableType.AT_AddColumn),
    )
    for table, old in dropped:
        if (table, old) in added:
            yield _together(
                Safety.DANGEROUS, f"Drops {table}.{old} and adds it again; the values that it held are lost"
            )
        elif any(other == table for other, _ in added):
            yield _together(
                Safety.DANGEROUS, f"Drops {table}.{old}; looks like a rename: use RENAME COLUMN if that was meant."
            )


def _outside_a_transaction(statements: Sequence[Statement], findings: Sequence[Sequence[Finding]]) -> Iterator[Finding]:
    if len(statements) < 2:
        return
    for statement, found in zip(statements, findings, strict=True):
        if any(one.needs_no_transaction for one in found):
            yield _together(
                Safety.RISKY,
                f"Line {statement.line}: CONCURRENTLY cannot run beside other statements, so this file will fail",
                advice="give it a migration of its own, with that one statement",
                fails=True,
            )


def _enum_values_used_at_once(statements: Sequence[Statement]) -> Iterator[Finding]:
    added: dict[str, int] = {}
    for statement in statements:
        used = {node.sval for node in walk(statement.node) if isinstance(node, ast.String) and node.sval in added}
        for value in sorted(one for one in used if one):
            yield _together(
                Safety.RISKY,
                f"Line {statement.line} uses the value {value} of line {added[value]}; a new value cannot be used in"
                " the transaction that adds it, so this file will fail",
                advice="add the value in a migration of its own",
                fails=True,
            )
        if isinstance(statement.node, ast.AlterEnumStmt) and statement.node.newVal and not statement.node.oldVal:
            added[statement.node.newVal] = statement.line


def _locks_held_through(statements: Sequence[Statement], findings: Sequence[Sequence[Finding]]) -> Iterator[Finding]:
    """A lock is kept to the end of the file, so a slow statement after it makes everybody wait for both."""
    held: dict[str, int] = {}
    for statement, found in zip(statements, findings, strict=True):
        slow = [lock for one in found for lock in one.locks if lock.long]
        for table, line in held.items():
            if slow and line < statement.line:
                yield _together(
                    Safety.RISKY,
                    f"{table} is locked from line {line} on, and line {statement.line} takes as long as"
                    f" {slow[0].table} is large; reads and writes of {table} wait for it",
                    advice="put the slow statement into a migration of its own",
                )
                return
        held |= {
            lock.table: statement.line
            for one in found
            for lock in one.locks
            if lock.mode is Mode.ACCESS_EXCLUSIVE and lock.table not in held
        }


def _mixed_stages(findings: Sequence[Sequence[Finding]]) -> Iterator[Finding]:
    stages = {one.stage for found in findings for one in found}
    if {Stage.EXPAND, Stage.CONTRACT} <= stages:
        yield _together(
            Safety.RISKY,
            "Makes room for new code and takes from old code in one file; one of the two versions cannot live with it",
            advice="split it: what is added before the release, what is taken away in a later one",
        )


def _together(safety: Safety, reason: str, *, advice: str = "", fails: bool = False) -> Finding:
    return Finding(safety, reason, advice=advice, fails=fails, undo=NOTHING_TO_UNDO, stage=None)


def _columns(statements: Sequence[Statement], kind: AlterTableType) -> list[tuple[str, str]]:
    """The columns that ALTER TABLE drops or adds anywhere in the file."""
    found = []
    for statement in statements:
        node = statement.node
        if isinstance(node, ast.AlterTableStmt) and node.objtype is ObjectType.OBJECT_TABLE:
            for command in node.cmds or ():
                if command.subtype is kind:
                    column = command.def_.colname if isinstance(command.def_, ast.ColumnDef) else command.name
                    found.append((relation_name(node.relation), column or ""))
    return found
