"""Judges what a migration does to rows, and the statements whose effect is not in their text."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pglast import ast
from pglast.enums import DropBehavior, OnConflictAction

from policy.migrations.expressions import changes_server, effectful_functions, is_always_true, required_column
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
    unlisted,
    unreadable,
)
from policy.migrations.so_far import SoFar
from policy.migrations.statements import relation_name, strings, walk

_IN_BATCHES = "change the rows in batches, by a backfill, not in the migration"
# The next number of a sequence is what a row gets, as from its default.
_VALUES = ("nextval", "pg_catalog.nextval")
Changing = ast.UpdateStmt | ast.DeleteStmt | ast.InsertStmt | ast.MergeStmt


def judge_rows(statement: ast.Node, so_far: SoFar) -> Iterator[Finding]:
    """Give what each part of a statement, also one within WITH, does to rows."""
    changing = [node for node in walk(statement) if isinstance(node, Changing)]
    yield from so_far.missing_in(statement)
    for node in changing:
        yield from _lost_columns(node, so_far)
        yield _judge_change(node, so_far)
    if functions := _called_for_effect(statement, changing):
        yield unreadable(
            f"Calls {', '.join(f'{name}()' for name in functions)} for its effect, which the text does not show"
        )
    elif isinstance(statement, ast.SelectStmt) and not changing:
        yield unlisted("a table made of what SELECT finds") if statement.intoClause else neutral("SELECT")


def judge_truncate(statement: ast.TruncateStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give each table that is emptied."""
    tables = [relation_name(one) for one in statement.relations or () if isinstance(one, ast.RangeVar)]
    cascade = statement.behavior is DropBehavior.DROP_CASCADE
    for table in tables:
        if so_far.is_missing(table):
            yield missing(table)
        children = [one for one in so_far.pointing_to(table) if one not in tables]
        also = " with CASCADE, and every table that points to it" if cascade else ""
        if children and not cascade:
            also = f"; {', '.join(children)} may point to it, so this statement will fail"
        for one in so_far.emptied_with(table) if cascade else [table]:
            yield Finding(
                Safety.DANGEROUS,
                f"Empties {one}{said_rows(so_far.facts_of(one))}{also}",
                locks=(Lock(one, Mode.ACCESS_EXCLUSIVE),),
                rewrites=one,
                fails=bool(children) and not cascade,
                undo=Undo(impossible=f"the rows of {one} are gone"),
                stage=Stage.CONTRACT,
            )


def judge_copy(statement: ast.CopyStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give what COPY reads or writes; a program is never run for a migration, and Prisma sends no rows after it."""
    table = relation_name(statement.relation) if statement.relation else "a query"
    if statement.is_program:
        yield unreadable(f"COPY runs a program on the database's host with {table}")
    elif statement.query is not None and _does_more_than_read(statement.query):
        yield from judge_rows(statement.query, so_far)
    elif statement.filename is None:
        yield Finding(
            Safety.RISKY,
            f"COPY of {table} waits for rows that nobody sends, so this statement will fail",
            fails=True,
            undo=NOTHING_TO_UNDO,
            stage=None,
        )
    else:
        yield unlisted(f"COPY of {table}", undo=Undo(impossible="which rows came is not known from the text"))


def _does_more_than_read(query: ast.Node) -> bool:
    return any(isinstance(node, Changing) for node in walk(query)) or bool(effectful_functions(query))


def _lost_columns(node: Changing, so_far: SoFar) -> Iterator[Finding]:
    """An UPDATE or INSERT that names a column which is not there."""
    if isinstance(node, ast.UpdateStmt | ast.InsertStmt):
        table = relation_name(node.relation)
        targets = node.targetList if isinstance(node, ast.UpdateStmt) else node.cols
        names = [one.name or "" for one in targets or () if isinstance(one, ast.ResTarget)]
        yield from (absent(f"{table}.{name}") for name in names if name and so_far.lacks_column(table, name))


def _judge_change(node: Changing, so_far: SoFar) -> Finding:
    table = relation_name(node.relation)
    undo = Undo(impossible=f"the values that {table} held are gone")
    locks = () if so_far.is_new(table) else (Lock(table, Mode.ROW_EXCLUSIVE, long=True),)
    facts = so_far.facts_of(table)
    rows = said_rows(facts)
    if isinstance(node, ast.InsertStmt) and _overwrites(node) and not so_far.is_new(table):
        return Finding(
            Safety.RISKY if _names_its_rows(node) else Safety.DANGEROUS,
            f"INSERT … ON CONFLICT DO UPDATE overwrites rows of {table}{rows}; which, only the data decide",
            locks=locks,
            undo=undo,
            stage=Stage.BACKFILL,
        )
    if isinstance(node, ast.InsertStmt):
        undo = Undo(impossible=f"which rows of {table} were new is not known from the text")
        return _backfill(unlisted(f"new rows in {table}", locks=locks, undo=undo))
    if isinstance(node, ast.MergeStmt):
        return Finding(
            Safety.DANGEROUS,
            f"MERGE changes rows of {table}{rows}; which, only the data decide",
            locks=locks,
            undo=undo,
        )
    if so_far.is_new(table):
        return _backfill(neutral(f"changing rows of {table}, which this migration makes,"))
    word = "Deletes" if isinstance(node, ast.DeleteStmt) else "Changes"
    if not _chooses(node, so_far):
        return Finding(
            Safety.DANGEROUS,
            f"{word} every row of {table}{rows}: no WHERE chooses some",
            advice=_IN_BATCHES,
            locks=locks,
            undo=undo,
            stage=Stage.BACKFILL,
        )
    return Finding(
        Safety.RISKY,
        f"{word} rows of {table} that only the data decide, which is on no list of 6.2",
        advice=_IN_BATCHES,
        locks=locks,
        undo=undo,
        stage=Stage.BACKFILL,
    )


def _chooses(node: ast.UpdateStmt | ast.DeleteStmt, so_far: SoFar) -> bool:
    """Whether a condition looks at the rows that are changed, not only at those of other tables.

    That a column which may not be empty has a value is true of every row.
    """
    asked = so_far.column_of(relation_name(node.relation), required_column(node.whereClause))
    if is_always_true(node.whereClause) or (asked is not None and asked.required):
        return False
    alias = node.relation.alias.aliasname if node.relation and node.relation.alias else None
    own = alias or (node.relation.relname if node.relation else None)
    columns = (strings(one.fields) for one in walk(node.whereClause) if isinstance(one, ast.ColumnRef))
    return any(len(names) < 2 or names[-2] == own for names in columns) or not any(
        isinstance(one, ast.ColumnRef) for one in walk(node.whereClause)
    )


def _overwrites(node: ast.InsertStmt) -> bool:
    conflict = node.onConflictClause
    return conflict is not None and conflict.action is OnConflictAction.ONCONFLICT_UPDATE


def _names_its_rows(node: ast.InsertStmt) -> bool:
    """Whether the text itself says which rows come: a query may find every row there is."""
    return isinstance(node.selectStmt, ast.SelectStmt) and bool(node.selectStmt.valuesLists)


def _called_for_effect(statement: ast.Node, changing: Sequence[Changing]) -> tuple[str, ...]:
    """Return the functions whose values no row gets.

    What a change writes into its rows, such as slugify(name), is a value; a SELECT without FROM or within WITH is there
    for what it calls, and what PostgreSQL's own do to the server is never a value.
    """
    within = [one for node in changing for one in effectful_functions(node)]
    called = () if isinstance(statement, Changing) else effectful_functions(statement)
    found = [one for one in called if one not in within]
    for node in changing:
        found += [one for part in _parts_for_effect(node) for one in effectful_functions(part) if one not in _VALUES]
        found += [one for one in effectful_functions(node) if changes_server(one)]
    return tuple(dict.fromkeys(found))


def _parts_for_effect(node: Changing) -> Iterator[ast.Node]:
    """Give each SELECT within WITH, and each that reads no table and is no list of values."""
    named = [one.ctequery for one in walk(node) if isinstance(one, ast.CommonTableExpr)]
    yield from (one for one in named if isinstance(one, ast.SelectStmt))
    for one in walk(node):
        if isinstance(one, ast.SelectStmt) and not (one.fromClause or one.valuesLists or one.op):
            yield one


def _backfill(finding: Finding) -> Finding:
    return replace(finding, stage=Stage.BACKFILL)
