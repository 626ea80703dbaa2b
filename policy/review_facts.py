"""What GitHub knows about the reviews of a pull request, and where each reviewer stands at last."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from policy.limits import Risk

_OPINIONS = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})
_NO_OPINIONS = frozenset({"COMMENTED", "PENDING"})


@dataclass(frozen=True, slots=True)
class Review:
    """One review; `reviewer` is None when the account is gone, `submitted_at` while it is being written."""

    number: int
    reviewer: str | None
    is_bot: bool
    association: str
    state: str
    commit: str | None
    submitted_at: datetime | None

    @property
    def who(self) -> str:
        """How the reviewer is named."""
        return self.reviewer or "a deleted account"


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation on a line or a file."""

    path: str
    resolved: bool
    url: str | None


@dataclass(frozen=True, slots=True)
class PullCommit:
    """A commit of a pull request, with every name, login and address of who wrote it, co-authors too."""

    sha: str
    parents: tuple[str, ...]
    authors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewedPull:
    """A pull request with its reviews; `opened_by` is None when the account is gone.

    `risk` is its own, or what a person raised the release to.
    """

    number: int
    url: str
    head: str
    opened_by: str | None
    risk: Risk
    commits: tuple[PullCommit, ...]
    commits_total: int
    reviews: tuple[Review, ...]
    threads: tuple[Thread, ...]
    threads_total: int
    files: tuple[str, ...]
    files_complete: bool

    @property
    def authors(self) -> frozenset[str]:
        """Everybody who wrote a commit of it or opened it."""
        names = (name for commit in self.commits for name in commit.authors)
        return frozenset(name for name in (*names, self.opened_by) if name)


def list_last_verdicts(reviews: Iterable[Review]) -> tuple[Review, ...]:
    """Return the newest opinion of each reviewer; a comment is none, and two deleted accounts are two people."""
    newest: dict[str, Review] = {}
    for review in sorted(_submitted(reviews), key=lambda one: (one[0], one[1].number)):
        newest[_key(review[1])] = review[1]
    return tuple(newest.values())


def list_odd_states(reviews: Iterable[Review]) -> tuple[str, ...]:
    """Return the states of reviews that mean nothing known."""
    return tuple(sorted({review.state for review in reviews if review.state.upper() not in _OPINIONS | _NO_OPINIONS}))


def count_new_commits(pull: ReviewedPull, since: str) -> int | None:
    """Count the commits after `since` that bring something new; None when `since` is not part of the pull request.

    A merge from the base brings nothing new. The list holds what the base does not, so a parent that is not in it
    is the base's.
    """
    known = {commit.sha: commit for commit in pull.commits}
    if since not in known:
        return None
    after = _reach(pull.head, known) - _reach(since, known)
    return sum(1 for sha in after if not _merges_base(known[sha], known))


def _submitted(reviews: Iterable[Review]) -> Iterator[tuple[datetime, Review]]:
    for review in reviews:
        if review.submitted_at is not None and review.state.upper() in _OPINIONS:
            yield review.submitted_at, review


def _key(review: Review) -> str:
    return review.reviewer.casefold() if review.reviewer else f"review {review.number}"


def _merges_base(commit: PullCommit, known: Mapping[str, PullCommit]) -> bool:
    own = [parent for parent in commit.parents if parent in known]
    return len(commit.parents) > len(own) == 1


def _reach(start: str, known: Mapping[str, PullCommit]) -> frozenset[str]:
    """Every commit of the list that `start` contains, itself included."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        sha = waiting.pop()
        if sha in known and sha not in found:
            found.add(sha)
            waiting += known[sha].parents
    return frozenset(found)
