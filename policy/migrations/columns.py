"""Judges a column that a migration adds to a table which existed before."""

from pglast import ast
from pglast.enums import ConstrType

from policy.migrations.expressions import is_null, unsteady_part
from policy.migrations.facts import Table
from policy.migrations.findings import NOTHING_TO_UNDO, Finding, Lock, Mode, Safety, Undo, safe, unlisted
from policy.migrations.so_far import SoFar
from policy.migrations.statements import named, quoted, strings
from policy.wording import counted

_SERIALS = frozenset(("serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"))
_REWRITE_ADVICE = "add the column without a default, set the default in a second step, and fill the old rows in batches"


def judge_new_column(
    table: str, relation: str, column: ast.ColumnDef, so_far: SoFar, *, skipped_if_there: bool = False
) -> list[Finding]:
    """Return what adding the column does; `relation` is the table's name as SQL reads it."""
    name, facts = column.colname or "", so_far.facts_of(table)
    if facts and name in facts.columns:
        return [_there_already(table, name, skipped=skipped_if_there)]
    kinds = {one.contype: one for one in column.constraints or () if isinstance(one, ast.Constraint)}
    undo = Undo((f"ALTER TABLE {relation} DROP COLUMN {quoted(name)}",))
    if skipped_if_there and facts is None:
        undo = Undo(impossible=f"whether {table}.{name} was there before is not known from the text")
    found = [
        *_judge_domain(table, column, so_far, undo),
        *_judge_value(table, column, kinds, facts, undo),
        *_judge_constraints(table, name, kinds, facts, undo),
    ]
    return found or [_say_safe(table, name, kinds, undo)]


def _there_already(table: str, name: str, *, skipped: bool) -> Finding:
    also = "the statement passes it over, whatever type it has" if skipped else "so this statement will fail"
    return Finding(
        Safety.RISKY,
        f"{table}.{name} is there already, {also}",
        locks=(_brief(table),),
        fails=not skipped,
        undo=NOTHING_TO_UNDO,
        stage=None,
    )


def _judge_domain(table: str, column: ast.ColumnDef, so_far: SoFar, undo: Undo) -> list[Finding]:
    """PostgreSQL checks the domain's own constraints by writing every row, a default or not."""
    kind = named(strings(column.typeName.names)) if column.typeName else ""
    if kind.rpartition(".")[2] not in {one.rpartition(".")[2] for one in so_far.domains}:
        return []
    return [_rewrite(table, f"{column.colname} is of the domain {kind}, so {table} is rewritten", undo)]


def _say_safe(table: str, name: str, kinds: dict[ConstrType | None, ast.Constraint], undo: Undo) -> Finding:
    value = "with a constant default" if ConstrType.CONSTR_DEFAULT in kinds else "that may be empty"
    return safe(f"New column {table}.{name} {value}; no row is rewritten", undo=undo, locks=(_brief(table),))


def _judge_value(
    table: str,
    column: ast.ColumnDef,
    kinds: dict[ConstrType | None, ast.Constraint],
    facts: Table | None,
    undo: Undo,
) -> list[Finding]:
    """What the old rows get in the new column, and whether they are written anew for it."""
    name = column.colname or ""
    kind = strings(column.typeName.names)[-1] if column.typeName else ""
    default, generated = kinds.get(ConstrType.CONSTR_DEFAULT), kinds.get(ConstrType.CONSTR_GENERATED)
    if kind in _SERIALS or ConstrType.CONSTR_IDENTITY in kinds:
        return [_rewrite(table, f"Numbers every row of {table} for {name}", undo)]
    if generated is not None and generated.generated_kind == "v":
        return [unlisted(f"column {table}.{name}, computed whenever it is read,", locks=(_brief(table),), undo=undo)]
    if generated is not None:
        return [_rewrite(table, f"Computes {name} for every row of {table}", undo)]
    if default is not None:
        if part := unsteady_part(default.raw_expr):
            return [_rewrite(table, f"The default of {name} is not constant ({part}), so {table} is rewritten", undo)]
        if not is_null(default.raw_expr):
            return []
    if ConstrType.CONSTR_NOTNULL in kinds or ConstrType.CONSTR_PRIMARY in kinds:
        return [_judge_required(table, name, facts, undo)]
    return []


def _judge_required(table: str, name: str, facts: Table | None, undo: Undo) -> Finding:
    said = f"Column {name} is required and has no default"
    if facts is None or facts.rows is None:
        reason = f"{said}; this statement will fail if {table} has rows"
    elif facts.rows:
        reason = f"{said}; {table} has {counted(facts.rows, 'row')}, so this statement will fail"
    else:
        reason = f"{said}; {table} is empty now, but the version in production cannot write {table} without it"
    advice = "add it without NOT NULL, fill the old rows in batches, then SET NOT NULL in a later release"
    return Finding(
        Safety.RISKY,
        reason,
        advice=advice,
        locks=(_brief(table),),
        fails=bool(facts and facts.rows),
        breaks=f"{table}.{name} required",
        undo=undo,
    )


def _judge_constraints(
    table: str, name: str, kinds: dict[ConstrType | None, ast.Constraint], facts: Table | None, undo: Undo
) -> list[Finding]:
    found = []
    whole = (Lock(table, Mode.ACCESS_EXCLUSIVE, long=True),)
    default = kinds.get(ConstrType.CONSTR_DEFAULT)
    same = default is not None and not is_null(default.raw_expr) and not unsteady_part(default.raw_expr)
    alike = facts.rows if facts and facts.rows and facts.rows > 1 and same else 0
    why = f"; {counted(alike, 'row')} would have the same value, so this statement will fail" if alike else ""
    for kind, word in ((ConstrType.CONSTR_UNIQUE, "UNIQUE"), (ConstrType.CONSTR_PRIMARY, "PRIMARY KEY")):
        if kind in kinds:
            found.append(
                Finding(
                    Safety.RISKY,
                    f"Adds a {word} constraint to {table}.{name}; its index is built while reads and writes wait{why}",
                    advice="CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX",
                    locks=whole,
                    fails=bool(alike),
                    undo=undo,
                )
            )
    if ConstrType.CONSTR_CHECK in kinds:
        found.append(
            Finding(
                Safety.RISKY,
                f"Adds a CHECK constraint with {table}.{name}; every row is read for it",
                advice="ADD CONSTRAINT … CHECK … NOT VALID, then VALIDATE CONSTRAINT in a second migration",
                locks=whole,
                undo=undo,
            )
        )
    if reference := kinds.get(ConstrType.CONSTR_FOREIGN):
        parent = reference.pktable.relname if reference.pktable else "another table"
        found.append(
            Finding(
                Safety.DANGEROUS,
                f"Adds a foreign key from {table}.{name} to {parent}; writes to both tables wait meanwhile",
                advice="ADD CONSTRAINT … FOREIGN KEY … NOT VALID, then VALIDATE CONSTRAINT in a second migration",
                locks=(*whole, Lock(parent or "", Mode.SHARE_ROW_EXCLUSIVE)),
                undo=undo,
            )
        )
    return found


def _rewrite(table: str, reason: str, undo: Undo) -> Finding:
    return Finding(
        Safety.RISKY,
        f"{reason}; reads and writes of {table} wait until every row is written",
        advice=_REWRITE_ADVICE,
        locks=(Lock(table, Mode.ACCESS_EXCLUSIVE, long=True),),
        rewrites=table,
        undo=undo,
    )


def _brief(table: str) -> Lock:
    return Lock(table, Mode.ACCESS_EXCLUSIVE)
