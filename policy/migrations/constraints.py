"""Judges constraints that a migration adds to a table or takes from it."""

from collections.abc import Sequence
from dataclasses import replace

from pglast import ast
from pglast.enums import AlterTableType, ConstrType

from policy.migrations.asked import Alike, Breaking, Orphans
from policy.migrations.expressions import spell
from policy.migrations.facts import Constraint, Table
from policy.migrations.findings import Finding, Lock, Mode, Safety, Stage, Undo, passed_over, safe, say_who, unlisted
from policy.migrations.so_far import SoFar
from policy.migrations.statements import Statement, quoted, relation_name, strings
from policy.migrations.uniqueness import columns_of, unique_by_key

_NAMED_BY_PRISMA = {
    "_fkey": Constraint.FOREIGN_KEY,
    "_pkey": Constraint.PRIMARY_KEY,
    "_key": Constraint.UNIQUE,
    "_check": Constraint.CHECK,
}
_WORDS = {
    ConstrType.CONSTR_UNIQUE: "UNIQUE",
    ConstrType.CONSTR_PRIMARY: "PRIMARY KEY",
    ConstrType.CONSTR_EXCLUSION: "EXCLUDE",
}


def judge_new_constraint(table: str, relation: str, constraint: ast.Constraint, so_far: SoFar) -> Finding:
    """Return what adding the constraint to the table does."""
    undo = _undo(table, relation, constraint, so_far)
    facts = so_far.facts_of(table)
    if facts and constraint.conname in facts.constraints:
        reason = f"{table} has a constraint {constraint.conname} already, so this statement will fail"
        return Finding(Safety.DANGEROUS if constraint.pktable else Safety.RISKY, reason, fails=True, undo=undo)
    if constraint.contype is ConstrType.CONSTR_FOREIGN:
        return _judge_foreign_key(table, constraint, so_far, undo)
    if so_far.is_new(table):
        return safe(f"Part of the new table {table}", undo=undo)
    if constraint.contype in _WORDS:
        return _judge_index(table, constraint, so_far, undo)
    if constraint.contype is ConstrType.CONSTR_CHECK:
        return _judge_check(table, constraint, so_far, undo)
    if constraint.contype is ConstrType.CONSTR_NOTNULL:
        column = ".".join(one.sval or "" for one in constraint.keys or () if isinstance(one, ast.String))
        return judge_required(table, column, facts=facts, undo=undo, later=bool(constraint.skip_validation))
    return unlisted(f"a constraint added to {table}", locks=(Lock(table, Mode.ACCESS_EXCLUSIVE),), undo=undo)


def find_renewed_keys(statements: Sequence[Statement]) -> frozenset[tuple[str, str]]:
    """Return table and name of each foreign key that a file drops and adds again under the same name."""
    dropped, added = set(), set()
    for node in (one.node for one in statements if isinstance(one.node, ast.AlterTableStmt)):
        table = relation_name(node.relation)
        for command in node.cmds or ():
            if command.subtype is AlterTableType.AT_DropConstraint:
                dropped.add((table, command.name or ""))
            elif isinstance(command.def_, ast.Constraint) and command.def_.contype is ConstrType.CONSTR_FOREIGN:
                added.add((table, command.def_.conname or ""))
    return frozenset(dropped & added)


def judge_dropped_constraint(
    table: str, relation: str, name: str, so_far: SoFar, *, skipped_if_missing: bool
) -> Finding:
    """Return what dropping the constraint does; which kind it is only the database knows, or its name suggests."""
    facts, also = so_far.facts_of(table), so_far.parents_of(table, constraint=name)
    locks = tuple(Lock(one, Mode.ACCESS_EXCLUSIVE) for one in (table, *also))
    undo = Undo(impossible=f"what {name} required is not known from the text")
    kind = facts.constraints.get(name) if facts else so_far.kind_given(table, name) or _kind_by_name(name)
    if facts and kind is None:
        if skipped_if_missing:
            return passed_over(f"the constraint {name} of {table}", locks)
        return Finding(
            Safety.DANGEROUS, f"{table} has no constraint {name}, so this statement will fail", fails=True, undo=undo
        )
    if facts and name in facts.definitions:
        undo = Undo((f"ALTER TABLE {relation} ADD CONSTRAINT {quoted(name)} {facts.definitions[name]}",))
    users = so_far.pointing_to(table, by=name)
    if kind is Constraint.NOT_NULL:
        what = f"Removes {name}, the NOT NULL of a column of {table}; readers may meet NULL"
        breaks = f"{table} without {name}"
        return Finding(Safety.DANGEROUS, what, locks=locks, breaks=breaks, undo=undo, stage=Stage.CONTRACT)
    if kind in (Constraint.FOREIGN_KEY, None):
        what = (
            f"Drops the foreign key {name} of {table}; rows may point to nothing from then on"
            if kind
            else f"Drops the constraint {name} of {table}, which may be a foreign key"
        )
        return Finding(Safety.DANGEROUS, what, locks=locks, undo=undo, stage=Stage.CONTRACT)
    if users:
        return Finding(
            Safety.RISKY,
            f"{say_who(users, 'points', 'point')} to {table} by {name}, so this statement will fail",
            locks=locks,
            fails=True,
            undo=undo,
        )
    found = unlisted(f"dropping the {kind} constraint {name} of {table}", locks=locks, undo=undo)
    index = so_far.index_of(name)
    stays = index is not None and so_far.stays_unique(table, columns_of(index))
    if stays or so_far.kind_given(table, name) or _is_said_twice(name, facts):
        # No version in production has met it, or misses it.
        return replace(found, stage=None)
    if kind not in (Constraint.UNIQUE, Constraint.PRIMARY_KEY):
        return found
    # ON CONFLICT, by which Prisma upserts, needs it.
    return replace(found, breaks=f"{table} without {name}", stage=Stage.CONTRACT)


def _judge_foreign_key(table: str, constraint: ast.Constraint, so_far: SoFar, undo: Undo) -> Finding:
    parent = relation_name(constraint.pktable)
    locked = tuple(
        Lock(one, Mode.SHARE_ROW_EXCLUSIVE, long=not constraint.skip_validation)
        for one in (table, parent)
        if not so_far.is_new(one)
    )
    if so_far.is_new(table):
        also = "" if so_far.is_new(parent) else f"; writes to {parent} wait meanwhile"
        return Finding(Safety.RISKY, f"The new table {table} points to {parent}{also}", locks=locked, undo=undo)
    why = _why_it_fails(table, parent, constraint, so_far)
    advice = "validate it in a second migration: VALIDATE CONSTRAINT lets writes go on"
    if not constraint.skip_validation:
        advice = "ADD CONSTRAINT … FOREIGN KEY … NOT VALID, then VALIDATE CONSTRAINT in a second migration"
    # Prisma renews a key to change what it does on DELETE: that is one change, and waits as its first half does.
    renewed = (table, constraint.conname) in so_far.renewed
    return Finding(
        Safety.DANGEROUS,
        f"Changes the foreign keys of {table}: it has to point to {parent};"
        f" {why or 'writes to both tables wait meanwhile'}",
        advice=advice,
        locks=locked,
        fails=bool(why),
        breaks=f"{table} must point to {parent}",
        undo=undo,
        stage=None if renewed else Stage.EXPAND,
    )


def _why_it_fails(table: str, parent: str, constraint: ast.Constraint, so_far: SoFar) -> str:
    if so_far.is_missing(parent):
        return f"there is no table {parent} today, so this statement will fail"
    columns, there = texts_of(constraint.fk_attrs), texts_of(constraint.pk_attrs)
    rows = None if constraint.skip_validation else so_far.counted(Orphans(table, columns, parent, there))
    if not rows:
        return ""
    return f"{rows:,} {'row points' if rows == 1 else 'rows point'} to nothing there, so this statement will fail"


def say_alike(table: str, columns: tuple[str, ...], so_far: SoFar, *, where: str = "") -> str:
    """Say that values stand in more than one row, if that was counted; empty when none does."""
    found = so_far.counted(Alike(table, columns, where))
    if not found:
        return ""
    values = "1 value stands" if found == 1 else f"{found:,} values stand"
    some = f" where {where}" if where else ""
    return f"{values} in more than one row of {table} ({', '.join(columns)}){some}, so this statement will fail"


def _judge_index(table: str, constraint: ast.Constraint, so_far: SoFar, undo: Undo) -> Finding:
    word = _WORDS[constraint.contype] if constraint.contype else "UNIQUE"
    brief = bool(constraint.indexname)
    how = f"by the index {constraint.indexname}" if brief else "its index is built while reads and writes wait"
    advice = (
        "" if brief else "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX in a second migration"
    )
    alike = (
        "" if constraint.contype is ConstrType.CONSTR_EXCLUSION else say_alike(table, texts_of(constraint.keys), so_far)
    )
    stays = _asks_nothing_new(table, constraint, so_far)
    what = "its columns are unique already" if stays else alike or "it fails if two rows are alike"
    return Finding(
        Safety.RISKY,
        f"Adds a {word} constraint to {table}; {how}, and {what}",
        advice=advice,
        fails=bool(alike),
        locks=(Lock(table, Mode.ACCESS_EXCLUSIVE, long=not brief),),
        breaks="" if stays else f"{table} {_said_columns(constraint)} unique".replace("  ", " "),
        undo=undo,
        stage=None if stays else Stage.EXPAND,
    )


def _asks_nothing_new(table: str, constraint: ast.Constraint, so_far: SoFar) -> bool:
    """Whether the columns are unique, and for a primary key required, without the constraint."""
    columns = unique_by_key(constraint)
    known = [so_far.column_of(table, one) for one in columns]
    required = all(one is not None and one.required for one in known)
    return so_far.stays_unique(table, columns) and (required or constraint.contype is ConstrType.CONSTR_UNIQUE)


def _judge_check(table: str, constraint: ast.Constraint, so_far: SoFar, undo: Undo) -> Finding:
    if constraint.skip_validation:
        return unlisted(
            f"a CHECK constraint for new rows of {table}", locks=(Lock(table, Mode.ACCESS_EXCLUSIVE),), undo=undo
        )
    rows = so_far.counted(Breaking(table, spell(constraint.raw_expr)))
    why = f"{rows:,} {'row breaks' if rows == 1 else 'rows break'} it, so this statement will fail" if rows else ""
    return Finding(
        Safety.RISKY,
        f"Adds a CHECK constraint to {table}, which is on no list of 6.2;"
        f" {why or 'every row is read while others wait'}",
        fails=bool(why),
        advice="add it NOT VALID, then VALIDATE CONSTRAINT in a second migration",
        locks=(Lock(table, Mode.ACCESS_EXCLUSIVE, long=True),),
        undo=undo,
    )


def judge_required(table: str, column: str, *, facts: Table | None, undo: Undo, later: bool = False) -> Finding:
    """Return what it does that a column of an existing table has to have a value in every row from now on.

    `later` when only new rows are looked at, until the constraint is validated.
    """
    known = facts.columns.get(column) if facts else None
    nulls = 0 if later else known.nulls if known else None
    proof = _proof(column, facts)
    reason = f"Requires {table}.{column} in every row; each row is read while reads and writes wait"
    if nulls and facts:
        of_all = f" of {facts.rows:,}" if facts.rows else ""
        rows = "row has" if nulls == 1 and not of_all else "rows have"
        reason = f"Requires {table}.{column}; {nulls:,}{of_all} {rows} none, so this statement will fail"
    elif later:
        reason = f"Requires {table}.{column} in every new row; the old ones are read when it is validated"
    elif proof:
        reason = f"Requires {table}.{column} in every row; {proof} proves it, so no row is read"
    return Finding(
        Safety.RISKY,
        reason,
        advice=""
        if proof or later
        else "ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT in a second migration, then this",
        locks=(Lock(table, Mode.ACCESS_EXCLUSIVE, long=not (proof or later)),),
        fails=bool(nulls),
        breaks=f"{table}.{column} required",
        undo=undo,
        stage=Stage.CONTRACT,
    )


def _proof(column: str, facts: Table | None) -> str:
    """Return the constraint by which PostgreSQL knows that no row is empty there."""
    found = (name for name, text in (facts.definitions if facts else {}).items() if text in _not_empty(column))
    return next(found, "")


def _is_said_twice(name: str, facts: Table | None) -> bool:
    """Whether the constraint only asks for a value in a column that is required by now."""
    text = facts.definitions.get(name) if facts else None
    columns = facts.columns.items() if facts and text else ()
    return any(one.required and text in _not_empty(column) for column, one in columns)


def _not_empty(column: str) -> tuple[str, str]:
    """Spell the CHECK that a column has a value as PostgreSQL does, which quotes only what has to be."""
    return f"CHECK (({quoted(column)} IS NOT NULL))", f"CHECK (({column} IS NOT NULL))"


def _undo(table: str, relation: str, constraint: ast.Constraint, so_far: SoFar) -> Undo:
    if not constraint.conname:
        return Undo(impossible=f"the new constraint of {table} has no name in the text")
    drop = f"ALTER TABLE {relation} DROP CONSTRAINT {quoted(constraint.conname)}"
    if not constraint.indexname:
        return Undo((drop,))
    # The constraint takes the index as its own, and drops it with itself.
    index = so_far.index_of(constraint.indexname)
    if not index or not index.definition:
        return Undo(impossible=f"how {constraint.indexname} was defined is not known from the text")
    return Undo((drop, index.definition))


def _kind_by_name(name: str) -> Constraint | None:
    return next((kind for ending, kind in _NAMED_BY_PRISMA.items() if name.endswith(ending)), None)


def _said_columns(constraint: ast.Constraint) -> str:
    return ", ".join(texts_of(constraint.keys))


def texts_of(names: object) -> tuple[str, ...]:
    """Return the columns that a constraint names."""
    return tuple(strings(names))
