"""How risky is a change set, and why (1.3.5)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from policy.commit_marks import Message, list_marked
from policy.limits import Risk
from policy.path_pattern import matches_any
from policy.risk_rules import RiskRules

# The SQL that takes a migration back, in the migration's own folder.
DOWN = "down.sql"
_SHOWN_PATHS = 2
# Whatever these are about, nobody is served them.
_TESTS_AND_TEXTS = ("**/*.md", "tests/**", "**/__tests__/**", "**/*.test.*", "**/*.spec.*")
_BUG_FIX = re.compile(r"(fix|bugfix|hotfix)(\([^)]*\))?:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit on its way to production; of `parents` a merge has more than one, whatever its subject says."""

    sha: str
    subject: str
    author_name: str
    author_login: str | None
    author_email: str
    pull_request: int | None
    authored_at: datetime | None = None
    body: str = ""
    parents: int = 1

    @property
    def is_merge(self) -> bool:
        """Whether it only brings together what other commits changed."""
        return self.parents > 1


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Everything between production and the commit to release; not `complete` where a list was cut short.

    `gone` are those of the files that exist no more; `commits_said` is how many commits the comparison counted.
    """

    base: str
    head: str
    commits: tuple[Commit, ...]
    files: tuple[str, ...]
    labels: tuple[str, ...]
    complete: bool
    gone: tuple[str, ...] = ()
    commits_said: int | None = None

    @property
    def authors(self) -> frozenset[str]:
        """Every name, login and mail address under which somebody wrote a commit of it."""
        names = (
            name for commit in self.commits for name in (commit.author_name, commit.author_login, commit.author_email)
        )
        return frozenset(name for name in names if name)


@dataclass(frozen=True, slots=True)
class Assessment:
    """The risk of a change set and every reason for it, the weightiest first."""

    risk: Risk
    reasons: tuple[str, ...]


def list_migrations(change: ChangeSet, *, rules: RiskRules | None = None) -> tuple[str, ...]:
    """Return the paths of the change set's migrations in order; what takes one back lies beside it and is none.

    One whose file is gone, as after a revert, is not carried out again.
    """
    patterns = (rules or RiskRules()).migrations
    there = (path for path in change.files if path not in change.gone)
    return tuple(sorted(path for path in there if matches_any(path, patterns) and PurePosixPath(path).name != DOWN))


def assess_risk(
    change: ChangeSet,
    *,
    rules: RiskRules,
    raised_to: Risk | None,
    migrations: Sequence[tuple[Risk, str]] = (),
) -> Assessment:
    """Return the highest risk that a path, a label or a migration gives; a person may raise it, never lower it.

    `migrations` says of each one its risk and why, once it was read (6.2.1); one that nobody read is of high risk.
    """
    found = [*_weigh_evidence(change), *_weigh_labels(change, rules), *migrations]
    found += _weigh_paths(change, rules, read=bool(migrations))
    risk = max((risk for risk, _ in found), key=lambda one: one.rank, default=Risk.LOW)
    if raised_to is not None and raised_to.rank > risk.rank:
        found.append((raised_to, f"raised from {risk} to {raised_to} by the request"))
        risk = raised_to
    elif raised_to is not None and raised_to.rank < risk.rank:
        found.append((risk, f"the request says {raised_to}; a person may raise the risk, never lower it"))
    found.sort(key=lambda one: -one[0].rank)
    return Assessment(risk, tuple(f"{risk}: {reason}" for risk, reason in found))


def say_reasons(risk: Risk, reasons: Iterable[str]) -> str:
    """Say why a change is of this risk, which whoever reads it has read just before."""
    return "; ".join(reason.removeprefix(f"{risk}: ") for reason in reasons)


def _weigh_evidence(change: ChangeSet) -> Iterator[tuple[Risk, str]]:
    """What cannot be seen is not harmless."""
    if not change.complete:
        yield Risk.HIGH, f"the list of changes from {change.base} to {change.head} is not complete"
    elif not change.files:
        yield Risk.MEDIUM, f"no file is named between {change.base} and {change.head}"


def _weigh_paths(change: ChangeSet, rules: RiskRules, *, read: bool) -> Iterator[tuple[Risk, str]]:
    commits = [commit for commit in change.commits if not commit.is_merge]
    only_fixes = bool(commits) and all(_says_only_fix(commit) for commit in commits)
    code = (Risk.LOW, "bug fix") if only_fixes else (Risk.MEDIUM, "code")
    classes = (
        (rules.migrations, Risk.HIGH, "database migration"),
        (rules.authentication, Risk.HIGH, "authentication"),
        (rules.payment, Risk.HIGH, "payment"),
        (rules.schema_files, Risk.HIGH, "database schema"),
        (rules.dependencies, Risk.MEDIUM, "dependencies"),
        (rules.infrastructure, Risk.MEDIUM, "infrastructure"),
        (rules.harmless, Risk.LOW, "documents, copy or tests"),
        (
            rules.configuration,
            Risk.MEDIUM,
            "configuration, never below medium: it reaches every server at once",
        ),
        (rules.source, *code),
    )
    left = sorted(set(change.files))
    if read:
        # The description of the database changes with each migration, and the migration says what that means.
        left = [path for path in left if not matches_any(path, (*rules.migrations, *rules.schema_files))]
    unserved = [path for path in left if matches_any(path, _TESTS_AND_TEXTS)]
    for patterns, risk, what in classes:
        skipped = unserved if patterns in (rules.authentication, rules.payment) else ()
        if paths := [path for path in left if path not in skipped and matches_any(path, patterns)]:
            yield risk, f"{what} ({_say_paths(paths)})"
            left = [path for path in left if path not in paths]
    if left:
        yield Risk.MEDIUM, f"no rule knows these paths ({_say_paths(left)})"


def _says_only_fix(commit: Commit) -> bool:
    """Whether the commit says that it fixes a bug, and nowhere that it breaks something."""
    said = Message(commit.sha, "the commit", commit.subject, commit.body)
    return _BUG_FIX.match(commit.subject) is not None and not list_marked([said])


def _weigh_labels(change: ChangeSet, rules: RiskRules) -> Iterator[tuple[Risk, str]]:
    known = {label.casefold(): risk for label, risk in rules.labels.items()}
    for label in change.labels:
        if label.casefold() in known:
            yield known[label.casefold()], f"label {label!r}"


def _say_paths(paths: list[str]) -> str:
    shown = ", ".join(paths[:_SHOWN_PATHS])
    return shown if len(paths) <= _SHOWN_PATHS else f"{shown} and {len(paths) - _SHOWN_PATHS} more"
