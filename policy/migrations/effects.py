"""What each statement changes for those after it: the shape that the real database will have by then."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace

from pglast import ast
from pglast.enums import AlterTableType as Kind
from pglast.enums import ConstrType, NullTestType, ObjectType
from pglast.stream import RawStream

from policy.migrations.expressions import is_null
from policy.migrations.facts import Column, Constraint, Index
from policy.migrations.so_far import SoFar
from policy.migrations.statements import (
    UnreadableSql,
    named,
    quoted,
    read_statements,
    relation_name,
    strings,
    walk,
)

_KINDS = {
    ConstrType.CONSTR_CHECK: Constraint.CHECK,
    ConstrType.CONSTR_FOREIGN: Constraint.FOREIGN_KEY,
    ConstrType.CONSTR_PRIMARY: Constraint.PRIMARY_KEY,
    ConstrType.CONSTR_UNIQUE: Constraint.UNIQUE,
    ConstrType.CONSTR_EXCLUSION: Constraint.EXCLUDE,
    ConstrType.CONSTR_NOTNULL: Constraint.NOT_NULL,
}
_NOT_VALID = " NOT VALID"
_NAMES = (ObjectType.OBJECT_VIEW, ObjectType.OBJECT_MATVIEW, ObjectType.OBJECT_SEQUENCE)
_RELATIONS = (*_NAMES, ObjectType.OBJECT_TABLE, ObjectType.OBJECT_FOREIGN_TABLE)


def apply(node: ast.Node, so_far: SoFar) -> None:
    """Let `so_far` know what the statement did; what ALTER TABLE does is told command by command."""
    if act := _EFFECTS.get(type(node)):
        act(node, so_far)
    _apply_rows(node, so_far)


def apply_command(table: str, command: ast.AlterTableCmd, so_far: SoFar) -> None:
    """Let `so_far` know what one command of ALTER TABLE did."""
    kind, name, definition = command.subtype, command.name or "", command.def_
    before = so_far.column_of(table, name)
    if kind is Kind.AT_AddColumn and isinstance(definition, ast.ColumnDef):
        if so_far.lacks_column(table, definition.colname or ""):
            so_far.change_columns(table, {definition.colname or "": _new_column(table, definition, so_far)})
    elif kind is Kind.AT_DropColumn:
        so_far.change_columns(table, {name: None})
        so_far.gone.add(f"{table}.{name}")
    elif kind is Kind.AT_DropConstraint:
        so_far.change_constraints(table, name, None)
    elif kind is Kind.AT_AddConstraint and isinstance(definition, ast.Constraint):
        kind_of = _KINDS.get(definition.contype or ConstrType(0))
        so_far.change_constraints(table, definition.conname or "", kind_of, definition=_define(definition))
    elif kind is Kind.AT_ValidateConstraint:
        _validate(table, name, so_far)
    elif before and kind is Kind.AT_DropNotNull:
        so_far.change_columns(table, {name: replace(before, required=False)})
    elif before and kind is Kind.AT_SetNotNull:
        so_far.change_columns(table, {name: replace(before, required=True, nulls=0)})
    elif before and kind is Kind.AT_AlterColumnType and isinstance(definition, ast.ColumnDef):
        so_far.change_columns(table, {name: replace(before, type=_type_of(definition), nulls=None)})
    elif before and kind is Kind.AT_ColumnDefault:
        so_far.change_columns(table, {name: replace(before, default="" if definition is None else "changed")})


def _define(constraint: ast.Constraint) -> str:
    """Write a CHECK that a column has a value as PostgreSQL does, by which it proves NOT NULL; else nothing."""
    test = constraint.raw_expr
    if not isinstance(test, ast.NullTest) or test.nulltesttype is not NullTestType.IS_NOT_NULL:
        return ""
    if not isinstance(test.arg, ast.ColumnRef) or len(column := strings(test.arg.fields)) != 1:
        return ""
    return f"CHECK (({quoted(*column)} IS NOT NULL)){_NOT_VALID if constraint.skip_validation else ''}"


def _validate(table: str, name: str, so_far: SoFar) -> None:
    facts = so_far.facts_of(table)
    if facts and name in facts.constraints and name in facts.definitions:
        definition = facts.definitions[name].removesuffix(_NOT_VALID)
        so_far.change_constraints(table, name, facts.constraints[name], definition=definition)


def _new_column(table: str, definition: ast.ColumnDef, so_far: SoFar) -> Column:
    """Without a default no row holds a value in it."""
    kinds = {one.contype: one for one in definition.constraints or () if isinstance(one, ast.Constraint)}
    default = kinds.get(ConstrType.CONSTR_DEFAULT)
    filled = default is not None and not is_null(default.raw_expr)
    filled = filled or bool({ConstrType.CONSTR_IDENTITY, ConstrType.CONSTR_GENERATED} & set(kinds))
    filled = filled or "serial" in _type_of(definition)
    facts = so_far.facts_of(table)
    nulls = 0 if filled else facts.rows if facts else None
    return Column(_type_of(definition), required=ConstrType.CONSTR_NOTNULL in kinds, nulls=nulls)


def _type_of(definition: ast.ColumnDef) -> str:
    return ".".join(strings(definition.typeName.names)[-1:]) if definition.typeName else ""


def _apply_index(node: ast.IndexStmt, so_far: SoFar) -> None:
    if node.idxname:
        so_far.indexes[_beside(node.relation, node.idxname)] = Index(relation_name(node.relation), _spell_index(node))


def _spell_index(node: ast.IndexStmt) -> str:
    """Write the statement that makes it again within a transaction; nothing where that cannot be written."""
    plain = copy(node)
    plain.concurrent = plain.if_not_exists = False
    text = str(RawStream()(plain))
    try:
        read_statements(text)
    except UnreadableSql:
        return ""
    return text


def _apply_truncate(node: ast.TruncateStmt, so_far: SoFar) -> None:
    for one in node.relations or ():
        so_far.write_rows(relation_name(one))


def _apply_query(node: ast.CreateTableAsStmt | ast.SelectStmt, so_far: SoFar) -> None:
    into = node.into if isinstance(node, ast.CreateTableAsStmt) else node.intoClause
    if into is not None:
        so_far.others.add(relation_name(into.rel))


def _apply_new(name: str, so_far: SoFar, *, may_be_there: bool) -> None:
    so_far.others.add(name)
    if not may_be_there:
        so_far.fresh.add(name)


def _apply_function(node: ast.CreateFunctionStmt, so_far: SoFar) -> None:
    if not node.replace:
        so_far.fresh.add(named(strings(node.funcname)))


def _apply_schema(node: ast.CreateSchemaStmt, so_far: SoFar) -> None:
    so_far.schemas.add(node.schemaname or "")
    if not node.if_not_exists:
        so_far.fresh.add(node.schemaname or "")


def _apply_drop(node: ast.DropStmt, so_far: SoFar) -> None:
    for one in node.objects or ():
        name = named(strings(one))
        if node.removeType in _RELATIONS:
            so_far.forget(name)
            so_far.gone.add(name)
        elif node.removeType is ObjectType.OBJECT_INDEX:
            so_far.indexes.pop(name, None)


def _apply_rename(node: ast.RenameStmt, so_far: SoFar) -> None:
    table, old, new = relation_name(node.relation), node.subname or "", node.newname or ""
    if node.renameType is ObjectType.OBJECT_COLUMN:
        if column := so_far.column_of(table, old):
            so_far.change_columns(table, {old: None, new: column})
    elif node.renameType is ObjectType.OBJECT_TABCONSTRAINT:
        facts = so_far.facts_of(table)
        if facts and old in facts.constraints:
            kind, definition = facts.constraints[old], facts.definitions.get(old, "")
            so_far.change_constraints(table, old, None)
            so_far.change_constraints(table, new, kind, definition=definition)
    elif node.renameType is ObjectType.OBJECT_INDEX:
        if owner := so_far.indexes.pop(table, None):
            so_far.indexes[_beside(node.relation, new)] = owner
    elif node.renameType in _RELATIONS:
        so_far.rename(table, _beside(node.relation, new))


def _apply_rows(node: ast.Node, so_far: SoFar) -> None:
    for one in walk(node):
        if isinstance(one, ast.UpdateStmt | ast.InsertStmt | ast.DeleteStmt | ast.MergeStmt):
            if isinstance(one, ast.UpdateStmt):
                names = [target.name or "" for target in one.targetList or () if isinstance(target, ast.ResTarget)]
                so_far.fill_columns(relation_name(one.relation), names)
            else:
                so_far.write_rows(relation_name(one.relation))
    if isinstance(node, ast.CopyStmt) and node.is_from:
        so_far.write_rows(relation_name(node.relation))


def _beside(relation: ast.RangeVar | None, name: str) -> str:
    """The name of something in the same schema as a table."""
    schema = relation.schemaname if relation else None
    return named(part for part in (schema, name) if part)


_EFFECTS: Mapping[type[ast.Node], Callable[..., None]] = {
    ast.IndexStmt: _apply_index,
    ast.DropStmt: _apply_drop,
    ast.RenameStmt: _apply_rename,
    ast.TruncateStmt: _apply_truncate,
    ast.CreateTableAsStmt: _apply_query,
    ast.SelectStmt: _apply_query,
    ast.ViewStmt: lambda node, so_far: _apply_new(relation_name(node.view), so_far, may_be_there=bool(node.replace)),
    ast.CreateSeqStmt: lambda node, so_far: _apply_new(
        relation_name(node.sequence), so_far, may_be_there=bool(node.if_not_exists)
    ),
    ast.CreateFunctionStmt: _apply_function,
    ast.CreateRoleStmt: lambda node, so_far: so_far.fresh.add(node.role),
    ast.CreateDomainStmt: lambda node, so_far: so_far.domains.add(named(strings(node.domainname))),
    ast.CreateSchemaStmt: _apply_schema,
    ast.CreateEnumStmt: lambda node, so_far: so_far.types.add(named(strings(node.typeName))),
    ast.CompositeTypeStmt: lambda node, so_far: so_far.types.add(relation_name(node.typevar)),
}
