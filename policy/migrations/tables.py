"""Judges what ALTER TABLE does to a table, one sub-command at a time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from pglast import ast
from pglast.enums import AlterTableType as Kind
from pglast.enums import DropBehavior, ObjectType

from policy.migrations.asked import Longer
from policy.migrations.column_types import Kind as Type
from policy.migrations.column_types import cannot_cast, keeps_rows, kind_from, kind_of
from policy.migrations.columns import judge_new_column
from policy.migrations.constraints import judge_dropped_constraint, judge_new_constraint, judge_required
from policy.migrations.effects import apply_command
from policy.migrations.facts import said_rows
from policy.migrations.findings import (
    Finding,
    Lock,
    Mode,
    Safety,
    Stage,
    Undo,
    absent,
    missing,
    passed_over,
    safe,
    say_who,
    unlisted,
    unreadable,
)
from policy.migrations.so_far import SoFar
from policy.migrations.statements import quoted, quoted_relation, relation_name
from policy.migrations.table_settings import in_words, judge_setting
from policy.migrations.taking import judge_new_owner, judge_turned_off

Judge = Callable[[str, ast.AlterTableCmd, SoFar, str], Finding]


def judge_alter_table(statement: ast.AlterTableStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give what each sub-command does; on a table that the migration made itself, that is part of making it."""
    if statement.relation is None:
        yield unreadable("ALTER TABLE names no table")
        return
    table, relation = relation_name(statement.relation), quoted_relation(statement.relation)
    if statement.objtype is not ObjectType.OBJECT_TABLE:
        yield _judge_other(statement, table, so_far)
        return
    if (whole := so_far.whole_of(table)) and any(one.subtype is Kind.AT_AddColumn for one in statement.cmds or ()):
        yield Finding(
            Safety.RISKY,
            f"{table} is a part of {', '.join(whole)} and has its columns from there, so this statement will fail",
            advice=f"add the column to {', '.join(whole)}",
            fails=True,
            undo=Undo(),
            stage=None,
        )
    if so_far.is_missing(table):
        yield missing(table, skipped=bool(statement.missing_ok))
        if statement.missing_ok:
            return
    commands = list(statement.cmds or ())
    found: dict[int, list[Finding]] = {}
    # PostgreSQL drops before it adds, in whatever order they are written.
    for place in sorted(range(len(commands)), key=lambda one: commands[one].subtype not in _DROPPING):
        found[place] = list(_judge_command(table, commands[place], so_far, relation))
        apply_command(table, commands[place], so_far)
    for place in range(len(commands)):
        yield from found[place]


def _judge_other(statement: ast.AlterTableStmt, name: str, so_far: SoFar) -> Finding:
    """ALTER INDEX, ALTER VIEW, ALTER SEQUENCE and ALTER TYPE are the same statement for the parser."""
    what = statement.objtype.name.removeprefix("OBJECT_").replace("_", " ").lower() if statement.objtype else "object"
    if (commands := statement.cmds or ()) and all(one.subtype is Kind.AT_ChangeOwner for one in commands):
        return judge_new_owner(name, commands[0].newowner, so_far)
    index = so_far.index_of(name)
    parts = ", ".join(in_words(command.subtype, name) for command in statement.cmds or ())
    locks = () if index or statement.objtype is ObjectType.OBJECT_TYPE else (Lock(name, Mode.ACCESS_EXCLUSIVE),)
    if statement.objtype in (ObjectType.OBJECT_SEQUENCE, ObjectType.OBJECT_INDEX):
        locks = ()
    found = unlisted(f"another shape of the {what} {name} ({parts})", locks=locks)
    takes_away = any(
        command.subtype is Kind.AT_DropColumn or command.behavior is DropBehavior.DROP_CASCADE
        for command in statement.cmds or ()
    )
    if not takes_away:
        return found
    return replace(found, safety=Safety.DANGEROUS, breaks=f"{name} in another shape", stage=Stage.CONTRACT)


def _judge_command(table: str, command: ast.AlterTableCmd, so_far: SoFar, relation: str) -> Iterator[Finding]:
    if command.subtype in (Kind.AT_AddConstraint, Kind.AT_AddIndexConstraint) and isinstance(
        command.def_, ast.Constraint
    ):
        yield judge_new_constraint(table, relation, command.def_, so_far)
    elif so_far.is_new(table):
        yield _judge_on_new_table(table, command)
    elif command.subtype is Kind.AT_AddColumn and isinstance(command.def_, ast.ColumnDef):
        skipped = bool(command.missing_ok)
        yield from judge_new_column(table, relation, command.def_, so_far, skipped_if_there=skipped)
    elif command.behavior is DropBehavior.DROP_CASCADE and command.subtype in _DROPPING:
        yield _drop_cascade(table, command, so_far)
    elif command.subtype in _OF_A_COLUMN and so_far.lacks_column(table, command.name or ""):
        yield absent(f"{table}.{command.name}")
    elif command.subtype in _JUDGES:
        yield _JUDGES[command.subtype](table, command, so_far, relation)
    else:
        yield judge_setting(table, command, relation)


def _judge_on_new_table(table: str, command: ast.AlterTableCmd) -> Finding:
    part_of_making = (Kind.AT_AddColumn, Kind.AT_SetNotNull, Kind.AT_ColumnDefault)
    if command.subtype in part_of_making:
        has_reference = isinstance(command.def_, ast.ColumnDef) and any(
            isinstance(one, ast.Constraint) and one.pktable for one in command.def_.constraints or ()
        )
        if not has_reference:
            return safe(f"Part of the new table {table}")
    return unlisted(f"{in_words(command.subtype, table)}, which this migration makes,", undo=Undo())


def _drop_column(table: str, command: ast.AlterTableCmd, so_far: SoFar, _relation: str) -> Finding:
    name, facts = command.name or "", so_far.facts_of(table)
    if so_far.lacks_column(table, name):
        if command.missing_ok:
            return passed_over(f"{table}.{name}", _brief(table))
        return replace(absent(f"{table}.{name}"), safety=Safety.DANGEROUS)
    parents = so_far.parents_of(table, column=name)
    users = so_far.users_of(so_far.column_of(table, name))
    stops = f"; {say_who(users, 'needs', 'need')} it, so this statement will fail"
    return Finding(
        Safety.DANGEROUS,
        f"Drops {table}.{name}{said_rows(facts)}{stops if users else ''}",
        advice="let a release that no longer reads it be live on every server first, and drop it in a later one",
        locks=(*_brief(table), *(Lock(one, Mode.ACCESS_EXCLUSIVE) for one in parents)),
        breaks=f"{table}.{name} dropped",
        fails=bool(users),
        undo=Undo(impossible=f"the values of {table}.{name} are gone"),
        stage=Stage.CONTRACT,
    )


def _drop_cascade(table: str, command: ast.AlterTableCmd, so_far: SoFar) -> Finding:
    what = f"{table}.{command.name}"
    others = so_far.users_of(so_far.column_of(table, command.name or ""))
    if command.subtype is Kind.AT_DropConstraint:
        others = so_far.pointing_to(table, by=command.name or "")
    return Finding(
        Safety.DANGEROUS,
        f"Drops {what} with CASCADE, and whatever depends on it, which the text does not name",
        advice="drop what depends on it by name, without CASCADE",
        locks=(*_brief(table), *(Lock(one, Mode.ACCESS_EXCLUSIVE) for one in others)),
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
    name = command.name or ""
    column, known = f"{table}.{name}", so_far.column_of(table, name)
    definition = command.def_ if isinstance(command.def_, ast.ColumnDef) else None
    new = kind_of(definition.typeName if definition else None)
    computed = definition is not None and definition.raw_default is not None
    # Another order of the letters builds every index of the column anew.
    sorted_anew = definition is not None and definition.collClause is not None
    old = kind_from(known.type) if known else None
    stays = old is not None and not computed and keeps_rows(old, new)
    also = "no row is written anew" if stays else f"{table} may be rewritten while reads and writes wait"
    if stays and sorted_anew:
        also = f"{also}, but every index of it is built while reads and writes wait"
    why = _why_it_fails(table, name, old, new, so_far, computed=computed)
    undo = Undo(impossible=f"the type of {column} before is not known from the text")
    if known and old:
        how = f" USING {quoted(name)}::{known.type}" if new.is_text and not old.is_text else ""
        undo = Undo((f"ALTER TABLE {relation} ALTER COLUMN {quoted(name)} SET DATA TYPE {known.type}{how}",))
    parents = so_far.parents_of(table, column=name)
    return Finding(
        Safety.RISKY,
        f"Changes the type of {column}{f' from {known.type}' if known else ''} to {new}; {why or also}",
        advice="add a column of the new type, write both, fill it in batches, read the new one, drop the old one later",
        locks=(
            Lock(table, Mode.ACCESS_EXCLUSIVE, long=sorted_anew or not stays),
            *(Lock(one, Mode.ACCESS_EXCLUSIVE) for one in parents),
        ),
        rewrites="" if stays else table,
        breaks=f"{column} changes its type",
        fails=bool(why),
        undo=undo,
        stage=Stage.CONTRACT,
    )


def _why_it_fails(table: str, name: str, old: Type | None, new: Type, so_far: SoFar, *, computed: bool) -> str:
    if users := so_far.users_of(so_far.column_of(table, name)):
        return f"{say_who(users, 'needs', 'need')} it, so this statement will fail"
    if old is None or computed:
        return ""
    if cannot_cast(old, new, domains=frozenset(so_far.domains)):
        return f"PostgreSQL does not turn {old} into {new} without USING, so this statement will fail"
    if new.is_text and new.numbers and (rows := so_far.counted(Longer(table, name, new.numbers[0]))):
        return f"{rows:,} {'row holds' if rows == 1 else 'rows hold'} more characters, so this statement will fail"
    return ""


def _set_default(table: str, command: ast.AlterTableCmd, so_far: SoFar, relation: str) -> Finding:
    word = "a new default" if command.def_ is not None else "no default any more"
    known = so_far.column_of(table, command.name or "")
    undo = Undo(impossible=f"the default of {table}.{command.name} before is not known from the text")
    if known:
        before = f"SET DEFAULT {known.default}" if known.default else "DROP DEFAULT"
        undo = Undo((f"ALTER TABLE {relation} ALTER COLUMN {quoted(command.name or '')} {before}",))
    # The version in production may leave it to the database to fill a required column.
    takes_away = command.def_ is None and not (known and not known.required)
    return Finding(
        Safety.RISKY,
        f"{word[:1].upper()}{word[1:]} for {table}.{command.name} is on no list of 6.2",
        locks=_brief(table),
        breaks=f"{table}.{command.name} without a default" if takes_away else "",
        undo=undo,
        stage=Stage.CONTRACT if takes_away else None,
    )


def _drop_constraint(table: str, command: ast.AlterTableCmd, so_far: SoFar, relation: str) -> Finding:
    name = command.name or ""
    return judge_dropped_constraint(table, relation, name, so_far, skipped_if_missing=bool(command.missing_ok))


def _alter_constraint(table: str, _command: ast.AlterTableCmd, _so_far: SoFar, _relation: str) -> Finding:
    return Finding(
        Safety.DANGEROUS,
        f"Changes a foreign key constraint of {table}",
        locks=_brief(table),
        undo=Undo(impossible="how the constraint was before is not known from the text"),
    )


def _validate(table: str, command: ast.AlterTableCmd, so_far: SoFar, _relation: str) -> Finding:
    facts = so_far.facts_of(table)
    if facts and facts.constraints and command.name not in facts.constraints:
        return absent(f"the constraint {command.name} of {table}")
    return unlisted(
        f"checking every row of {table} against {command.name}",
        locks=(Lock(table, Mode.SHARE_UPDATE_EXCLUSIVE, long=True),),
        undo=Undo(),
    )


def _new_owner(table: str, command: ast.AlterTableCmd, so_far: SoFar, _relation: str) -> Finding:
    return judge_new_owner(table, command.newowner, so_far, locks=_brief(table))


def _brief(table: str) -> tuple[Lock, ...]:
    return (Lock(table, Mode.ACCESS_EXCLUSIVE),)


_TURNING_OFF = (Kind.AT_DisableTrig, Kind.AT_DisableTrigAll, Kind.AT_DisableTrigUser, Kind.AT_EnableReplicaTrig)
_DROPPING = (Kind.AT_DropColumn, Kind.AT_DropConstraint)
_OF_A_COLUMN = frozenset(
    (
        *(Kind.AT_DropNotNull, Kind.AT_SetNotNull, Kind.AT_AlterColumnType, Kind.AT_ColumnDefault, Kind.AT_AddIdentity),
        *(Kind.AT_SetIdentity, Kind.AT_DropIdentity, Kind.AT_SetExpression, Kind.AT_DropExpression),
        *(Kind.AT_SetStatistics, Kind.AT_SetStorage, Kind.AT_SetCompression, Kind.AT_SetOptions),
    )
)
_JUDGES: Mapping[Kind | None, Judge] = {
    Kind.AT_DropColumn: _drop_column,
    Kind.AT_DropNotNull: _drop_not_null,
    Kind.AT_SetNotNull: _set_not_null,
    Kind.AT_AlterColumnType: _change_type,
    Kind.AT_ColumnDefault: _set_default,
    Kind.AT_DropConstraint: _drop_constraint,
    Kind.AT_AlterConstraint: _alter_constraint,
    Kind.AT_ValidateConstraint: _validate,
    Kind.AT_ChangeOwner: _new_owner,
    **dict.fromkeys(_TURNING_OFF, judge_turned_off),
}
