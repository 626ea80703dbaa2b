"""Reads one migration: each statement's class, and what the statements do together (6.2.1)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pglast import ast
from pglast.enums import DropBehavior

from policy.migrations.aliases import find_aliases
from policy.migrations.constraints import find_renewed_keys
from policy.migrations.effects import apply
from policy.migrations.facts import PUBLIC, DatabaseFacts
from policy.migrations.findings import Finding, Lock, Safety, Stage, neutral, unlisted, unreadable, worst_class
from policy.migrations.making import MAKING
from policy.migrations.objects import judge_create_table, judge_drop, judge_index
from policy.migrations.parts import with_parts
from policy.migrations.renames import judge_enum, judge_new_schema, judge_rename
from policy.migrations.rights import judge_rights
from policy.migrations.rows import judge_copy, judge_rows, judge_truncate
from policy.migrations.so_far import SoFar
from policy.migrations.statements import Statement, UnreadableSql, read_statements, walk
from policy.migrations.tables import judge_alter_table
from policy.migrations.taking import TAKING, find_turned_on
from policy.migrations.together import judge_together
from policy.migrations.uniqueness import find_unique_throughout
from policy.migrations.upkeep import UPKEEP, judge_explain

_LEAVES_NOTHING = (
    ast.CheckPointStmt | ast.ClosePortalStmt | ast.ConstraintsSetStmt | ast.DeallocateStmt | ast.DeclareCursorStmt
    | ast.DiscardStmt | ast.FetchStmt | ast.ListenStmt | ast.NotifyStmt | ast.UnlistenStmt | ast.VariableShowStmt
)  # fmt: skip


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
    def is_atomic(self) -> bool:
        """Whether PostgreSQL leaves nothing of it behind when it fails: only then it may simply be tried again."""
        return bool(self.statements) and not any(one.commits or one.needs_no_transaction for one in self.findings)

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
    return _read(name, sql, SoFar.begin(facts, still_old))


def read_migrations(
    files: Mapping[str, str], *, facts: DatabaseFacts | None = None, still_old: Sequence[str] = ()
) -> tuple[MigrationReading, ...]:
    """Return what each `migration.sql` of a release does, by name in the order in which they are applied."""
    so_far = SoFar.begin(facts, still_old)
    readings = []
    for name, sql in files.items():
        readings.append(_read(name, sql, so_far))
        so_far = so_far.next_file()
    return tuple(readings)


def _refuse_named_schema(statements: Sequence[Statement], facts: DatabaseFacts | None) -> None:
    """Raise UnreadableSql for a name of which nobody could tell whether it is the same one without its schema."""
    if facts is None or facts.schema == PUBLIC:
        return
    for statement in statements:
        words = {getattr(node, "sval", None) or getattr(node, "schemaname", None) for node in walk(statement.node)}
        made = statement.node.schemaname if isinstance(statement.node, ast.CreateSchemaStmt) else None
        if named := [schema for schema in (facts.schema, PUBLIC) if schema in words and schema != made]:
            raise UnreadableSql(
                f"line {statement.line} names the schema {named[0]}; where Prisma looks after another schema than"
                f" {PUBLIC}, names of the two are read without one"
            )


def _read(name: str, sql: str, so_far: SoFar) -> MigrationReading:
    try:
        statements = read_statements(sql)
        _refuse_named_schema(statements, so_far.facts)
        so_far.aliases, so_far.renewed = find_aliases(statements), find_renewed_keys(statements)
        so_far.turned_on = find_turned_on(statements)
        so_far.unique_throughout = find_unique_throughout(statements, so_far.indexes)
        readings = tuple(
            StatementReading(one.line, one.text, tuple(judge_statement(one, so_far))) for one in statements
        )
        together = tuple(judge_together(statements, [one.findings for one in readings]))
    except UnreadableSql as error:
        so_far.hidden = True
        return MigrationReading(name, (), (unreadable(f"Cannot be read: {error}"),))
    except RecursionError:
        so_far.hidden = True
        return MigrationReading(name, (), (unreadable("Cannot be read: it is nested too deeply"),))
    if not statements:
        return MigrationReading(name, (), (Finding(Safety.RISKY, "Holds no statement, so it changes nothing"),))
    return MigrationReading(name, readings, together)


def judge_statement(statement: Statement, so_far: SoFar) -> Iterable[Finding]:
    """Return what one statement does, after those before it, and let `so_far` know what it changed."""
    found = tuple(_judge_node(statement.node, so_far)) or (unlisted("a statement that names nothing"),)
    found = tuple(replace(one, locks=with_parts(one.locks, statement.node, so_far)) for one in found)
    found += tuple(judge_rights(statement.node, so_far))
    apply(statement.node, so_far)
    so_far.hidden = so_far.hidden or any(one.commits and one.safety is Safety.DANGEROUS for one in found)
    return found


def _judge_node(node: ast.Node, so_far: SoFar) -> Iterable[Finding]:
    judge = _JUDGES.get(type(node))
    return _judge_by_name(node, so_far) if judge is None else judge(node, so_far)


def _judge_by_name(node: ast.Node, so_far: SoFar) -> Iterator[Finding]:
    """A statement of a kind that is on no list; whatever it is, rows that it changes are judged as such."""
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in type(node).__name__.removesuffix("Stmt"))
    if getattr(node, "behavior", None) is DropBehavior.DROP_CASCADE:
        yield unreadable(
            f"{words.strip().upper()} with CASCADE, and whatever depends on it, which the text does not name"
        )
        return
    yield (neutral if isinstance(node, _LEAVES_NOTHING) else unlisted)(words.strip().upper())
    if isinstance(node, ast.DeclareCursorStmt) and isinstance(node.query, ast.Node):
        yield from _judge_node(node.query, so_far)


def _judge_explained(node: ast.ExplainStmt, so_far: SoFar) -> Iterable[Finding]:
    return judge_explain(node, so_far, _judge_node)


_JUDGES: Mapping[type[ast.Node], Callable[..., Iterable[Finding]]] = {
    **MAKING,
    **UPKEEP,
    **TAKING,
    ast.AlterTableStmt: judge_alter_table,
    ast.CreateStmt: judge_create_table,
    ast.IndexStmt: judge_index,
    ast.DropStmt: judge_drop,
    ast.RenameStmt: judge_rename,
    ast.AlterObjectSchemaStmt: judge_new_schema,
    ast.AlterEnumStmt: judge_enum,
    ast.UpdateStmt: judge_rows,
    ast.DeleteStmt: judge_rows,
    ast.InsertStmt: judge_rows,
    ast.MergeStmt: judge_rows,
    ast.SelectStmt: judge_rows,
    ast.TruncateStmt: judge_truncate,
    ast.CopyStmt: judge_copy,
    ast.ExplainStmt: _judge_explained,
}
