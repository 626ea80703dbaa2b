"""Does the branch hold everything of its base (1.2.1), and does its history say what was done (1.2.2)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policy.judgement import Judgement, failed, not_applicable, passed, unknown
from policy.measurement import measured
from policy.risk import Commit
from policy.wording import counted, listed, short

_CONTAINS = {"ahead", "identical"}
_LACKS = {"behind", "diverged"}
_TYPE = re.compile(r"(?:[a-z]+(?:\([^)]*\))?!?|\[[^\]]*\]|[A-Z][A-Z0-9]+-\d+)\s*:?\s+", re.ASCII)
_LEFT_OVER = re.compile(r"(?:fixup|squash|amend)!", re.IGNORECASE)
_UNFINISHED = re.compile(r"\W*(?:wip|work in progress|do not merge|tmp)\b", re.IGNORECASE)
_MERGE = re.compile(r"Merge (?:branch|remote-tracking branch|commit) '", re.IGNORECASE)
_EMPTY_WORDS = frozenset(
    [
        "a",
        "address",
        "again",
        "and",
        "bug",
        "bugfix",
        "bugs",
        "change",
        "changed",
        "changes",
        "cleanup",
        "code",
        "comments",
        "commit",
        "feedback",
        "final",
        "fix",
        "fixed",
        "fixes",
        "for",
        "format",
        "it",
        "lint",
        "minor",
        "misc",
        "more",
        "oops",
        "please",
        "refactor",
        "review",
        "small",
        "some",
        "stuff",
        "test",
        "tests",
        "the",
        "things",
        "this",
        "typo",
        "typos",
        "update",
        "updated",
        "updates",
        "various",
        "work",
    ]
)
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Compared:
    """GitHub's comparison of base and head: its status and by how many commits each lies before the other."""

    base: str
    head: str
    status: str
    ahead_by: int
    behind_by: int
    url: str | None = None


def judge_up_to_date(compared: Compared) -> Judgement:
    """Pass when the head contains its base, so that what was tested is what will be merged."""
    ahead, behind = measured(compared.ahead_by), measured(compared.behind_by)
    head = short(compared.head)
    if ahead is None or behind is None or compared.status not in _CONTAINS | _LACKS:
        return unknown(f"whether {head} contains {compared.base} is not known: {compared.status!r}", link=compared.url)
    if (compared.status in _LACKS) != (behind > 0):
        contradiction = f"{compared.status} and {counted(compared.behind_by, 'commit')} behind"
        return unknown(f"{head} is said to be {contradiction} {compared.base}, which cannot be", link=compared.url)
    if behind:
        lacks = f"{head} lacks {counted(compared.behind_by, 'commit')} of {compared.base}"
        return failed(f"{lacks}: merge {compared.base} into the branch and test again", link=compared.url)
    return passed(
        f"{head} contains {compared.base} and is {counted(compared.ahead_by, 'commit')} ahead", link=compared.url
    )


def judge_history(commits: Sequence[Commit]) -> Judgement:
    """Pass when every subject says what its commit does; only ever advice."""
    if not commits:
        return not_applicable("no commit to read")
    poor = [
        f"{short(commit.sha)} {_quote(commit.subject)} ({'; '.join(faults)})" for commit, faults in _faults(commits)
    ]
    if not poor:
        return passed(f"every subject of {counted(len(commits), 'commit')} says something")
    which = f"{len(poor)} of {counted(len(commits), 'subject')}"
    return failed(f"{which} could be clearer, consider squashing: {listed(poor)}")


def _faults(commits: Iterable[Commit]) -> Iterator[tuple[Commit, list[str]]]:
    for commit in commits:
        if faults := list(list_faults(commit.subject)):
            yield commit, faults


def list_faults(subject: str) -> Iterator[str]:
    """Give what is wrong with the first line of a commit."""
    text = subject.strip()
    if _LEFT_OVER.match(text):
        yield "a fixup that was not squashed"
        return
    if _MERGE.match(text):
        yield "a merge without words of its own"
        return
    said = _TYPE.sub("", text, count=1) if ":" in text or text.startswith("[") else text
    if _UNFINISHED.match(said) or _UNFINISHED.match(text):
        yield "unfinished work"
        return
    words = re.findall(r"[^\W\d_]{2,}", said)
    if len(words) < 2:
        yield "one word" if words else "no words"
    elif all(word.casefold() in _EMPTY_WORDS for word in words):
        yield "says nothing about what changed"
    if len(text) > _LONGEST:
        yield f"{counted(len(text), 'letter')} in one line"


def _quote(subject: str) -> str:
    return repr(subject if len(subject) <= _LONGEST else f"{subject[: _LONGEST - 1]}…")
