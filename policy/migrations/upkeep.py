"""Judges what a migration does to keep a database in order, and the statements about its transactions."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from pglast import ast
from pglast.enums import DropBehavior, ReindexObjectType, TransactionStmtKind, VariableSetKind

from policy.limits import Limits
from policy.migrations.findings import (
    NOTHING_TO_UNDO,
    Finding,
    Lock,
    Mode,
    Safety,
    Stage,
    Undo,
    neutral,
    safe,
    unlisted,
    unreadable,
)
from policy.migrations.so_far import SoFar
from policy.migrations.statements import named, quoted, relation_name, strings

_LIMITS = frozenset(("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"))
_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_OWN_ADVICE = "not in a migration: let the person who looks after the database do it"
# PostgreSQL's letters for the parts of ALTER DOMAIN, and how it names the constraint of a NOT NULL.
_DROPS_NOT_NULL, _DROPS_CONSTRAINT = "N", "X"
_NOT_NULL_BY_ITS_NAME = "_not_null"
_SAVEPOINTS = frozenset(
    (
        TransactionStmtKind.TRANS_STMT_SAVEPOINT,
        TransactionStmtKind.TRANS_STMT_RELEASE,
        TransactionStmtKind.TRANS_STMT_ROLLBACK_TO,
    )
)


def judge_vacuum(node: ast.VacuumStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give VACUUM and ANALYZE: with FULL the table is written anew."""
    words = {one.defname for one in node.options or () if isinstance(one, ast.DefElem)}
    tables = [relation_name(one.relation) for one in node.rels or () if isinstance(one, ast.VacuumRelation)]
    full = "full" in words and node.is_vacuumcmd
    mode = Mode.ACCESS_EXCLUSIVE if full else Mode.SHARE_UPDATE_EXCLUSIVE
    what = "VACUUM" if node.is_vacuumcmd else "ANALYZE"
    for table in tables or ["every table"]:
        locks = (Lock(table, mode, long=True),) if tables else ()
        yield _kept_up(
            f"{what} of {table}", locks, rewrites=table if full and tables else "", alone=bool(node.is_vacuumcmd)
        )


def judge_cluster(node: ast.ClusterStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give CLUSTER, which writes a table anew."""
    table = relation_name(node.relation) if node.relation else "every table"
    locks = (Lock(table, Mode.ACCESS_EXCLUSIVE, long=True),) if node.relation else ()
    yield _kept_up(f"CLUSTER of {table}", locks, rewrites=table if node.relation else "", alone=node.relation is None)


def judge_reindex(node: ast.ReindexStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give REINDEX: writes wait, and so do reads that need the index."""
    beside = any(one.defname == "concurrently" for one in node.params or () if isinstance(one, ast.DefElem))
    name = relation_name(node.relation) if node.relation else node.name or "the schema"
    mode = Mode.SHARE_UPDATE_EXCLUSIVE if beside else Mode.SHARE
    index = so_far.index_of(name)
    table = index.table if index else name
    on_table = node.kind is ReindexObjectType.REINDEX_OBJECT_TABLE or index
    locks = (Lock(table, mode, long=True),) if on_table else ()
    alone = beside or node.kind not in (
        ReindexObjectType.REINDEX_OBJECT_INDEX,
        ReindexObjectType.REINDEX_OBJECT_TABLE,
    )
    yield _kept_up(f"REINDEX of {name}", locks, alone=alone)


def judge_refresh(node: ast.RefreshMatViewStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give REFRESH: who reads the view waits, unless CONCURRENTLY."""
    view = relation_name(node.relation)
    mode = Mode.EXCLUSIVE if node.concurrent else Mode.ACCESS_EXCLUSIVE
    rewrites = "" if node.concurrent else view
    yield _kept_up(f"REFRESH of {view}", (Lock(view, mode, long=True),), rewrites=rewrites)


def judge_lock(node: ast.LockStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give LOCK TABLE: it is held until the file is done."""
    modes = {3: Mode.ROW_EXCLUSIVE, 4: Mode.SHARE_UPDATE_EXCLUSIVE, 5: Mode.SHARE, 6: Mode.SHARE_ROW_EXCLUSIVE}
    modes |= {7: Mode.EXCLUSIVE, 8: Mode.ACCESS_EXCLUSIVE}
    for one in node.relations or ():
        mode = modes.get(node.mode or 8)
        locks = (Lock(relation_name(one), mode, long=True),) if mode else ()
        yield _kept_up(f"LOCK of {relation_name(one)} until the file is done", locks)


def judge_set(node: ast.VariableSetStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give a setting: a limit for the migration itself is welcome, one that lets it wait for long is not."""
    name = (node.name or "").lower()
    resets = node.kind in (VariableSetKind.VAR_RESET, VariableSetKind.VAR_RESET_ALL, VariableSetKind.VAR_SET_DEFAULT)
    if name == "search_path" or node.kind is VariableSetKind.VAR_RESET_ALL:
        so_far.path_changed = True
        yield neutral("another search_path, after which a name may mean another table,")
    elif name == "session_replication_role":
        yield Finding(
            Safety.DANGEROUS,
            "Turns triggers and foreign keys off: what is written from here on is checked by nothing",
            undo=NOTHING_TO_UNDO,
            stage=None,
        )
    elif name in _LIMITS and not resets and node.args:
        yield _judge_limit(name, _seconds(node.args[0]))
    else:
        yield neutral(f"SET {name or 'of every setting'}")


def judge_transaction(node: ast.TransactionStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give BEGIN, COMMIT and the like: Prisma sends the file as one transaction, and this breaks it up."""
    if node.kind in _SAVEPOINTS:
        yield neutral("a savepoint")
        return
    if node.kind is TransactionStmtKind.TRANS_STMT_ROLLBACK:
        yield Finding(
            Safety.RISKY,
            "Takes back what the file did before it, and Prisma holds the file to be applied",
            fails=True,
            undo=NOTHING_TO_UNDO,
            stage=None,
            commits=True,
        )
        return
    yield Finding(
        Safety.RISKY,
        "A transaction of its own within the one of the migration is on no list of 6.2: what was committed stays when"
        " the rest fails, and Prisma cannot write down why",
        advice="leave BEGIN and COMMIT out: the file is one transaction already",
        undo=NOTHING_TO_UNDO,
        stage=None,
        commits=True,
    )


def judge_explain(
    node: ast.ExplainStmt, so_far: SoFar, judge: Callable[[ast.Node, SoFar], Iterable[Finding]]
) -> Iterator[Finding]:
    """Give what EXPLAIN ANALYZE carries out; without ANALYZE nothing is."""
    words = {one.defname for one in node.options or () if isinstance(one, ast.DefElem)}
    if "analyze" in words and isinstance(node.query, ast.Node):
        yield from judge(node.query, so_far)
    else:
        yield neutral("EXPLAIN")


def _judge_limit(name: str, seconds: float | None) -> Finding:
    longest = Limits().lock_timeout.total_seconds()
    if seconds is None or seconds <= 0:
        return neutral(f"SET {name} to no limit")
    if name == "lock_timeout" and seconds > longest:
        return Finding(
            Safety.RISKY,
            f"Waits for a lock up to {seconds:g} s, the limit is {longest:g} s; everybody waits behind it",
            advice="leave it out: the release sets lock_timeout, and tries again",
            undo=NOTHING_TO_UNDO,
            stage=None,
        )
    return safe(f"Limits the migration itself by {name}")


def _seconds(value: object) -> float | None:
    """Read PostgreSQL's times: 2000 are milliseconds, '2s', '1.5 min'; None for what is neither."""
    if not isinstance(value, ast.A_Const):
        return None
    text = str(getattr(value.val, "ival", None) or getattr(value.val, "sval", None) or getattr(value.val, "fval", "0"))
    number = text.strip().rstrip("abcdefghijklmnopqrstuvwxyz ")
    unit = text.strip()[len(number) :].strip() or "ms"
    try:
        return float(number) * _UNITS[unit]
    except (ValueError, KeyError):
        return None


def _kept_up(what: str, locks: tuple[Lock, ...], *, rewrites: str = "", alone: bool = False) -> Finding:
    return Finding(
        Safety.RISKY,
        f"{what} is on no list of 6.2",
        advice=_OWN_ADVICE,
        locks=locks,
        rewrites=rewrites,
        undo=NOTHING_TO_UNDO,
        stage=None,
        needs_no_transaction=alone,
    )


def judge_domain(node: ast.AlterDomainStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give another shape of a domain; without its NOT NULL readers of every column of it may meet NULL."""
    name = named(strings(node.typeName))
    if node.behavior is DropBehavior.DROP_CASCADE:
        yield unreadable(f"ALTER DOMAIN {name} with CASCADE, and whatever depends on it, which the text does not name")
    elif node.subtype == _DROPS_NOT_NULL or (
        node.subtype == _DROPS_CONSTRAINT and (node.name or "").endswith(_NOT_NULL_BY_ITS_NAME)
    ):
        yield Finding(
            Safety.DANGEROUS,
            f"Removes NOT NULL from the domain {name}; readers of every column of it may meet NULL",
            advice="let every reader cope with NULL first; the version before still reads it as always there",
            breaks=f"{name} may be NULL",
            undo=Undo((f"ALTER DOMAIN {quoted(*strings(node.typeName))} SET NOT NULL",)),
            stage=Stage.CONTRACT,
        )
    else:
        yield unlisted(f"another shape of the domain {name}")


def _alone(what: str) -> Callable[[ast.Node, SoFar], Iterator[Finding]]:
    def judge(_node: ast.Node, _so_far: SoFar) -> Iterator[Finding]:
        yield Finding(
            Safety.DANGEROUS, f"{what}, which is no matter of one database's migrations", needs_no_transaction=True
        )

    return judge


def _judge_database(node: ast.DropdbStmt, _so_far: SoFar) -> Iterator[Finding]:
    yield Finding(
        Safety.DANGEROUS,
        f"Drops the database {node.dbname}",
        breaks=f"{node.dbname} dropped",
        stage=Stage.CONTRACT,
        needs_no_transaction=True,
    )


def _hides(what: str) -> Callable[[ast.Node, SoFar], Iterator[Finding]]:
    def judge(_node: ast.Node, _so_far: SoFar) -> Iterator[Finding]:
        yield unreadable(f"{what}, so nobody can tell from the text what it does")

    return judge


def _judge_subscription(_node: ast.Node, _so_far: SoFar) -> Iterator[Finding]:
    yield unlisted("a subscription, by which rows come from another database,")


UPKEEP: Mapping[type[ast.Node], Callable[..., Iterable[Finding]]] = {
    ast.VacuumStmt: judge_vacuum,
    ast.ClusterStmt: judge_cluster,
    ast.ReindexStmt: judge_reindex,
    ast.RefreshMatViewStmt: judge_refresh,
    ast.LockStmt: judge_lock,
    ast.VariableSetStmt: judge_set,
    ast.TransactionStmt: judge_transaction,
    ast.AlterDomainStmt: judge_domain,
    ast.AlterSystemStmt: _alone("Changes the settings of the whole server"),
    ast.CreatedbStmt: _alone("Makes a database"),
    ast.CreateSubscriptionStmt: _judge_subscription,
    ast.DropdbStmt: _judge_database,
    ast.DoStmt: _hides("Runs a block of code"),
    ast.ExecuteStmt: _hides("Runs a prepared statement"),
    ast.PrepareStmt: _hides("Prepares a statement"),
    ast.CallStmt: _hides("Calls a procedure"),
    ast.LoadStmt: _hides("Loads a library into the server"),
}
