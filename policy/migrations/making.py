"""Judges what a schema holds beside tables: views, types, sequences, functions, triggers, policies."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from pglast import ast
from pglast.enums import ObjectType

from policy.migrations.expressions import effectful_functions
from policy.migrations.findings import (
    NOTHING_TO_UNDO,
    Finding,
    Lock,
    Mode,
    Safety,
    Stage,
    Undo,
    safe,
    unlisted,
    unreadable,
)
from policy.migrations.rows import Changing, judge_rows
from policy.migrations.so_far import SoFar
from policy.migrations.statements import quoted, quoted_relation, relation_name, strings, walk

_MAY_BE_THERE = Undo(impossible="whether it was there before is not known from the text")


def judge_view(node: ast.ViewStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give a view: one that replaces another is locked, and what that one was is gone."""
    name, relation = relation_name(node.view), quoted_relation(node.view) if node.view else ""
    yield from so_far.missing_in(node.query)
    if node.replace:
        gone = Undo(impossible=f"what the view {name} was before is not known")
        yield unlisted(f"the view {name}", locks=(Lock(name, Mode.ACCESS_EXCLUSIVE),), undo=gone)
    elif name in so_far.aliases and so_far.name_before(so_far.aliases[name].table) == name:
        undo = Undo((f"DROP VIEW {relation}",))
        yield safe(f"The view {name} keeps the old name of {so_far.aliases[name].table}", undo=undo)
    else:
        yield _made(f"the view {name}", f"DROP VIEW {relation}")


def judge_table_of_a_query(node: ast.CreateTableAsStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give a table or a materialized view that is filled by a query, which may do more than read."""
    name = relation_name(node.into.rel if node.into else None)
    relation = quoted_relation(node.into.rel) if node.into and node.into.rel else ""
    if isinstance(node.query, ast.ExecuteStmt) or effectful_functions(node.query):
        yield unreadable(f"{name} is filled by what the text does not show")
        return
    word = "MATERIALIZED VIEW" if node.objtype is ObjectType.OBJECT_MATVIEW else "TABLE"
    if node.query and any(isinstance(one, Changing) for one in walk(node.query)):
        yield from judge_rows(node.query, so_far)
    else:
        yield from so_far.missing_in(node.query)
    undo = f"DROP {word} {relation}"
    yield _made(f"the {word.lower()} {name}, filled by a query,", undo, if_not_exists=bool(node.if_not_exists))


def judge_trigger(node: ast.CreateTrigStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give what runs from now on whenever rows are written."""
    table, relation = relation_name(node.relation), quoted_relation(node.relation) if node.relation else ""
    undo = Undo((f"DROP TRIGGER {quoted(node.trigname or '')} ON {relation}",))
    if node.replace:
        undo = Undo(impossible=f"what the trigger {node.trigname} was before is not known")
    locks = () if so_far.is_new(table) else (Lock(table, Mode.SHARE_ROW_EXCLUSIVE),)
    yield unlisted(f"the trigger {node.trigname}, which runs whenever {table} is written,", locks=locks, undo=undo)


def judge_policy(node: ast.CreatePolicyStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give which rows are seen from now on, where row security is on."""
    table, relation = relation_name(node.table), quoted_relation(node.table) if node.table else ""
    locks = () if so_far.is_new(table) else (Lock(table, Mode.ACCESS_EXCLUSIVE),)
    undo = Undo((f"DROP POLICY {quoted(node.policy_name or '')} ON {relation}",))
    found = unlisted(f"the policy {node.policy_name}, which says who sees rows of {table},", locks=locks, undo=undo)
    if so_far.is_new(table):
        yield found
    elif node.permissive:
        # It shows rows, where row security is on, and does nothing where it is off: either version lives with it.
        yield replace(found, stage=None)
    else:
        yield replace(found, breaks=f"{table} behind {node.policy_name}", stage=Stage.CONTRACT)


def judge_rule(node: ast.RuleStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give that statements on a table do something else from now on."""
    table, relation = relation_name(node.relation), quoted_relation(node.relation) if node.relation else ""
    locks = () if so_far.is_new(table) else (Lock(table, Mode.ACCESS_EXCLUSIVE),)
    yield Finding(
        Safety.DANGEROUS,
        f"The rule {node.rulename} makes statements on {table} do something else than they say",
        advice="use a trigger, which is seen to run",
        locks=locks,
        undo=_MAY_BE_THERE if node.replace else Undo((f"DROP RULE {quoted(node.rulename or '')} ON {relation}",)),
    )


def judge_type(node: ast.CreateEnumStmt | ast.CompositeTypeStmt | ast.CreateDomainStmt, _: SoFar) -> Iterator[Finding]:
    """Give a type, which nothing uses before a column does: taking it back fails as long as one does."""
    word = "DOMAIN" if isinstance(node, ast.CreateDomainStmt) else "TYPE"
    if isinstance(node, ast.CompositeTypeStmt):
        relation = quoted_relation(node.typevar) if node.typevar else ""
    else:
        relation = quoted(*strings(node.domainname if isinstance(node, ast.CreateDomainStmt) else node.typeName))
    yield Finding(
        Safety.RISKY,
        f"A new {word.lower()} is on no list of 6.2",
        undo=Undo((f"DROP {word} {relation}",)),
        stage=None,
    )


def judge_sequence(node: ast.CreateSeqStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give a sequence."""
    relation = quoted_relation(node.sequence) if node.sequence else ""
    yield _made("a sequence", f"DROP SEQUENCE {relation}", if_not_exists=bool(node.if_not_exists))


def judge_schema(node: ast.CreateSchemaStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give a schema; what is made within the same statement is not judged one by one."""
    undo = f"DROP SCHEMA {quoted(node.schemaname or '')}"
    if node.schemaElts:
        yield unreadable(f"The schema {node.schemaname} with all that is made in one statement")
    else:
        yield _made(f"the schema {node.schemaname}", undo, if_not_exists=bool(node.if_not_exists))


def judge_extension(node: ast.CreateExtensionStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give an extension, whose own script nobody has read here."""
    undo = f"DROP EXTENSION {quoted(node.extname or '')}"
    yield _made(f"the extension {node.extname}", undo, if_not_exists=bool(node.if_not_exists))


def judge_function(node: ast.CreateFunctionStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give a function or procedure, which is not run yet; what it replaces is gone."""
    word = "PROCEDURE" if node.is_procedure else "FUNCTION"
    name = ".".join(strings(node.funcname))
    undo = Undo(impossible=f"what {name} was before is not known from the text")
    if not node.replace and not node.parameters:
        undo = Undo((f"DROP {word} {quoted(*strings(node.funcname))}()",))
    yield unlisted(f"the {word.lower()} {name}, whose body is not read,", undo=undo)


def judge_statistics(node: ast.CreateStatsStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give statistics that the planner uses from the next ANALYZE on."""
    tables = [relation_name(one) for one in node.relations or () if isinstance(one, ast.RangeVar)]
    undo = Undo((f"DROP STATISTICS {quoted(*strings(node.defnames))}",)) if node.defnames else _MAY_BE_THERE
    yield unlisted("statistics", locks=tuple(Lock(one, Mode.SHARE_UPDATE_EXCLUSIVE) for one in tables), undo=undo)


def judge_publication(node: ast.CreatePublicationStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give what other databases may follow from now on."""
    relations = (getattr(getattr(one, "pubtable", None), "relation", None) for one in node.pubobjects or ())
    tables = [relation_name(one) for one in relations if one is not None]
    yield unlisted(
        f"the publication {node.pubname}",
        locks=tuple(Lock(one, Mode.SHARE_UPDATE_EXCLUSIVE) for one in tables),
        undo=Undo((f"DROP PUBLICATION {quoted(node.pubname or '')}",)),
    )


def judge_comment(node: ast.CommentStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give a comment, which only people read."""
    parts = strings(node.object)
    of_column = node.objtype is ObjectType.OBJECT_COLUMN
    name = ".".join(one for one in (parts[:-1] if of_column else parts) if one != "public")
    shown = (of_column or node.objtype is ObjectType.OBJECT_TABLE) and not so_far.is_new(name)
    yield Finding(
        Safety.RISKY,
        "COMMENT is on no list of 6.2",
        locks=(Lock(name, Mode.SHARE_UPDATE_EXCLUSIVE),) if shown else (),
        undo=NOTHING_TO_UNDO,
        stage=None,
    )


def _made(what: str, undo: str, *, if_not_exists: bool = False) -> Finding:
    return unlisted(what, undo=_MAY_BE_THERE if if_not_exists else Undo((undo,)))


MAKING: Mapping[type[ast.Node], Callable[..., Iterable[Finding]]] = {
    ast.ViewStmt: judge_view,
    ast.CreateTableAsStmt: judge_table_of_a_query,
    ast.CreateTrigStmt: judge_trigger,
    ast.CreatePolicyStmt: judge_policy,
    ast.RuleStmt: judge_rule,
    ast.CreateEnumStmt: judge_type,
    ast.CompositeTypeStmt: judge_type,
    ast.CreateDomainStmt: judge_type,
    ast.CreateSeqStmt: judge_sequence,
    ast.CreateSchemaStmt: judge_schema,
    ast.CreateExtensionStmt: judge_extension,
    ast.CreateFunctionStmt: judge_function,
    ast.CreateStatsStmt: judge_statistics,
    ast.CreatePublicationStmt: judge_publication,
    ast.CommentStmt: judge_comment,
}
