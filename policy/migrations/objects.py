"""Judges what a migration makes and drops: tables, indexes, types, and what else a schema holds."""

from collections.abc import Iterator
from dataclasses import replace

from pglast import ast
from pglast.enums import ConstrType, DropBehavior, ObjectType

from policy.migrations.constraints import say_alike
from policy.migrations.expressions import spell
from policy.migrations.facts import said_rows
from policy.migrations.findings import (
    NOTHING_TO_UNDO,
    Finding,
    Lock,
    Mode,
    Safety,
    Stage,
    Undo,
    absent,
    missing,
    neutral,
    passed_over,
    safe,
    say_who,
    unlisted,
)
from policy.migrations.so_far import SoFar
from policy.migrations.statements import named, object_name, quoted, quoted_relation, relation_name, strings
from policy.migrations.uniqueness import columns_of, unique_by

_DESTROYING = {
    ObjectType.OBJECT_TABLE: "table",
    ObjectType.OBJECT_FOREIGN_TABLE: "foreign table",
    ObjectType.OBJECT_SCHEMA: "schema",
    ObjectType.OBJECT_SEQUENCE: "sequence",
}
_RELATIONS = frozenset(
    (
        *(ObjectType.OBJECT_TABLE, ObjectType.OBJECT_FOREIGN_TABLE, ObjectType.OBJECT_SEQUENCE),
        *(ObjectType.OBJECT_VIEW, ObjectType.OBJECT_MATVIEW),
    )
)
_TYPES = (ObjectType.OBJECT_TYPE, ObjectType.OBJECT_DOMAIN)
_ON_A_TABLE = (ObjectType.OBJECT_TRIGGER, ObjectType.OBJECT_POLICY, ObjectType.OBJECT_RULE)


def judge_create_table(statement: ast.CreateStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give what a new table does to those there were: only a reference or a parent reaches them."""
    table = relation_name(statement.relation)
    if so_far.knows and table in so_far.tables:
        yield _there_already(table, skipped=bool(statement.if_not_exists))
        return
    temporary = bool(statement.relation and statement.relation.relpersistence == "t")
    if not statement.if_not_exists and not temporary:
        so_far.make(table)
    undo = Undo((f"DROP TABLE {quoted_relation(statement.relation)}",)) if statement.relation else NOTHING_TO_UNDO
    if statement.if_not_exists and not so_far.knows:
        undo = Undo(impossible=f"whether {table} was there before is not known from the text")
    if temporary:
        yield neutral(f"the temporary table {table}, which hides another of its name,")
        return
    yield from (missing(one) for one in _referenced(statement) if one != table and so_far.is_missing(one))
    parents = [one for one in statement.inhRelations or () if isinstance(one, ast.RangeVar)]
    if parents:
        mode = Mode.ACCESS_EXCLUSIVE if statement.partbound else Mode.SHARE_UPDATE_EXCLUSIVE
        locks = tuple(Lock(relation_name(one), mode) for one in parents if not so_far.is_new(relation_name(one)))
        yield unlisted(
            f"the table {table} as a part of {', '.join(relation_name(one) for one in parents)}", locks=locks, undo=undo
        )
        return
    if statement.relation and statement.relation.relpersistence == "u":
        yield unlisted(f"the table {table} as UNLOGGED, which is empty after a crash,", undo=undo)
        return
    referenced = [parent for parent in _referenced(statement) if parent != table]
    if not referenced:
        yield safe(f"New table {table}", undo=undo)
        return
    held = tuple(Lock(parent, Mode.SHARE_ROW_EXCLUSIVE) for parent in referenced if not so_far.is_new(parent))
    also = "; writes to it wait for a moment" if held else ""
    yield Finding(Safety.RISKY, f"The new table {table} points to {', '.join(referenced)}{also}", locks=held, undo=undo)


def judge_index(statement: ast.IndexStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give what a new index does: it is built while writes wait, unless CONCURRENTLY or on a new table."""
    table, name = relation_name(statement.relation), statement.idxname or ""
    word = "unique index" if statement.unique else "index"
    alone = bool(statement.concurrent)
    if so_far.is_new(table):
        yield replace(safe(f"New {word} {name} of the new table {table}"), needs_no_transaction=alone)
        return
    if so_far.is_missing(table):
        yield missing(table)
    schema = statement.relation.schemaname if statement.relation else None
    known_as = quoted(*(part for part in (schema, name) if part))
    if name and so_far.index_of(named(part for part in (schema, name) if part)):
        yield _there_already(name, skipped=bool(statement.if_not_exists), locks=_of_index(statement, table))
        return
    undo = Undo((f"DROP INDEX {known_as}",)) if name else Undo(impossible="the new index has no name in the text")
    if statement.if_not_exists and not so_far.knows:
        undo = Undo(impossible=f"whether {name} was there before is not known from the text")
    unique, alike, stays = "", "", so_far.stays_unique(table, unique_by(statement))
    if stays:
        unique = f"; {table} is unique by these columns already"
    elif statement.unique:
        alike = _say_alike(statement, table, so_far)
        unique = f"; Adds a UNIQUE constraint to {table}, so it fails if two rows are alike"
        unique = f"; Adds a UNIQUE constraint to {table}; {alike}" if alike else unique
    lost = [one for one in _columns_of(statement) if so_far.lacks_column(table, one)]
    facts = so_far.facts_of(table)
    parted = alone and facts is not None and bool(facts.parts) and _reaches_parts(statement)
    why = f"; {table} has no column {', '.join(lost)}, so this statement will fail" if lost else ""
    why = f"; {table} has parts, of which none can be indexed so, so this statement will fail" if parted else why
    how = (
        f"New {word} {name} on {table}, built beside reads and writes"
        if alone
        else (f"Blocks writes to {table} while it builds; use CONCURRENTLY")
    )
    yield Finding(
        Safety.SAFE if alone and not statement.unique and not why else Safety.RISKY,
        f"{how}{unique}{why}",
        advice="" if alone else "CREATE INDEX CONCURRENTLY as the only statement of a migration of its own",
        locks=_of_index(statement, table),
        fails=bool(alike or why),
        breaks=f"{table} unique by {name}" if statement.unique and not stays else "",
        undo=undo,
        # Either version lives without a plain index: it may come with what waits for the last server.
        stage=Stage.EXPAND if statement.unique and not stays else None,
        needs_no_transaction=alone,
    )


def _of_index(statement: ast.IndexStmt, table: str) -> tuple[Lock, ...]:
    mode = Mode.SHARE_UPDATE_EXCLUSIVE if statement.concurrent else Mode.SHARE
    return (Lock(table, mode, long=True),)


def _columns_of(statement: ast.IndexStmt) -> tuple[str, ...]:
    """The plain columns of an index; an expression names none."""
    return tuple(one.name for one in statement.indexParams or () if isinstance(one, ast.IndexElem) and one.name)


def _say_alike(statement: ast.IndexStmt, table: str, so_far: SoFar) -> str:
    """Say which values are alike, where the index looks at whole columns."""
    columns, where = _columns_of(statement), spell(statement.whereClause)
    if bool(where) is (statement.whereClause is None) or len(columns) != len(statement.indexParams or ()):
        return ""
    return say_alike(table, columns, so_far, where=where)


def _reaches_parts(statement: ast.IndexStmt) -> bool:
    return bool(statement.relation and statement.relation.inh)


def judge_drop(statement: ast.DropStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give what is dropped, each by its name."""
    cascade = statement.behavior is DropBehavior.DROP_CASCADE
    kind = statement.removeType
    word = _DESTROYING.get(kind) if kind is not None else None
    for one in statement.objects or ():
        name = object_name(one)
        if kind is ObjectType.OBJECT_TABLE and so_far.is_new(name):
            so_far.forget(name)
            # What takes the file back drops the table that was made: there has to be one.
            anew = Undo((f"CREATE TABLE {quoted(*strings(one))} ()",))
            yield replace(neutral(f"dropping {name}, which this migration made,"), undo=anew)
        elif kind in _RELATIONS and so_far.is_missing(name) and statement.missing_ok and not cascade:
            yield missing(name, skipped=True, what=_word_of(kind))
            if word:
                yield replace(_destroyed(word, name, so_far, cascade=False), locks=(), undo=NOTHING_TO_UNDO)
        elif word or cascade:
            if kind in _RELATIONS and so_far.is_missing(name):
                yield missing(name, skipped=bool(statement.missing_ok), what=_word_of(kind))
            yield _destroyed(word or _word_of(kind), name, so_far, cascade=cascade)
        elif kind is ObjectType.OBJECT_INDEX:
            yield _dropped_index(name, so_far, statement)
        else:
            yield _dropped_other(kind, name, so_far)


def _dropped_other(kind: ObjectType | None, name: str, so_far: SoFar) -> Finding:
    """A view, a type or a trigger of the version before is missed by it, unless the migration made it itself."""
    undo = Undo(impossible=f"what {name} was is gone")
    if kind is ObjectType.OBJECT_TYPE and name in so_far.types:
        return neutral(f"dropping the type {name}, which this migration made,")
    if kind in _RELATIONS and so_far.is_missing(name):
        return missing(name, what=_word_of(kind))
    table = name.rpartition(".")[0] if kind in _ON_A_TABLE else name
    locked = kind in _ON_A_TABLE or kind in _RELATIONS
    locks = (Lock(table, Mode.ACCESS_EXCLUSIVE),) if locked and not so_far.is_new(table) else ()
    users = so_far.tables_with(name) if kind in _TYPES else []
    why = f"; {say_who(users, 'has', 'have')} it, so this statement will fail" if users else ""
    return Finding(
        Safety.RISKY,
        f"Dropping the {_word_of(kind)} {name} is on no list of 6.2{why}",
        locks=locks,
        fails=bool(users),
        breaks=f"{name} dropped",
        undo=undo,
        stage=Stage.CONTRACT,
    )


def _destroyed(word: str, name: str, so_far: SoFar, *, cascade: bool) -> Finding:
    rows = said_rows(so_far.facts_of(name)) if word == "table" else ""
    also = " with CASCADE, and whatever depends on it, which the text does not name" if cascade else ""
    children = so_far.pointing_to(name) if "table" in word else []
    users = [*children, *so_far.users_of_table(name)] if "table" in word else []
    if word in ("schema", "type"):
        users = so_far.tables_in(name) if word == "schema" else so_far.tables_with(name)
    if users and not cascade:
        also = f"; {say_who(users, 'needs', 'need')} it, so this statement will fail"
    whole = so_far.whole_of(name)
    touched = (name, *so_far.parents_of(name), *children, *whole) if "table" in word else tuple(users)
    return Finding(
        Safety.DANGEROUS,
        f"Drops the {word} {name}{rows}{also}",
        advice="let a release that no longer uses it be live on every server first, and drop it in a later one",
        locks=tuple(Lock(one, Mode.ACCESS_EXCLUSIVE) for one in dict.fromkeys(touched)),
        breaks=f"{name} dropped",
        fails=bool(users) and not cascade,
        undo=Undo(impossible=f"what was in {name} is gone"),
        stage=Stage.CONTRACT,
    )


def _dropped_index(name: str, so_far: SoFar, statement: ast.DropStmt) -> Finding:
    alone, known = bool(statement.concurrent), so_far.index_of(name)
    if so_far.knows and so_far.indexes and not known:
        found = passed_over(f"the index {name}") if statement.missing_ok else absent(f"the index {name}")
        return replace(found, needs_no_transaction=alone)
    facts = so_far.facts_of(known.table) if known else None
    if facts and name in facts.constraints:
        return Finding(
            Safety.RISKY,
            f"The index {name} is a constraint of {known.table if known else ''}, so this statement will fail",
            advice="ALTER TABLE … DROP CONSTRAINT",
            fails=True,
            stage=Stage.CONTRACT,
        )
    advice = "" if alone else "DROP INDEX CONCURRENTLY as the only statement of a migration of its own"
    undo = Undo(impossible=f"how {name} was defined is not known from the text")
    mode = Mode.SHARE_UPDATE_EXCLUSIVE if alone else Mode.ACCESS_EXCLUSIVE
    # ON CONFLICT, by which Prisma upserts, needs it. Where the database does not tell, Prisma's way of naming does.
    unique = known.definition.startswith("CREATE UNIQUE") if known and known.definition else name.endswith("_key")
    stays = known is not None and so_far.stays_unique(known.table, columns_of(known))
    lost = "its columns stay unique by another one" if stays else "queries that need it become slow"
    return Finding(
        Safety.RISKY,
        f"Dropping the index {name} is on no list of 6.2; {lost}",
        advice=advice,
        locks=(Lock(known.table, mode),) if known and not so_far.is_new(known.table) else (),
        breaks=f"{name} dropped" if unique and not stays else "",
        undo=Undo((known.definition,)) if known and known.definition else undo,
        stage=None if stays else Stage.CONTRACT,
        needs_no_transaction=alone,
    )


def _there_already(name: str, *, skipped: bool, locks: tuple[Lock, ...] = ()) -> Finding:
    if skipped:
        reason = f"{name} is there already, so this statement does nothing, whatever shape it has"
        return Finding(Safety.RISKY, reason, locks=locks, undo=NOTHING_TO_UNDO)
    return Finding(Safety.RISKY, f"{name} is there already, so this statement will fail", fails=True)


def _referenced(statement: ast.CreateStmt) -> list[str]:
    """The tables that the new one points to, by a column's own constraint or the table's."""
    elements = list(statement.tableElts or ())
    constraints = [one for one in elements if isinstance(one, ast.Constraint)]
    for column in elements:
        if isinstance(column, ast.ColumnDef):
            constraints += [one for one in column.constraints or () if isinstance(one, ast.Constraint)]
    found = [relation_name(one.pktable) for one in constraints if one.contype is ConstrType.CONSTR_FOREIGN]
    return list(dict.fromkeys(found))


def _word_of(kind: ObjectType | None) -> str:
    if kind is ObjectType.OBJECT_MATVIEW:
        return "materialized view"
    return kind.name.removeprefix("OBJECT_").replace("_", " ").lower() if kind is not None else "object"
