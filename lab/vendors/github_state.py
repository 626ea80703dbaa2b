"""What the GitHub stand-in remembers, and how the lab changes it without going through the API."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lab.history import CARLA, DEV, DORA, SOFIA, TOMAS, Author, ConflictError, History
from lab.vendors import github_shapes as shapes
from lab.vendors.github_shapes import Check, PullRequest, Run

REVIEWERS = (TOMAS, CARLA, DORA, SOFIA)
_NO_WORKFLOW = 1_000_000
PushHook = Callable[[str, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Review:
    """A review as the stand-in keeps it."""

    number: int
    pull: int
    login: str
    state: str
    commit: str
    association: str = "MEMBER"
    is_bot: bool = False
    at: str = field(default_factory=shapes.spoken_now)


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation on a line of a pull request."""

    number: int
    pull: int
    path: str
    resolved: bool


@dataclass(frozen=True, slots=True)
class Status:
    """A commit status."""

    number: int
    commit: str
    context: str
    state: str
    at: str = field(default_factory=shapes.spoken_now)


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a run of the workflow left: files by name."""

    number: int
    run: int
    name: str
    files: Mapping[str, str]
    expired: bool = False
    at: str = field(default_factory=shapes.spoken_now)


@dataclass(frozen=True, slots=True)
class Analysis:
    """An analysis of code scanning: one for each tool and category of a commit."""

    number: int
    ref: str
    commit: str
    error: str
    category: str
    tool: str
    at: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment and its newest status, empty where it has none."""

    number: int
    commit: str
    environment: str
    state: str
    at: str = field(default_factory=shapes.spoken_now)
    payload: Mapping[str, Any] = field(default_factory=dict)
    link: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as the stand-in keeps it."""

    number: int
    title: str
    body: str
    labels: tuple[str, ...]
    state: str = "open"
    at: str = field(default_factory=shapes.spoken_now)


class GitHubState:
    """One repository with its pull requests, workflow runs and checks."""

    def __init__(self, history: History, repository: str, workflow: str) -> None:
        self.history, self.repository, self.workflow = history, repository, workflow
        self.pushed: Callable[[str, str], None] = lambda _branch, _commit: None
        self._first_refs = history.refs()
        self.reset()

    def reset(self) -> None:
        """Back to the first state: refs, pull requests, runs and checks as they were in the beginning."""
        self.history.restore(self._first_refs)
        self.may_push = True
        self.pulls: dict[int, PullRequest] = {}
        self.workflows: list[str] = [self.workflow]
        self.runs: list[Run] = []
        self.checks: list[Check] = []
        self.hidden_checks: set[str] = set()
        self.reviews: list[Review] = []
        self.threads: list[Thread] = []
        self.statuses: list[Status] = []
        self.artifacts: list[Artifact] = []
        self.analyses: list[Analysis] = []
        self.alerts: list[dict[str, Any]] = []
        self.deployments: list[Deployment] = []
        self.issues: list[Issue] = []
        for past in self.history.past_pulls():
            self.record_merged(past.commit, past.title, author=past.author, labels=past.labels)
            self.report_run(past.commit)

    def next_number(self) -> int:
        """Issues and pull requests are counted together."""
        return max((*self.pulls, *(issue.number for issue in self.issues)), default=0) + 1

    def open_pull_request(
        self,
        head: str,
        title: str,
        *,
        body: str = "",
        author: Author = DEV,
        base: str = "main",
        labels: tuple[str, ...] = (),
        from_fork: bool = False,
    ) -> int:
        """Open a pull request from the branch `head` and return its number."""
        number = self.next_number()
        commit = self.history.resolve(f"refs/heads/{head}")
        self.pulls[number] = PullRequest(number, title, body, author, head, base, commit, labels, from_fork=from_fork)
        return number

    def record_merged(
        self, commit: str, title: str, *, body: str = "", author: Author = DEV, labels: tuple[str, ...] = ()
    ) -> int:
        """Remember a pull request that brought `commit` to main, and return its number."""
        number = self.next_number()
        pull = PullRequest(number, title, body, author, f"feature/{number}", "main", commit, labels)
        pull.state, pull.merge_commit, pull.merged_at = "closed", commit, shapes.spoken_now()
        pull.commits = frozenset({commit})
        self.pulls[number] = pull
        return number

    def close_merged(self, pull: PullRequest, commit: str) -> None:
        """The pull request's branch is in its base now, through `commit`."""
        pull.commits = self.commits_of(pull) | {commit}
        pull.state, pull.merge_commit, pull.merged_at = "closed", commit, shapes.spoken_now()
        self.history.move(f"refs/heads/{pull.base}", commit)
        self.pushed(pull.base, commit)

    def head_of(self, pull: PullRequest) -> str:
        """The newest commit of an open pull request's branch; a closed one keeps its last."""
        if pull.state == "open":
            pull.head_commit = self.history.find(f"refs/heads/{pull.head}") or pull.head_commit
        return pull.head_commit

    def commits_of(self, pull: PullRequest) -> frozenset[str]:
        """The commits that the pull request brings or brought."""
        if pull.state != "open":
            return pull.commits
        span = f"refs/heads/{pull.base}..{self.head_of(pull)}"
        return frozenset(self.history.git("rev-list", span).split())

    def own_commits_of(self, pull: PullRequest) -> list[str]:
        """The commits on the pull request's own branch, oldest first; its merge is none of them."""
        own = self.commits_of(pull) - ({pull.merge_commit} if pull.merge_commit != pull.head_commit else set())
        return self.history.git("rev-list", "--no-walk", *sorted(own)).split()[::-1] if own else []

    def files_of(self, pull: PullRequest) -> list[dict[str, Any]]:
        """What the pull request changes, as seen from where it left its base."""
        own = self.own_commits_of(pull)
        head = self.head_of(pull)
        base = self.history.find(f"refs/heads/{pull.base}") if pull.state == "open" else f"{own[0]}^" if own else None
        fork = self.history.find(base) if base else None
        if fork is None:
            return []
        return shapes.files(self.history, self.history.git("merge-base", fork, head), head)

    def review(self, pull: int, author: Author, state: str = "APPROVED", *, commit: str | None = None) -> None:
        """Let somebody review the head of a pull request, or an older commit of it."""
        at = commit or self.head_of(self.pulls[pull])
        self.reviews.append(Review(len(self.reviews) + 1, pull, author.login, state, at))

    def approve(self, pull: int) -> None:
        """Let every lead who did not write it approve the pull request."""
        for reviewer in REVIEWERS:
            if reviewer != self.pulls[pull].author:
                self.review(pull, reviewer)

    def discuss(self, pull: int, path: str, *, resolved: bool) -> None:
        """Let there be a thread on a line of a pull request."""
        self.threads.append(Thread(len(self.threads) + 1, pull, path, resolved))

    def report_status(self, commit: str, context: str, state: str = "success") -> None:
        """Add a commit status."""
        self.statuses.append(Status(len(self.statuses) + 1, commit, context, state))

    def deploy(
        self, commit: str, environment: str, state: str, *, payload: Mapping[str, Any] | None = None
    ) -> Deployment:
        """Let there be a deployment in this state; without a payload it is somebody else's."""
        made = Deployment(len(self.deployments) + 1, commit, environment, state, payload=payload or {})
        self.deployments.append(made)
        return made

    def is_green(self, commit: str) -> bool:
        """Whether every status and check of the commit succeeded."""
        states = [one.state for one in self.statuses if one.commit == commit]
        checks = [one.conclusion for one in self.checks if one.commit == commit]
        return set(states + checks) <= {"success"}

    def analyse(
        self,
        commit: str,
        error: str = "",
        *,
        ref: str = "refs/heads/main",
        category: str = "/language:javascript",
        tool: str = "CodeQL",
        at: str = "",
    ) -> None:
        """Let code scanning have looked at a commit, now unless a time is given."""
        number = len(self.analyses) + 1
        self.analyses.append(Analysis(number, ref, commit, error, category, tool, at or shapes.spoken_now()))

    def keep_artifact(self, run: int, name: str, files: Mapping[str, str]) -> None:
        """Let a run of the workflow leave these files."""
        self.artifacts.append(Artifact(len(self.artifacts) + 1, run, name, files))

    def can_merge(self, pull: PullRequest) -> bool | None:
        """Whether the two sides merge; None when nothing is left to merge."""
        if pull.state != "open":
            return None
        try:
            self.history.merge(f"refs/heads/{pull.base}", self.head_of(pull), pull.title, pull.author)
        except ConflictError:
            return False
        return True

    def report_run(
        self,
        commit: str,
        conclusion: str | None = "success",
        *,
        branch: str = "main",
        failed_step: str | None = None,
        workflow: str = "",
        event: str = "push",
    ) -> int:
        """Add a run of the workflow (without a conclusion it is still running) and return its number."""
        name, status = workflow or self.workflow, "completed" if conclusion else "in_progress"
        if name not in self.workflows:
            self.workflows.append(name)
        number, now = len(self.runs) + 1, shapes.spoken_now()
        self.runs.append(Run(number, commit, branch, status, conclusion, failed_step, now, name, event))
        return number

    def finish_run(self, number: int, conclusion: str, *, failed_step: str | None = None) -> None:
        """Let a running run end."""
        self.runs[number - 1] = replace(
            self.runs[number - 1], status="completed", conclusion=conclusion, failed_step=failed_step
        )

    def report_check(
        self, commit: str, name: str, conclusion: str | None = "success", *, run: int | None = None, at: str = ""
    ) -> None:
        """Add a check run (without a conclusion it is still running) to a run of a workflow, else to the newest."""
        status = "completed" if conclusion else "in_progress"
        number = len(self.checks) + 1
        suite = run or max((one.number for one in self.runs if one.commit == commit), default=_NO_WORKFLOW)
        self.checks.append(Check(number, commit, name, status, conclusion, at or shapes.spoken_now(), suite))
