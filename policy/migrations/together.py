"""Judges what the statements of a migration do together that none of them does alone."""

from collections.abc import Iterator, Sequence

from pglast import ast
from pglast.enums import AlterTableType, ObjectType, TransactionStmtKind

from policy.migrations.findings import NOTHING_TO_UNDO, Finding, Lock, Mode, Safety, Stage
from policy.migrations.statements import Statement, named, relation_name, strings, walk

_HELD = (Mode.SHARE_ROW_EXCLUSIVE, Mode.ACCESS_EXCLUSIVE)


def judge_together(statements: Sequence[Statement], findings: Sequence[Sequence[Finding]]) -> Iterator[Finding]:
    """Give what follows from the statements as a whole: Prisma sends a file as one transaction."""
    yield from _drops_that_look_like_renames(statements)
    yield from _tables_that_look_renamed(statements)
    yield from _never_committed(statements)
    yield from _outside_a_transaction(statements, findings)
    yield from _enum_values_used_at_once(statements)
    yield from _locks_held_through(statements, findings)
    yield from _mixed_stages(findings)


def _drops_that_look_like_renames(statements: Sequence[Statement]) -> Iterator[Finding]:
    dropped, added = (
        _columns(statements, AlterTableType.AT_DropColumn),
        _columns(statements, AlterTableType.AT_AddColumn),
    )
    for (table, old), line in dropped.items():
        if (table, old) in added and added[table, old] < line:
            continue
        if (table, old) in added:
            yield _together(
                Safety.DANGEROUS, f"Drops {table}.{old} and adds it again; the values that it held are lost"
            )
        elif any(other == table for other, _name in added):
            yield _together(
                Safety.DANGEROUS, f"Drops {table}.{old}; looks like a rename: use RENAME COLUMN if that was meant."
            )


def _tables_that_look_renamed(statements: Sequence[Statement]) -> Iterator[Finding]:
    """Prisma drops the table of a model that was renamed, and makes an empty one."""
    nodes = [one.node for one in statements]
    made = [relation_name(one.relation) for one in nodes if isinstance(one, ast.CreateStmt)]
    for node in nodes:
        if isinstance(node, ast.DropStmt) and node.removeType is ObjectType.OBJECT_TABLE:
            for old in (named(strings(one)) for one in node.objects or ()):
                if made and old not in made:
                    yield _together(
                        Safety.DANGEROUS,
                        f"Drops {old} and makes {', '.join(made)}; looks like a rename: use ALTER TABLE … RENAME TO if"
                        " that was meant.",
                    )


def _never_committed(statements: Sequence[Statement]) -> Iterator[Finding]:
    """What a file begins and never ends is undone when Prisma hangs up, with the row that says it was applied."""
    kinds = {one.node.kind: one.line for one in statements if isinstance(one.node, ast.TransactionStmt)}
    savepoint = kinds.get(TransactionStmtKind.TRANS_STMT_SAVEPOINT)
    begun = kinds.get(TransactionStmtKind.TRANS_STMT_BEGIN, kinds.get(TransactionStmtKind.TRANS_STMT_START))
    if savepoint is not None and begun is None:
        yield _together(
            Safety.RISKY,
            f"Line {savepoint} sets a savepoint, which needs a BEGIN in the same file, so this file will fail",
            fails=True,
        )
    if begun is not None and TransactionStmtKind.TRANS_STMT_COMMIT not in kinds:
        yield _together(
            Safety.RISKY,
            f"Line {begun} begins a transaction that no line commits, so nothing of this file stays",
            advice="leave BEGIN out: the file is one transaction already",
            fails=True,
        )


def _outside_a_transaction(statements: Sequence[Statement], findings: Sequence[Sequence[Finding]]) -> Iterator[Finding]:
    if len(statements) < 2:
        return
    for statement, found in zip(statements, findings, strict=True):
        if any(one.needs_no_transaction for one in found):
            word = "CONCURRENTLY" if "concurrently" in statement.text.lower() else statement.text.split()[0].upper()
            yield _together(
                Safety.RISKY,
                f"Line {statement.line}: {word} cannot run beside other statements, so this file will fail",
                advice="give it a migration of its own, with that one statement",
                fails=True,
            )


def _enum_values_used_at_once(statements: Sequence[Statement]) -> Iterator[Finding]:
    added: dict[str, int] = {}
    made = {named(strings(one.node.typeName)) for one in statements if isinstance(one.node, ast.CreateEnumStmt)}
    for statement in statements:
        constants = (node.val for node in walk(statement.node) if isinstance(node, ast.A_Const))
        used = {one.sval for one in constants if isinstance(one, ast.String) and one.sval in added}
        for value in sorted(one for one in used if one):
            yield _together(
                Safety.RISKY,
                f"Line {statement.line} uses the value {value} of line {added[value]}; a new value cannot be used in"
                " the transaction that adds it, so this file will fail",
                advice="add the value in a migration of its own",
                fails=True,
            )
        node = statement.node
        if isinstance(node, ast.AlterEnumStmt) and node.newVal and not node.oldVal and not _is_one_of(node, made):
            added[node.newVal] = statement.line


def _is_one_of(node: ast.AlterEnumStmt, made: set[str]) -> bool:
    """A type of the same transaction may be used whole."""
    return named(strings(node.typeName)) in made


def _locks_held_through(statements: Sequence[Statement], findings: Sequence[Sequence[Finding]]) -> Iterator[Finding]:
    """A lock is kept to the end of the file, so a slow statement after it makes everybody wait for both."""
    held: dict[str, tuple[Lock, int]] = {}
    for statement, found in zip(statements, findings, strict=True):
        slow = next((lock for one in found for lock in one.locks if lock.long), None)
        for before, line in held.values():
            if slow is not None and _keeps_out(before, slow):
                who = "reads and writes" if before.mode is Mode.ACCESS_EXCLUSIVE else "writes"
                yield _together(
                    Safety.RISKY,
                    f"{before.table} is locked from line {line} on, and line {statement.line} takes as long as"
                    f" {slow.table} is large; {who} of {before.table} wait for it",
                    advice="put the slow statement into a migration of its own",
                )
                return
        for lock in (lock for one in found for lock in one.locks if lock.mode in _HELD):
            if lock.table not in held or held[lock.table][0].mode is not Mode.ACCESS_EXCLUSIVE:
                held[lock.table] = (lock, statement.line)


def _keeps_out(before: Lock, slow: Lock) -> bool:
    """Whether people wait for the slow statement because of the lock before it, as for VALIDATE after NOT VALID."""
    return before.mode is Mode.ACCESS_EXCLUSIVE or slow.mode is Mode.SHARE_UPDATE_EXCLUSIVE


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


def _columns(statements: Sequence[Statement], kind: AlterTableType) -> dict[tuple[str, str], int]:
    """The columns that ALTER TABLE drops or adds anywhere in the file, and in which statement."""
    found: dict[tuple[str, str], int] = {}
    for place, statement in enumerate(statements):
        node = statement.node
        if isinstance(node, ast.AlterTableStmt) and node.objtype is ObjectType.OBJECT_TABLE:
            for command in node.cmds or ():
                if command.subtype is kind:
                    column = command.def_.colname if isinstance(command.def_, ast.ColumnDef) else command.name
                    found.setdefault((relation_name(node.relation), column or ""), place)
    return found
