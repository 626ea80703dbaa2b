"""Taking a release off main again (4.2.1): what is proposed, and whether it holds what was there before.

A release brought everything from the commit that production served before to its own. Its revert is one commit after
its own with the files of before, merged with what came to main since; so merge commits, squashes, rebases and releases
of several pull requests are all reverted alike (docs/adr/0012).
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from policy.judgement import Judgement, passed, unknown
from policy.risk import Commit
from policy.wording import counted, listed, short

PREFIX = "revert/"
_MOST_LINES = 40
_SUBJECT = re.compile(r"Revert release (\S+) of [0-9a-f]{7}\b")


@dataclass(frozen=True, slots=True)
class Brought:
    """What a release brought to main: everything from `before` to `commit`, oldest first."""

    key: str
    before: str
    commit: str
    commits: Sequence[Commit]
    files: Collection[str]
    complete: bool
    migrations: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """What was found under a commit, and what it is held against; `differing` are the paths that are not the same."""

    commit: str
    same_files: bool
    same_image: bool
    differing: Collection[str] = ()


def branch_of(key: str) -> str:
    """Return the branch on which the revert of a release is proposed."""
    return f"{PREFIX}{key}"


def title_of(brought: Brought) -> str:
    """Return the subject of the revert; it names the release, whichever way it is merged."""
    return f"Revert release {brought.key} of {short(brought.commit)}"


def find_reverted(commits: Iterable[Commit]) -> str:
    """Return the key of the release that the newest revert among the commits takes back; empty without one."""
    found = [match[1] for commit in commits if (match := _SUBJECT.match(commit.subject))]
    return found[-1] if found else ""


def commit_message(brought: Brought) -> str:
    """Return the message of the revert: what is taken back, the newest first."""
    return "\n".join(
        (
            title_of(brought),
            "",
            f"The files are those of {short(brought.before)} again, which production served before.",
            "Taken back, the newest first:",
            "",
            *_list_commits(brought),
        )
    )


def describe(brought: Brought, *, reason: str, by: str, why: str, ticket: str, record: str) -> str:
    """Return the text of the pull request: why, what, where the record is, and what the merge does not do."""
    return "\n".join(
        (
            "## What and why",
            "",
            f"{by}: {reason}",
            "",
            f"Release {brought.key} brought {counted(len(brought.commits), 'commit')} to main. {why}",
            *(("", f"Ticket: {ticket}") if ticket else ()),
            "",
            "## Taken back, the newest first",
            "",
            *_list_commits(brought),
            "",
            "## What to know",
            "",
            f"- The record: {record}",
            f"- After the merge, and a green pipeline, release the merge commit: it should hold the very files of"
            f" {short(brought.before)}, and 4.2.1 says in the release's record whether it does.",
            "- To bring the change again, revert this revert and add the fix: merging the old branch brings nothing.",
            *say_migrations(brought),
            "",
        )
    )


def say_migrations(brought: Brought) -> tuple[str, ...]:
    """Say that no revert takes a migration out of the database."""
    if not brought.migrations:
        return ()
    return (
        f"- The release migrated the database ({listed(brought.migrations, most=3)}), and a revert changes no database:"
        " roll it back first (4.3), or keep these files in this pull request, so that what is applied stays known.",
    )


def judge_revert(found: Compared, brought: Brought, *, since: Sequence[Commit] = ()) -> Judgement:
    """Pass when nothing of the release is left: the very files of before, or the image that ran before.

    Where others merged since, theirs may differ. A path that the release changed too is for a person to look at.
    """
    name, before = short(found.commit), short(brought.before)
    if found.same_files:
        return passed(f"{name} holds the very files of {before}, which production served before {brought.key}")
    if found.same_image:
        return passed(f"{name} is the very image that production served before {brought.key}")
    ours = sorted(set(found.differing) & set(brought.files))
    theirs = sorted(set(found.differing) - set(brought.files))
    merged = f"; merged since: {listed(map(_say_commit, reversed(since)))}" if since else ""
    if ours or not brought.complete:
        what = listed(ours) or "paths that nobody can tell apart, for the change set was not complete"
        return unknown(
            f"{name} differs from {before} in {what}, which the release had changed too{merged};"
            " look whether something of it is left"
        )
    return passed(f"{name} differs from {before} only in what the release had not changed: {listed(theirs)}{merged}")


def _list_commits(brought: Brought) -> list[str]:
    newest_first = [f"- {_say_commit(one)}" for one in reversed(brought.commits)]
    left = len(newest_first) - _MOST_LINES
    return newest_first if left <= 0 else [*newest_first[:_MOST_LINES], f"- and {counted(left, 'older commit')}"]


def _say_commit(commit: Commit) -> str:
    number = f"#{commit.pull_request}" if commit.pull_request else ""
    named = f" ({number})" if number and number not in commit.subject else ""
    return f"{short(commit.sha)} {commit.subject}{named}"
