"""GitHub's answers as far as they are read, and the facts that are made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from policy.conflicts import OURS, Deployment
from policy.risk import Commit


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request; `head` and `merge_commit` are commits, `base` is a branch."""

    number: int
    title: str
    body: str
    head: str
    base: str
    merged: bool
    merge_commit: str | None
    author: str
    labels: tuple[str, ...]
    mergeable: bool | None
    state: str
    from_fork: bool
    url: str
    merged_at: datetime | None = None


class Message(BaseModel):
    """A refusal."""

    message: str


class Account(BaseModel):
    """Somebody's login."""

    login: str


class Signature(BaseModel):
    """Who wrote a commit, as git knows it."""

    name: str
    email: str
    date: datetime


class Tree(BaseModel):
    """The files of a commit, by hash."""

    sha: str


class GitCommit(BaseModel):
    """The part of a commit that git holds."""

    author: Signature
    message: str
    tree: Tree


class Parent(BaseModel):
    """The commit before."""

    sha: str


class CommitAnswer(BaseModel):
    """A commit."""

    sha: str
    parents: list[Parent]
    commit: GitCommit
    author: Account | None = None


class File(BaseModel):
    """A changed file."""

    filename: str
    previous_filename: str | None = None
    status: str = "modified"


class Comparison(BaseModel):
    """What lies between two commits."""

    status: str
    ahead_by: int
    behind_by: int
    html_url: str
    total_commits: int
    merge_base_commit: CommitAnswer
    commits: list[CommitAnswer]
    files: list[File] | None = None


class FolderEntry(BaseModel):
    """One name in a folder: its path in the repository, and `file`, `dir`, `symlink` or `submodule`."""

    name: str
    path: str
    type: str


class Folder(BaseModel):
    """What lies in a folder."""

    entries: list[FolderEntry]


class RefObject(BaseModel):
    """What a ref stands for."""

    sha: str


class Ref(BaseModel):
    """A branch."""

    object: RefObject


class DeploymentAnswer(BaseModel):
    """A deployment."""

    id: int
    sha: str
    environment: str
    creator: Account | None = None
    created_at: datetime
    payload: dict[str, Any] | str | None = None


class State(BaseModel):
    """A status of a deployment."""

    state: str


class Label(BaseModel):
    """A label's name."""

    name: str


class Repository(BaseModel):
    """A repository's full name, and what the account of the token may do there."""

    full_name: str
    permissions: dict[str, bool] = {}


class Side(BaseModel):
    """One side of a pull request; a deleted fork has no repository."""

    ref: str
    sha: str
    repo: Repository | None = None


class Pull(BaseModel):
    """A pull request, in its short and its long form."""

    number: int
    title: str
    body: str | None = None
    state: str
    user: Account | None = None
    labels: list[Label]
    head: Side
    base: Side
    merged_at: datetime | None = None
    merge_commit_sha: str | None = None
    mergeable: bool | None = None
    html_url: str


class Merged(BaseModel):
    """A merge that was done."""

    sha: str


def commit(answer: CommitAnswer, pull_request: int | None) -> Commit:
    """The fact behind a commit's answer."""
    signature = answer.commit.author
    return Commit(
        sha=answer.sha,
        subject=answer.commit.message.partition("\n")[0],
        author_name=signature.name,
        author_login=answer.author.login if answer.author else None,
        author_email=signature.email,
        pull_request=pull_request,
        authored_at=signature.date,
        body=answer.commit.message.partition("\n")[2].strip(),
        parents=len(answer.parents),
    )


def changed_files(answers: Sequence[File]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every path that changed, the old name of a moved file too, and those of them that exist no more."""
    there = {file.filename for file in answers if file.status != "removed"}
    every = {name for file in answers for name in (file.filename, file.previous_filename) if name}
    return tuple(sorted(every)), tuple(sorted(every - there))


def pull_request(answer: Pull, repository: str) -> PullRequest:
    """The fact behind a pull request's answer."""
    merged = answer.merged_at is not None
    source = answer.head.repo.full_name.lower() if answer.head.repo else None
    return PullRequest(
        number=answer.number,
        title=answer.title,
        body=answer.body or "",
        head=answer.head.sha,
        base=answer.base.ref,
        merged=merged,
        merge_commit=answer.merge_commit_sha if merged else None,
        author=answer.user.login if answer.user else "ghost",
        labels=tuple(sorted(label.name for label in answer.labels)),
        mergeable=answer.mergeable,
        state="merged" if merged else answer.state,
        from_fork=source != repository.lower(),
        url=answer.html_url,
        merged_at=answer.merged_at,
    )


def deployment(answer: DeploymentAnswer, state: str | None) -> Deployment:
    """The fact behind a deployment's answer; the release that made it wrote its key into the payload."""
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    key = payload.get(OURS)
    return Deployment(
        number=answer.id,
        environment=answer.environment,
        commit=answer.sha,
        creator=answer.creator.login if answer.creator else "ghost",
        created_at=answer.created_at,
        state=state,
        key=str(key) if key else None,
    )
