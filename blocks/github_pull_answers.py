"""GitHub's answers about pull requests and their reviews, and the facts that are made of them."""

import re
from datetime import datetime

from pydantic import BaseModel, Field

from blocks.github_answers import Account, Label, Parent, Side, Signature
from policy.review_facts import PullCommit, Review, Thread

_TOGETHER_WITH = re.compile(r"^co-authored-by:\s*(?P<name>[^<\n]*)<(?P<address>[^>\n]*)>", re.IGNORECASE | re.MULTILINE)


class Numbered(BaseModel):
    """A pull request by its number."""

    number: int


class WholePull(BaseModel):
    """A pull request in its long form, with how much there is of it."""

    number: int
    title: str
    body: str | None = None
    state: str
    draft: bool = False
    user: Account | None = None
    labels: list[Label]
    head: Side
    base: Side
    merged_at: datetime | None = None
    mergeable: bool | None = None
    commits: int
    changed_files: int
    html_url: str
    assignees: list[Account] = []
    requested_reviewers: list[Account] = []


class Written(BaseModel):
    """What git keeps of a commit."""

    author: Signature | None = None
    message: str


class PullCommitAnswer(BaseModel):
    """A commit of a pull request."""

    sha: str
    commit: Written
    author: Account | None = None
    parents: list[Parent]


class Reviewer(BaseModel):
    """Who reviewed; a bot says so."""

    login: str
    type: str = "User"


class ReviewAnswer(BaseModel):
    """A review."""

    id: int
    user: Reviewer | None = None
    state: str
    commit_id: str | None = None
    submitted_at: datetime | None = None
    author_association: str


class Link(BaseModel):
    """Where people read it."""

    url: str


class Links(BaseModel):
    """The first comment of a thread."""

    nodes: list[Link]


class ThreadAnswer(BaseModel):
    """A thread."""

    resolved: bool = Field(alias="isResolved")
    path: str
    comments: Links


class PageInfo(BaseModel):
    """Where the next page begins."""

    has_next_page: bool = Field(alias="hasNextPage")
    end_cursor: str | None = Field(default=None, alias="endCursor")


class ThreadPage(BaseModel):
    """A page of threads."""

    total_count: int = Field(alias="totalCount")
    page_info: PageInfo = Field(alias="pageInfo")
    nodes: list[ThreadAnswer]


class Threaded(BaseModel):
    """A pull request's threads."""

    review_threads: ThreadPage = Field(alias="reviewThreads")


class Holding(BaseModel):
    """The repository around it."""

    pull_request: Threaded | None = Field(default=None, alias="pullRequest")


class Data(BaseModel):
    """What was asked for."""

    repository: Holding | None = None


class GraphError(BaseModel):
    """A refusal under a status of 200."""

    message: str
    type: str = ""


class ThreadsAnswer(BaseModel):
    """What GitHub's GraphQL answers: data, or errors."""

    data: Data | None = None
    errors: list[GraphError] = []


def pull_commit(answer: PullCommitAnswer) -> PullCommit:
    """The fact behind a commit's answer: who committed and who is named as having written it too."""
    names = [answer.author.login] if answer.author else []
    if answer.commit.author is not None:
        names += [answer.commit.author.name, answer.commit.author.email]
    for found in _TOGETHER_WITH.finditer(answer.commit.message):
        names += [found["name"].strip(), found["address"].strip()]
    return PullCommit(answer.sha, tuple(parent.sha for parent in answer.parents), tuple(filter(None, names)))


def review(answer: ReviewAnswer) -> Review:
    """The fact behind a review's answer."""
    user = answer.user
    return Review(
        number=answer.id,
        reviewer=user.login if user else None,
        is_bot=user is not None and user.type == "Bot",
        association=answer.author_association,
        state=answer.state,
        commit=answer.commit_id,
        submitted_at=answer.submitted_at,
    )


def thread(answer: ThreadAnswer) -> Thread:
    """The fact behind a thread's answer."""
    nodes = answer.comments.nodes
    return Thread(answer.path, answer.resolved, nodes[0].url if nodes else None)
