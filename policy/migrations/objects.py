"""Judges what a migration makes, drops and renames: tables, indexes, types, and what else a schema holds."""

from collections.abc import Iterator

from pglast import ast
from pglast.enums import ConstrType, DropBehavior, ObjectType

from policy.migrations.facts import said_rows
from policy.migrations.findings import (
    NOTHING_TO_UNDO,
    Finding,
    Lock,
    Mode,
    Safety,
    Stage,
    Undo,
    missing,
    neutral,
    safe,
    unlisted,
)
from policy.migrations.so_far import SoFar
from policy.migrations.statements import named, quoted, quoted_relation, relation_name, strings

_DESTROYING = {
    ObjectType.OBJECT_TABLE: "table",
    ObjectType.OBJECT_FOREIGN_TABLE: "foreign table",
    ObjectType.OBJECT_SCHEMA: "schema",
    ObjectType.OBJECT_SEQUENCE: "sequence",
}


def judge_create_table(statement: ast.CreateStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give what a new table does to those there were: only a reference or a parent reaches them."""
    table = relation_name(statement.relation)
    if so_far.facts and table in so_far.facts.tables:
        yield _there_already(table, skipped=bool(statement.if_not_exists))
        return
    if not statement.if_not_exists:
        so_far.make(table)
    undo = Undo((f"DROP TABLE {quoted_relation(statement.relation)}",)) if statement.relation else NOTHING_TO_UNDO
    parents = [one for one in statement.inhRelations or () if isinstance(one, ast.RangeVar)]
    if parents:
        locks = tuple(Lock(relation_name(one), Mode.ACCESS_EXCLUSIVE) for one in parents)
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
    if so_far.is_new(table):
        yield safe(f"New {word} {name} of the new table {table}")
        return
    if so_far.is_missing(table):
        yield missing(table)
    schema = statement.relation.schemaname if statement.relation else None
    known_as = quoted(*(part for part in (schema, name) if part))
    undo = Undo((f"DROP INDEX {known_as}",)) if name else Undo(impossible="the new index has no name in the text")
    unique = f"; Adds a UNIQUE constraint to {table}, so it fails if two rows are alike" if statement.unique else ""
    breaks = f"{table} unique by {name}" if statement.unique else ""
    if statement.concurrent:
        yield Finding(
            Safety.RISKY if statement.unique else Safety.SAFE,
            f"New {word} {name} on {table}, built beside reads and writes{unique}",
            locks=(Lock(table, Mode.SHARE_UPDATE_EXCLUSIVE, long=True),),
            breaks=breaks,
            undo=undo,
            needs_no_transaction=True,
        )
        return
    yield Finding(
        Safety.RISKY,
        f"Blocks writes to {table} while it builds; use CONCURRENTLY{unique}",
        advice="CREATE INDEX CONCURRENTLY as the only statement of a migration of its own",
        locks=(Lock(table, Mode.SHARE, long=True),),
        breaks=breaks,
        undo=undo,
    )


def judge_drop(statement: ast.DropStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give what is dropped, each by its name."""
    cascade = statement.behavior is DropBehavior.DROP_CASCADE
    kind = statement.removeType
    word = _DESTROYING.get(kind) if kind else None
    for one in statement.objects or ():
        name = named(strings(one)) or (one.sval if isinstance(one, ast.String) else "") or "what is named there"
        if kind is ObjectType.OBJECT_TABLE and so_far.is_new(name):
            so_far.forget(name)
            yield neutral(f"dropping {name}, which this migration made,")
        elif word or cascade:
            if kind is ObjectType.OBJECT_TABLE and so_far.is_missing(name):
                yield missing(name, skipped=bool(statement.missing_ok))
            yield _destroyed(word or _word_of(kind), name, so_far, cascade=cascade)
        elif kind is ObjectType.OBJECT_INDEX:
            yield _dropped_index(name, concurrent=bool(statement.concurrent))
        else:
            yield unlisted(f"dropping the {_word_of(kind)} {name}", undo=Undo(impossible=f"what {name} was is gone"))


def judge_rename(statement: ast.RenameStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give who still uses the old name."""
    table, new = relation_name(statement.relation), statement.newname or ""
    relation = quoted_relation(statement.relation) if statement.relation else ""
    if statement.renameType is ObjectType.OBJECT_COLUMN and so_far.is_new(table):
        yield neutral(f"renaming {table}.{statement.subname}, which this migration makes,")
    elif statement.renameType is ObjectType.OBJECT_COLUMN:
        yield _renamed(
            f"{table}.{statement.subname}",
            f"ALTER TABLE {relation} RENAME COLUMN {quoted(new)} TO {quoted(statement.subname or '')}",
            table,
            so_far,
        )
    elif statement.renameType in (ObjectType.OBJECT_TABLE, ObjectType.OBJECT_VIEW):
        was_new = so_far.is_new(table)
        so_far.rename(table, new)
        if was_new:
            yield neutral(f"renaming {table}, which this migration made,")
        else:
            schema = statement.relation.schemaname if statement.relation else None
            now = quoted(*(part for part in (schema, new) if part))
            yield _renamed(table, f"ALTER TABLE {now} RENAME TO {quoted(table.split('.')[-1])}", table, so_far)
    else:
        what = _word_of(statement.renameType)
        name = statement.subname or table
        yield unlisted(f"renaming the {what} {name} to {new}", undo=Undo(impossible="the name before is not known"))


def _renamed(what: str, back: str, table: str, so_far: SoFar) -> Finding:
    return Finding(
        Safety.RISKY,
        f"{so_far.reader} still reads {what}",
        advice="add the new name beside the old one, write both, and drop the old one in a later release",
        locks=(Lock(table, Mode.ACCESS_EXCLUSIVE),),
        breaks=f"{what} renamed",
        undo=Undo((back,)),
        stage=Stage.CONTRACT,
    )


def _destroyed(word: str, name: str, so_far: SoFar, *, cascade: bool) -> Finding:
    facts = so_far.facts_of(name)
    rows = said_rows(facts) if word == "table" else ""
    also = " with CASCADE, and whatever depends on it, which the text does not name" if cascade else ""
    advice = "let a release that no longer uses it be live on every server first, and drop it in a later one"
    return Finding(
        Safety.DANGEROUS,
        f"Drops the {word} {name}{rows}{also}",
        advice=advice,
        locks=(Lock(name, Mode.ACCESS_EXCLUSIVE),) if "table" in word else (),
        breaks=f"{name} dropped",
        undo=Undo(impossible=f"what was in {name} is gone"),
        stage=Stage.CONTRACT,
    )


def _dropped_index(name: str, *, concurrent: bool) -> Finding:
    advice = "" if concurrent else "DROP INDEX CONCURRENTLY as the only statement of a migration of its own"
    return Finding(
        Safety.RISKY,
        f"Dropping the index {name} is on no list of 6.2; queries that need it become slow",
        advice=advice,
        undo=Undo(impossible=f"how {name} was defined is not known from the text"),
        stage=Stage.CONTRACT,
        needs_no_transaction=concurrent,
    )


def _there_already(table: str, *, skipped: bool) -> Finding:
    if skipped:
        reason = f"{table} is there already, so this statement does nothing, whatever shape it has"
        return Finding(Safety.RISKY, reason, undo=NOTHING_TO_UNDO)
    return Finding(Safety.RISKY, f"{table} is there already, so this statement will fail", fails=True)


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
    return kind.name.removeprefix("OBJECT_").replace("_", " ").lower() if kind else "object"
