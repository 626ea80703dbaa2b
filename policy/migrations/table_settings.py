"""Judges the commands of ALTER TABLE that change no column: settings, triggers, row security, partitions."""

from collections.abc import Callable, Mapping

from pglast import ast
from pglast.enums import AlterTableType as Kind

from policy.migrations.findings import NOTHING_TO_UNDO, Finding, Lock, Mode, Safety, Stage, Undo, unlisted
from policy.migrations.statements import quoted, relation_name

# The modes of AlterTableGetLockLevel in PostgreSQL's tablecmds.c; every other command needs the table for itself.
_BESIDE_WRITES = frozenset(
    (
        *(Kind.AT_SetStatistics, Kind.AT_SetOptions, Kind.AT_ResetOptions, Kind.AT_SetRelOptions),
        *(Kind.AT_ResetRelOptions, Kind.AT_ClusterOn, Kind.AT_DropCluster),
    )
)
_BESIDE_READS = frozenset(
    (
        *(Kind.AT_EnableTrig, Kind.AT_EnableAlwaysTrig, Kind.AT_EnableReplicaTrig, Kind.AT_EnableTrigAll),
        *(Kind.AT_EnableTrigUser, Kind.AT_DisableTrig, Kind.AT_DisableTrigAll, Kind.AT_DisableTrigUser),
    )
)
_ONLY_SPEED = _BESIDE_WRITES | {Kind.AT_SetStorage, Kind.AT_SetCompression}
_NO_COUNTERPART = Undo(impossible="how it was set before is not known from the text")

Judge = Callable[[str, ast.AlterTableCmd, str], Finding]


def judge_setting(table: str, command: ast.AlterTableCmd, relation: str) -> Finding:
    """Return what a command does that stands on no list; it has the lock that PostgreSQL takes for it."""
    if judge := _JUDGES.get(command.subtype):
        return judge(table, command, relation)
    undo = NOTHING_TO_UNDO if command.subtype in _ONLY_SPEED else _NO_COUNTERPART
    return unlisted(in_words(command.subtype, table), locks=(Lock(table, _mode_of(command.subtype)),), undo=undo)


def in_words(kind: Kind | None, table: str) -> str:
    """Say what a command does: `Set statistics on Patient`."""
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in (kind.name[3:] if kind else "Change"))
    return f"{words.strip().capitalize()} on {table}"


def _mode_of(kind: Kind | None) -> Mode:
    if kind in _BESIDE_WRITES:
        return Mode.SHARE_UPDATE_EXCLUSIVE
    return Mode.SHARE_ROW_EXCLUSIVE if kind in _BESIDE_READS else Mode.ACCESS_EXCLUSIVE


def _rewritten(table: str, command: ast.AlterTableCmd, _relation: str) -> Finding:
    return Finding(
        Safety.RISKY,
        f"{in_words(command.subtype, table)} writes every row anew while reads and writes wait",
        locks=(Lock(table, Mode.ACCESS_EXCLUSIVE, long=True),),
        rewrites=table,
        undo=_NO_COUNTERPART,
    )


def _unlogged(table: str, _command: ast.AlterTableCmd, relation: str) -> Finding:
    return Finding(
        Safety.DANGEROUS,
        f"Makes {table} UNLOGGED: it is empty after a crash, and no backup by its log holds it; every row is written"
        " anew while reads and writes wait",
        locks=(Lock(table, Mode.ACCESS_EXCLUSIVE, long=True),),
        rewrites=table,
        undo=Undo((f"ALTER TABLE {relation} SET LOGGED",)),
    )


def _hidden(table: str, command: ast.AlterTableCmd, _relation: str) -> Finding:
    return Finding(
        Safety.DANGEROUS,
        f"{in_words(command.subtype, table)}: what was kept from being wrong or seen no longer is",
        locks=(Lock(table, _mode_of(command.subtype)),),
        undo=_NO_COUNTERPART,
    )


def _identity(table: str, command: ast.AlterTableCmd, relation: str) -> Finding:
    column = quoted(command.name or "")
    return unlisted(
        f"numbers that the database gives to {table}.{command.name}",
        locks=(Lock(table, Mode.ACCESS_EXCLUSIVE),),
        undo=Undo((f"ALTER TABLE {relation} ALTER COLUMN {column} DROP IDENTITY",)),
    )


def _attached(table: str, command: ast.AlterTableCmd, relation: str) -> Finding:
    part, named_so = _part_of(command)
    return Finding(
        Safety.RISKY,
        f"{part} becomes a part of {table}; every row of it is read for its bounds while others wait for {part}",
        advice=f"give {part} a CHECK of the same bounds NOT VALID, and VALIDATE it, before it is attached",
        locks=(Lock(table, Mode.SHARE_UPDATE_EXCLUSIVE), Lock(part, Mode.ACCESS_EXCLUSIVE, long=True)),
        undo=Undo((f"ALTER TABLE {relation} DETACH PARTITION {named_so}",)),
    )


def _detached(table: str, command: ast.AlterTableCmd, _relation: str) -> Finding:
    part, _ = _part_of(command)
    beside = isinstance(command.def_, ast.PartitionCmd) and bool(command.def_.concurrent)
    return Finding(
        Safety.DANGEROUS,
        f"The rows of {part} are no longer found in {table}",
        advice="" if beside else "DETACH PARTITION … CONCURRENTLY as the only statement of a migration of its own",
        locks=(
            Lock(table, Mode.SHARE_UPDATE_EXCLUSIVE if beside else Mode.ACCESS_EXCLUSIVE),
            Lock(part, Mode.ACCESS_EXCLUSIVE),
        ),
        breaks=f"{table} without {part}",
        undo=Undo(impossible=f"the bounds of {part} in {table} are not known from the text"),
        stage=Stage.CONTRACT,
        needs_no_transaction=beside,
    )


def _part_of(command: ast.AlterTableCmd) -> tuple[str, str]:
    """The part's name as people say it, and as SQL reads it."""
    relation = command.def_.name if isinstance(command.def_, ast.PartitionCmd) else None
    parts = [one for one in (relation.schemaname, relation.relname) if one] if relation else [""]
    return relation_name(relation), quoted(*parts)


_JUDGES: Mapping[Kind | None, Judge] = {
    Kind.AT_SetLogged: _rewritten,
    Kind.AT_SetUnLogged: _unlogged,
    Kind.AT_SetTableSpace: _rewritten,
    Kind.AT_SetAccessMethod: _rewritten,
    Kind.AT_SetExpression: _rewritten,
    Kind.AT_AddIdentity: _identity,
    Kind.AT_AttachPartition: _attached,
    Kind.AT_DetachPartition: _detached,
    Kind.AT_DisableTrigAll: _hidden,
    Kind.AT_DisableTrigUser: _hidden,
    Kind.AT_DisableRowSecurity: _hidden,
    Kind.AT_NoForceRowSecurity: _hidden,
    Kind.AT_DropInherit: _hidden,
}
