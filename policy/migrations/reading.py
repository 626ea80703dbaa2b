"""Reads one migration: each statement's class, and what the statements do together (6.2.1)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pglast import ast

from policy.migrations.facts import DatabaseFacts
from policy.migrations.findings import (
    Finding,
    Lock,
    Safety,
    Stage,
    Undo,
    neutral,
    safe,
    unlisted,
    unreadable,
    worst_class,
)
from policy.migrations.objects import judge_create_table, judge_drop, judge_index, judge_rename
from policy.migrations.rows import judge_copy, judge_rows, judge_truncate
from policy.migrations.so_far import SoFar
from policy.migrations.statements import Statement, UnreadableSql, read_statements, relation_name, walk
from policy.migrations.tables import judge_alter_table
from policy.migrations.together import judge_together

_LIMITS = frozenset(("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"))


@dataclass(frozen=True, slots=True)
class StatementReading:
    """A statement with what was found out about each of its parts."""

    line: int
    text: str
    findings: tuple[Finding, ...]

    @property
    def safety(self) -> Safety:
        """As bad as its worst part."""
        return worst_class(finding.safety for finding in self.findings)


@dataclass(frozen=True, slots=True)
class MigrationReading:
    """A migration file with the reading of each statement, and what they do together."""

    name: str
    statements: tuple[StatementReading, ...]
    together: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found, what the statements do together last."""
        return (*(one for statement in self.statements for one in statement.findings), *self.together)

    @property
    def safety(self) -> Safety:
        """As bad as the worst that was found."""
        return worst_class(finding.safety for finding in self.findings)

    @property
    def will_fail(self) -> tuple[str, ...]:
        """Why it cannot be applied today; empty if nothing speaks against it."""
        return tuple(finding.reason for finding in self.findings if finding.fails)

    @property
    def breaks(self) -> tuple[str, ...]:
        """What the code in production loses, by the names under which it is acknowledged."""
        return tuple(dict.fromkeys(finding.breaks for finding in self.findings if finding.breaks))

    @property
    def irreversible(self) -> tuple[str, ...]:
        """Why it cannot be taken back; empty if it can."""
        undos = (finding.undo for finding in self.findings)
        return tuple(dict.fromkeys(undo.impossible for undo in undos if not undo.is_possible))

    @property
    def down(self) -> tuple[str, ...]:
        """The statements that take it back, the last change first; empty if it cannot be taken back."""
        if self.irreversible:
            return ()
        return tuple(sql for finding in reversed(self.findings) for sql in finding.undo.sql)

    @property
    def locks(self) -> tuple[Lock, ...]:
        """The locks on tables that existed before, each once."""
        return tuple(dict.fromkeys(lock for finding in self.findings for lock in finding.locks))

    @property
    def known_tables(self) -> tuple[str, ...]:
        """The tables that were there before and that it locks."""
        return tuple(dict.fromkeys(lock.table for lock in self.locks))

    @property
    def rewrites(self) -> tuple[str, ...]:
        """The tables that are written anew."""
        return tuple(dict.fromkeys(finding.rewrites for finding in self.findings if finding.rewrites))

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Where it stands in expand, backfill, contract; more than one where it should be two migrations."""
        return tuple(stage for stage in Stage if any(finding.stage is stage for finding in self.findings))


def read_migration(
    name: str, sql: str, *, facts: DatabaseFacts | None = None, still_old: Sequence[str] = ()
) -> MigrationReading:
    """Return what a whole `migration.sql` does; what cannot be read is dangerous.

    `facts` is the database of today, without which nothing is said about its rows; `still_old` are the servers that
    serve the version before while it runs.
    """
    return _read(name, sql, SoFar(facts=facts, still_old=tuple(still_old)))


def read_migrations(
    files: Mapping[str, str], *, facts: DatabaseFacts | None = None, still_old: Sequence[str] = ()
) -> tuple[MigrationReading, ...]:
    """Return what each `migration.sql` of a release does, by name in the order in which they are applied."""
    touched: frozenset[str] = frozenset()
    readings = []
    for name, sql in files.items():
        so_far = SoFar(facts=facts, still_old=tuple(still_old), touched=touched)
        readings.append(_read(name, sql, so_far))
        touched |= so_far.made | _tables_named(sql)
    return tuple(readings)


def _read(name: str, sql: str, so_far: SoFar) -> MigrationReading:
    try:
        statements = read_statements(sql)
        readings = tuple(
            StatementReading(one.line, one.text, tuple(judge_statement(one, so_far))) for one in statements
        )
        together = tuple(judge_together(statements, [one.findings for one in readings]))
    except UnreadableSql as error:
        return MigrationReading(name, (), (unreadable(f"Cannot be read: {error}"),))
    except RecursionError:
        return MigrationReading(name, (), (unreadable("Cannot be read: it is nested too deeply"),))
    if not statements:
        return MigrationReading(name, (), (Finding(Safety.RISKY, "Holds no statement, so it changes nothing"),))
    return MigrationReading(name, readings, together)


def _tables_named(sql: str) -> frozenset[str]:
    try:
        statements = read_statements(sql)
    except UnreadableSql:
        return frozenset()
    return frozenset(
        relation_name(node) for one in statements for node in walk(one.node) if isinstance(node, ast.RangeVar)
    )


def judge_statement(statement: Statement, so_far: SoFar) -> Iterable[Finding]:
    """Return what one statement does, after those before it."""
    judge = _JUDGES.get(type(statement.node))
    if judge is None:
        return _judge_by_name(statement.node)
    return tuple(judge(statement.node, so_far)) or (unlisted("a statement that names nothing"),)


def _judge_by_name(node: ast.Node) -> Iterator[Finding]:
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in type(node).__name__.removesuffix("Stmt"))
    yield unlisted(words.strip().upper())


def _judge_set(node: ast.VariableSetStmt, so_far: SoFar) -> Iterator[Finding]:
    name = (node.name or "").lower()
    if name == "search_path":
        so_far.path_changed = True
        yield neutral("another search_path, after which a name may mean another table,")
    elif name in _LIMITS and node.args and not _is_zero(node.args[0]):
        yield safe(f"Limits the migration itself by {name}")
    else:
        yield neutral(f"SET {name or 'of every setting'}")


def _is_zero(value: object) -> bool:
    return isinstance(value, ast.A_Const) and str(getattr(value.val, "ival", getattr(value.val, "sval", ""))) == "0"


def _judge_enum(node: ast.AlterEnumStmt, _so_far: SoFar) -> Iterator[Finding]:
    value = node.newVal or ""
    if node.oldVal:
        yield unlisted(f"renaming the value {node.oldVal} to {value}", undo=Undo(impossible="old code writes the old"))
        return
    undo = Undo(impossible=f"PostgreSQL cannot take the value {value} from a type")
    yield unlisted(f"the value {value} added to a type", undo=undo)


def _judge_view(node: ast.ViewStmt, _so_far: SoFar) -> Iterator[Finding]:
    name = node.view.relname if node.view else ""
    yield unlisted(f"the view {name}", undo=Undo(impossible=f"what the view {name} was before is not known"))


def _judge_owned(_node: ast.Node, _so_far: SoFar) -> Iterator[Finding]:
    yield Finding(Safety.DANGEROUS, "Drops all that a role owns, which the text does not name", stage=Stage.CONTRACT)


def _judge_database(node: ast.DropdbStmt, _so_far: SoFar) -> Iterator[Finding]:
    yield Finding(Safety.DANGEROUS, f"Drops the database {node.dbname}", stage=Stage.CONTRACT)


def _hides(what: str) -> Callable[[ast.Node, SoFar], Iterator[Finding]]:
    def judge(_node: ast.Node, _so_far: SoFar) -> Iterator[Finding]:
        yield unreadable(f"{what}, so nobody can tell from the text what it does")

    return judge


def _judge_transaction(_node: ast.Node, _so_far: SoFar) -> Iterator[Finding]:
    yield neutral("a transaction of its own within the one of the migration")


def _judge_new_type(_node: ast.Node, _so_far: SoFar) -> Iterator[Finding]:
    yield unlisted("a new type", undo=Undo(impossible="whether the new type is used by then is not known"))


_JUDGES: Mapping[type[ast.Node], Callable[..., Iterable[Finding]]] = {
    ast.AlterTableStmt: judge_alter_table,
    ast.CreateStmt: judge_create_table,
    ast.IndexStmt: judge_index,
    ast.DropStmt: judge_drop,
    ast.RenameStmt: judge_rename,
    ast.UpdateStmt: judge_rows,
    ast.DeleteStmt: judge_rows,
    ast.InsertStmt: judge_rows,
    ast.MergeStmt: judge_rows,
    ast.SelectStmt: judge_rows,
    ast.TruncateStmt: lambda node, _so_far: judge_truncate(node),
    ast.CopyStmt: lambda node, _so_far: (judge_copy(node),),
    ast.VariableSetStmt: _judge_set,
    ast.AlterEnumStmt: _judge_enum,
    ast.CreateEnumStmt: _judge_new_type,
    ast.ViewStmt: _judge_view,
    ast.TransactionStmt: _judge_transaction,
    ast.DropOwnedStmt: _judge_owned,
    ast.DropdbStmt: _judge_database,
    ast.DoStmt: _hides("Runs a block of code"),
    ast.ExecuteStmt: _hides("Runs a prepared statement"),
    ast.PrepareStmt: _hides("Prepares a statement"),
    ast.CallStmt: _hides("Calls a procedure"),
}
