"""1.3.1: what staging's branch holds beside the commit to release, and how a commit on top says what it put aside."""

from collections.abc import Sequence
from dataclasses import dataclass

from policy.wording import listed, short

_PUT_ASIDE = "Put aside: "


@dataclass(frozen=True, slots=True)
class Held:
    """A commit of a branch, the commits that it follows, and its files by their hash."""

    sha: str
    subject: str
    parents: tuple[str, ...]
    tree: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What a branch holds beside a commit, and how many commits it lacks.

    `newest` are its newest commits, the oldest of them first; `parted` is the commit that both hold. The branch
    `differs` where it changed files since they parted: only then does a merge leave other files than the commit's.
    """

    head: str
    lacks: int
    differs: bool
    parted: Held
    newest: tuple[Held, ...]


def list_held(beside: Beside) -> tuple[Held, ...]:
    """Return the commits that the branch's files come from, the newest first; what was put aside is none of them.

    A merge that has the very files of one side took nothing from the others, as git itself simplifies a history.
    """
    known = {one.sha: one for one in beside.newest}
    trees = {sha: one.tree for sha, one in known.items()} | {beside.parted.sha: beside.parted.tree}
    reached: set[str] = set()
    waiting = [beside.head]
    while waiting:
        sha = waiting.pop()
        if sha in reached or sha not in known:
            continue
        reached.add(sha)
        one = known[sha]
        same = [parent for parent in one.parents if trees.get(parent) == one.tree]
        # The side that was deployed comes last.
        waiting += same[-1:] or list(one.parents)
    return tuple(one for one in reversed(beside.newest) if one.sha in reached and len(one.parents) == 1)


def say_held(held: Sequence[Held]) -> str:
    """Name the first few commits, and count the others."""
    return listed((f"{short(one.sha)} {one.subject}" for one in held), most=3)


def say_deployed(commit: str, branch: str, held: Sequence[Held] = ()) -> str:
    """Return the message of the commit that brings a release to staging."""
    title = f"Deploy {short(commit)} to {branch}"
    return f"{title}\n\nIts files are those of {short(commit)}.\n{_PUT_ASIDE}{say_held(held)}" if held else title


def read_put_aside(body: str) -> str:
    """Return what the message of such a commit names as put aside; empty where it names nothing."""
    lines = (line.removeprefix(_PUT_ASIDE) for line in body.splitlines() if line.startswith(_PUT_ASIDE))
    return next(lines, "")
