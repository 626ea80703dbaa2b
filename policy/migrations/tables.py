"""Judges what ALTER TABLE does to a table, one sub-command at a time."""

from collections.abc import Callable, Iterator, Mapping

from pglast import ast
from pglast.enums import AlterTableType as Kind
from pglast.enums import DropBehavior

from policy.migrations.columns import judge_new_column
from policy.migrations.constraints import judge_dropped_constraint, judge_new_constraint, judge_required
from policy.migrations.facts import said_rows
from policy.migrations.findings import (
    Finding,
    Lock,
    Mode,
    Safety,
    Stage,
    Undo,
    missing,
    safe,
    unlisted,
    unreadable,
)
from policy.migrations.so_far import SoFar
from policy.migrations.statements import quoted, quoted_relation, relation_name, strings

Judge = Callable[[str, ast.AlterTableCmd, SoFar, str], Finding]


def judge_alter_table(statement: ast.AlterTableStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give what each sub-command does; on a table that the migration made itself, that is part of making it."""
    if statement.relation is None:
        yield unreadable("ALTER TABLE names no table")
        return
    table, relation = relation_name(statement.relation), quoted_relation(statement.relation)
    if so_far.is_missing(table):
        yield missing(table, skipped=bool(statement.missing_ok))
    for command in statement.cmds or ():
        yield from _judge_command(table, command, so_far, relation)


def _judge_command(table: str, command: ast.AlterTableCmd, so_far: SoFar, relation: str) -> Iterator[Finding]:
    if command.subtype in (Kind.AT_AddConstraint, Kind.AT_AddIndexConstraint) and isinstance(
        command.def_, ast.Constraint
    ):
        yield judge_new_constraint(table, relation, command.def_, so_far)
    elif so_far.is_new(table):
        yield _judge_on_new_table(table, command)
    elif command.subtype is Kind.AT_AddColumn and isinstance(command.def_, ast.ColumnDef):
        yield from judge_new_column(table, relation, command.def_, facts=so_far.facts_of(table))
    elif command.behavior is DropBehavior.DROP_CASCADE and command.subtype in _DROPPING:
        yield _drop_cascade(table, command)
    elif command.subtype in _JUDGES:
        yield _JUDGES[command.subtype](table, command, so_far, relation)
    else:
        yield unlisted(_in_words(command.subtype, table), locks=_brief(table))


def _judge_on_new_table(table: str, command: ast.AlterTableCmd) -> Finding:
    part_of_making = (Kind.AT_AddColumn, Kind.AT_SetNotNull, Kind.AT_ColumnDefault)
    if command.subtype in part_of_making:
        has_reference = isinstance(command.def_, ast.ColumnDef) and any(
            isinstance(one, ast.Constraint) and one.pktable for one in command.def_.constraints or ()
        )
        if not has_reference:
            return safe(f"Part of the new table {table}")
    return unlisted(f"{_in_words(command.subtype, table)}, which this migration makes,")


def _drop_column(table: str, command: ast.AlterTableCmd, so_far: SoFar, _relation: str) -> Finding:
    facts = so_far.facts_of(table)
    known = facts.columns.get(command.name or "") if facts else None
    if facts and not known:
        if command.missing_ok:
            return unlisted(f"dropping {table}.{command.name}, which is not there,")
        return Finding(
            Safety.DANGEROUS, f"{table}.{command.name} is not there, so this statement will fail", fails=True
        )
    rows = said_rows(facts)
    return Finding(
        Safety.DANGEROUS,
        f"Drops {table}.{command.name}{rows}",
        advice="let a release that no longer reads it be live on every server first, and drop it in a later one",
        locks=_brief(table),
        breaks=f"{table}.{command.name} dropped",
        undo=Undo(impossible=f"the values of {table}.{command.name} are gone"),
        stage=Stage.CONTRACT,
    )


def _drop_cascade(table: str, command: ast.AlterTableCmd) -> Finding:
    what = f"{table}.{command.name}"
    return Finding(
        Safety.DANGEROUS,
        f"Drops {what} with CASCADE, and whatever depends on it, which the text does not name",
        advice="drop what depends on it by name, without CASCADE",
        locks=_brief(table),
        breaks=f"{what} dropped",
        undo=Undo(impossible=f"what CASCADE dropped with {what} is not known"),
        stage=Stage.CONTRACT,
    )


def _drop_not_null(table: str, command: ast.AlterTableCmd, _so_far: SoFar, relation: str) -> Finding:
    column = f"{table}.{command.name}"
    return Finding(
        Safety.DANGEROUS,
        f"Removes NOT NULL from {column}; readers may meet NULL",
        advice="let every reader cope with NULL first; the version before still reads it as always there",
        locks=_brief(table),
        breaks=f"{column} may be NULL",
        undo=Undo((f"ALTER TABLE {relation} ALTER COLUMN {quoted(command.name or '')} SET NOT NULL",)),
        stage=Stage.CONTRACT,
    )


def _set_not_null(table: str, command: ast.AlterTableCmd, so_far: SoFar, relation: str) -> Finding:
    undo = Undo((f"ALTER TABLE {relation} ALTER COLUMN {quoted(command.name or '')} DROP NOT NULL",))
    return judge_required(table, command.name or "", facts=so_far.facts_of(table), undo=undo)


def _change_type(table: str, command: ast.AlterTableCmd, so_far: SoFar, relation: str) -> Finding:
    column = f"{table}.{command.name}"
    facts = so_far.facts_of(table)
    known = facts.columns.get(command.name or "") if facts else None
    to = ""
    if isinstance(command.def_, ast.ColumnDef) and command.def_.typeName:
        to = f" to {'.'.join(strings(command.def_.typeName.names)[-1:])}"
    was = f" from {known.type}" if known else ""
    back = (
        f"ALTER TABLE {relation} ALTER COLUMN {quoted(command.name or '')} SET DATA TYPE {known.type}" if known else ""
    )
    undo = Undo((back,)) if back else Undo(impossible=f"the type of {column} before is not known from the text")
    return Finding(
        Safety.RISKY,
        f"Changes the type of {column}{was}{to}; {table} may be rewritten while reads and writes wait",
        advice="add a column of the new type, write both, fill it in batches, read the new one, drop the old one later",
        locks=(Lock(table, Mode.ACCESS_EXCLUSIVE, long=True),),
        rewrites=table,
        breaks=f"{column} changes its type",
        undo=undo,
        stage=Stage.CONTRACT,
    )


def _set_default(table: str, command: ast.AlterTableCmd, _so_far: SoFar, _relation: str) -> Finding:
    word = "a new default" if command.def_ is not None else "no default any more"
    return unlisted(
        f"{word} for {table}.{command.name}",
        locks=_brief(table),
        undo=Undo(impossible=f"the default of {table}.{command.name} before is not known from the text"),
    )


def _drop_constraint(table: str, command: ast.AlterTableCmd, so_far: SoFar, _relation: str) -> Finding:
    return judge_dropped_constraint(table, command.name or "", facts=so_far.facts_of(table))


def _alter_constraint(table: str, _command: ast.AlterTableCmd, _so_far: SoFar, _relation: str) -> Finding:
    return Finding(
        Safety.DANGEROUS,
        f"Changes a foreign key constraint of {table}",
        locks=_brief(table),
        undo=Undo(impossible="how the constraint was before is not known from the text"),
    )


def _validate(table: str, command: ast.AlterTableCmd, _so_far: SoFar, _relation: str) -> Finding:
    return unlisted(
        f"checking every row of {table} against {command.name}",
        locks=(Lock(table, Mode.SHARE_UPDATE_EXCLUSIVE, long=True),),
        undo=Undo(),
    )


def _rewritten(table: str, command: ast.AlterTableCmd, _so_far: SoFar, _relation: str) -> Finding:
    return Finding(
        Safety.RISKY,
        f"{_in_words(command.subtype, table)} writes every row anew while reads and writes wait",
        locks=(Lock(table, Mode.ACCESS_EXCLUSIVE, long=True),),
        rewrites=table,
    )


def _hidden(table: str, command: ast.AlterTableCmd, _so_far: SoFar, _relation: str) -> Finding:
    return Finding(
        Safety.DANGEROUS,
        f"{_in_words(command.subtype, table)}: what was kept from being wrong or seen no longer is",
        locks=_brief(table),
    )


def _in_words(kind: Kind | None, table: str) -> str:
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in (kind.name[3:] if kind else "Change"))
    return f"{words.strip().capitalize()} on {table}"


def _brief(table: str) -> tuple[Lock, ...]:
    return (Lock(table, Mode.ACCESS_EXCLUSIVE),)


_DROPPING = (Kind.AT_DropColumn, Kind.AT_DropConstraint)
_JUDGES: Mapping[Kind | None, Judge] = {
    Kind.AT_DropColumn: _drop_column,
    Kind.AT_DropNotNull: _drop_not_null,
    Kind.AT_SetNotNull: _set_not_null,
    Kind.AT_AlterColumnType: _change_type,
    Kind.AT_ColumnDefault: _set_default,
    Kind.AT_DropConstraint: _drop_constraint,
    Kind.AT_AlterConstraint: _alter_constraint,
    Kind.AT_ValidateConstraint: _validate,
    Kind.AT_SetLogged: _rewritten,
    Kind.AT_SetUnLogged: _rewritten,
    Kind.AT_SetTableSpace: _rewritten,
    Kind.AT_SetAccessMethod: _rewritten,
    Kind.AT_AddIdentity: _rewritten,
    Kind.AT_SetExpression: _rewritten,
    Kind.AT_DisableTrigAll: _hidden,
    Kind.AT_DisableRowSecurity: _hidden,
    Kind.AT_NoForceRowSecurity: _hidden,
    Kind.AT_DetachPartition: _hidden,
    Kind.AT_DropInherit: _hidden,
}
