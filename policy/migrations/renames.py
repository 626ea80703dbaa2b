"""Judges what gets another name or another schema, and who still uses the old one."""

from collections.abc import Iterator
from dataclasses import replace

from pglast import ast
from pglast.enums import ObjectType

from policy.migrations.findings import (
    Finding,
    Lock,
    Mode,
    Safety,
    Stage,
    Undo,
    absent,
    missing,
    neutral,
    safe,
    unlisted,
)
from policy.migrations.so_far import SoFar
from policy.migrations.statements import named, quoted, quoted_relation, relation_name, strings

_RELATIONS = {
    ObjectType.OBJECT_TABLE: "TABLE",
    ObjectType.OBJECT_FOREIGN_TABLE: "FOREIGN TABLE",
    ObjectType.OBJECT_VIEW: "VIEW",
    ObjectType.OBJECT_MATVIEW: "MATERIALIZED VIEW",
}
_CALLED = {**_RELATIONS, ObjectType.OBJECT_INDEX: "INDEX", ObjectType.OBJECT_SEQUENCE: "SEQUENCE"}
_NAMED_IN_CODE = {
    ObjectType.OBJECT_TYPE: "TYPE",
    ObjectType.OBJECT_DOMAIN: "DOMAIN",
    ObjectType.OBJECT_SCHEMA: "SCHEMA",
}
_ADVICE = "add the new name beside the old one, write both, and drop the old one in a later release"


def judge_rename(statement: ast.RenameStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give who still uses the old name."""
    kind, table = statement.renameType, relation_name(statement.relation)
    old, new = statement.subname or "", statement.newname or ""
    relation = quoted_relation(statement.relation) if statement.relation else ""
    if statement.relation and so_far.is_missing(table):
        of = statement.relationType if kind is ObjectType.OBJECT_COLUMN else kind
        what = _CALLED.get(of or ObjectType(0), "TABLE").lower()
        yield missing(table, skipped=bool(statement.missing_ok), what=what)
        if statement.missing_ok:
            return
    if kind is ObjectType.OBJECT_COLUMN:
        yield _judge_column(table, relation, old, new, so_far)
    elif kind in _RELATIONS:
        yield _judge_relation(statement, _RELATIONS[kind], so_far)
    elif kind is ObjectType.OBJECT_TABCONSTRAINT:
        yield _judge_constraint(table, relation, old, new, so_far)
    elif kind in (ObjectType.OBJECT_INDEX, ObjectType.OBJECT_SEQUENCE):
        word = "INDEX" if kind is ObjectType.OBJECT_INDEX else "SEQUENCE"
        back = f"ALTER {word} {_beside(statement.relation, new)} RENAME TO {quoted(_last(table))}"
        yield unlisted(f"renaming the {word.lower()} {table} to {new}", undo=Undo((back,)))
    elif kind in _NAMED_IN_CODE:
        yield _judge_named(statement, _NAMED_IN_CODE[kind], so_far)
    else:
        what = kind.name.removeprefix("OBJECT_").replace("_", " ").lower() if kind else "object"
        yield unlisted(
            f"renaming the {what} {old or table} to {new}", undo=Undo(impossible="the name before is not known")
        )


def judge_new_schema(statement: ast.AlterObjectSchemaStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give who still looks for it in the schema before: to move is to rename."""
    table, word = relation_name(statement.relation), _RELATIONS.get(statement.objectType or ObjectType(0))
    if not word or not statement.relation:
        yield unlisted("moving something to another schema")
        return
    schema, name = statement.newschema or "", statement.relation.relname or ""
    back = f"ALTER {word} {quoted(schema, name)} SET SCHEMA {quoted(statement.relation.schemaname or 'public')}"
    if so_far.is_missing(table):
        yield missing(table, skipped=bool(statement.missing_ok), what=word.lower())
    yield _renamed(table, back, table, so_far)


def judge_enum(statement: ast.AlterEnumStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give what becomes of the values of a type: PostgreSQL never takes one away."""
    kind, new, old = named(strings(statement.typeName)), statement.newVal or "", statement.oldVal or ""
    if old:
        literals = (one.replace("'", "''") for one in (new, old))
        back = "ALTER TYPE {} RENAME VALUE '{}' TO '{}'".format(quoted(*strings(statement.typeName)), *literals)
        yield Finding(
            Safety.RISKY,
            f"{so_far.reader} still writes {old} as a {kind}",
            advice="add the new value, write it, change the rows in batches, and stop using the old one",
            breaks=f"{kind}.{old} renamed",
            undo=Undo((back,)),
            stage=Stage.CONTRACT,
        )
        return
    yield unlisted(
        f"the value {new} added to a type", undo=Undo(impossible=f"PostgreSQL cannot take the value {new} from a type")
    )


def _judge_column(table: str, relation: str, old: str, new: str, so_far: SoFar) -> Finding:
    if so_far.is_new(table):
        return neutral(f"renaming {table}.{old}, which this migration makes,")
    if so_far.lacks_column(table, old):
        return absent(f"{table}.{old}")
    if so_far.column_of(table, new):
        return Finding(
            Safety.RISKY,
            f"{table}.{new} is there already, so this statement will fail",
            fails=True,
            stage=Stage.CONTRACT,
        )
    back = f"ALTER TABLE {relation} RENAME COLUMN {quoted(new)} TO {quoted(old)}"
    if so_far.is_alias_of_column(table, old, new):
        return _renamed_with_alias(f"{table}.{old}", back, table)
    return _renamed(f"{table}.{old}", back, table, so_far)


def _judge_relation(statement: ast.RenameStmt, word: str, so_far: SoFar) -> Finding:
    table, new = relation_name(statement.relation), statement.newname or ""
    back = f"ALTER {word} {_beside(statement.relation, new)} RENAME TO {quoted(_last(table))}"
    if so_far.is_new(table):
        return replace(neutral(f"renaming {table}, which this migration made,"), undo=Undo((back,)))
    if so_far.is_aliased(table, new):
        return _renamed_with_alias(table, back, table)
    return _renamed(table, back, table, so_far)


def _judge_constraint(table: str, relation: str, old: str, new: str, so_far: SoFar) -> Finding:
    facts = so_far.facts_of(table)
    if facts and facts.constraints and old not in facts.constraints:
        return absent(f"the constraint {old} of {table}")
    back = f"ALTER TABLE {relation} RENAME CONSTRAINT {quoted(new)} TO {quoted(old)}"
    locks = () if so_far.is_new(table) else (Lock(table, Mode.ACCESS_EXCLUSIVE),)
    return unlisted(f"renaming the constraint {old} of {table} to {new}", locks=locks, undo=Undo((back,)))


def _judge_named(statement: ast.RenameStmt, word: str, so_far: SoFar) -> Finding:
    """The client of Prisma names types when it writes, so the version before no longer finds it."""
    parts = strings(statement.object) or [statement.subname or ""]
    old, new = named(parts), statement.newname or ""
    back = f"ALTER {word} {quoted(*parts[:-1], new)} RENAME TO {quoted(parts[-1])}"
    if old in so_far.types:
        return replace(neutral(f"renaming the {word.lower()} {old}, which this migration made,"), undo=Undo((back,)))
    return Finding(
        Safety.RISKY,
        f"{so_far.reader} still names the {word.lower()} {old}",
        advice=_ADVICE,
        breaks=f"{old} renamed",
        undo=Undo((back,)),
        stage=Stage.CONTRACT,
    )


def _renamed(what: str, back: str, table: str, so_far: SoFar) -> Finding:
    return Finding(
        Safety.RISKY,
        f"{so_far.reader} still reads {what}",
        advice=_ADVICE,
        locks=(Lock(table, Mode.ACCESS_EXCLUSIVE),),
        breaks=f"{what} renamed",
        undo=Undo((back,)),
        stage=Stage.CONTRACT,
    )


def _renamed_with_alias(what: str, back: str, table: str) -> Finding:
    reason = f"Renames {what}; the old version still finds it under its old name, by a view of this file"
    return safe(reason, undo=Undo((back,)), locks=(Lock(table, Mode.ACCESS_EXCLUSIVE),))


def _beside(relation: ast.RangeVar | None, name: str) -> str:
    """A name in the same schema, as SQL writes it."""
    schema = relation.schemaname if relation else None
    return quoted(*(part for part in (schema, name) if part))


def _last(table: str) -> str:
    return table.rpartition(".")[2]
