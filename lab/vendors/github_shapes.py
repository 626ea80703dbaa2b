"""How GitHub writes commits, files, pull requests, runs and refusals in JSON.

Follows GitHub's REST API description (npm @octokit/openapi 23.0.2): the schemas commit, diff-entry,
pull-request, workflow-run, check-run, basic-error and validation-error.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lab.history import AUTHORS, Author, History
from lab.vendors.core import Answer, RefusalError

DOCUMENTATION = "https://docs.github.com/rest"
_LOGINS = {author.email: author.login for author in AUTHORS}
_STATUS = {"A": "added", "M": "modified", "D": "removed", "R": "renamed", "C": "copied", "T": "changed"}


def spoken_now() -> str:
    """The time as GitHub writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class PullRequest:
    """A pull request as the stand-in keeps it."""

    number: int
    title: str
    body: str
    author: Author
    head: str
    base: str
    head_commit: str
    labels: tuple[str, ...] = ()
    from_fork: bool = False
    draft: bool = False
    state: str = "open"
    merge_commit: str | None = None
    merged_at: str | None = None
    commits: frozenset[str] = frozenset()
    created_at: str = field(default_factory=spoken_now)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the workflow for one commit."""

    number: int
    commit: str
    branch: str
    status: str
    conclusion: str | None
    failed_step: str | None
    created_at: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check run of one commit."""

    number: int
    commit: str
    name: str
    status: str
    conclusion: str | None
    started_at: str


def refusal(status: int, message: str, **more: Any) -> RefusalError:
    """GitHub's error body."""
    body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return RefusalError(Answer(status, body | more))


def invalid(*errors: dict[str, str]) -> RefusalError:
    """422 with a row for each wrong field."""
    return refusal(422, "Validation Failed", errors=list(errors))


def user(author: Author) -> dict[str, Any]:
    """The short form of an account."""
    return {"login": author.login, "id": 1000 + len(author.login), "type": "User"}


def commits(history: History, shas: Sequence[str], base_url: str) -> list[dict[str, Any]]:
    """Commits with author, tree and parents, in the given order."""
    if not shas:
        return []
    parts = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x01"
    told = history.git("show", "-s", f"--format={parts}", *shas).split("\x01")[:-1]
    return [_commit(one.strip("\n").split("\0"), base_url) for one in told]


def _commit(parts: list[str], base_url: str) -> dict[str, Any]:
    sha, tree, parents, author, email, written, committer, committer_email, committed, message = parts
    return {
        "sha": sha,
        "url": f"{base_url}/commits/{sha}",
        "html_url": f"https://github.com/{sha}",
        "commit": {
            "author": {"name": author, "email": email, "date": written},
            "committer": {"name": committer, "email": committer_email, "date": committed},
            "message": message.strip(),
            "tree": {"sha": tree, "url": f"{base_url}/git/trees/{tree}"},
            "comment_count": 0,
        },
        "author": {"login": _LOGINS[email], "type": "User"} if email in _LOGINS else None,
        "committer": {"login": _LOGINS.get(committer_email, "web-flow"), "type": "User"},
        "parents": [{"sha": parent, "url": f"{base_url}/commits/{parent}"} for parent in parents.split()],
    }


def files(history: History, base: str, head: str) -> list[dict[str, Any]]:
    """What changed from `base` to `head`, one row a file."""
    rows = []
    for line in history.git("diff", "--name-status", "-M", base, head).splitlines():
        status, *names = line.split("\t")
        row = {
            "filename": names[-1],
            "status": _STATUS[status[0]],
            "additions": 0,
            "deletions": 0,
            "changes": 0,
        }
        if len(names) > 1:
            row["previous_filename"] = names[0]
        rows.append(row)
    return rows


def pull_request(pull: PullRequest, repository: str, base_commit: str, *, mergeable: bool | None) -> dict[str, Any]:
    """The long form; `mergeable` is null while GitHub still works it out, and after the merge."""
    fork = f"{pull.author.login}/{repository.partition('/')[2]}"
    return {
        "number": pull.number,
        "id": 9000 + pull.number,
        "state": pull.state,
        "draft": pull.draft,
        "title": pull.title,
        "body": pull.body,
        "user": user(pull.author),
        "labels": [{"name": name, "color": "ededed"} for name in pull.labels],
        "html_url": f"https://github.com/{repository}/pull/{pull.number}",
        "head": {
            "ref": pull.head,
            "sha": pull.head_commit,
            "repo": {"full_name": fork if pull.from_fork else repository, "fork": pull.from_fork},
        },
        "base": {"ref": pull.base, "sha": base_commit, "repo": {"full_name": repository, "fork": False}},
        "merged": pull.merge_commit is not None,
        "merge_commit_sha": pull.merge_commit,
        "merged_at": pull.merged_at,
        "created_at": pull.created_at,
        "mergeable": mergeable,
        "mergeable_state": "unknown" if mergeable is None else "clean" if mergeable else "dirty",
    }


def run(of: Run, repository: str, workflow: str) -> dict[str, Any]:
    """A workflow run."""
    return {
        "id": of.number,
        "name": "CI",
        "path": f".github/workflows/{workflow}",
        "head_sha": of.commit,
        "head_branch": of.branch,
        "event": "push",
        "status": of.status,
        "conclusion": of.conclusion,
        "run_number": of.number,
        "run_attempt": 1,
        "created_at": of.created_at,
        "run_started_at": of.created_at,
        "updated_at": of.created_at,
        "html_url": f"https://github.com/{repository}/actions/runs/{of.number}",
    }


def job(of: Run) -> dict[str, Any]:
    """The one job of a run, with its steps."""
    names = ["Check out", "Install", "Test", "Build image", "Push image"]
    if of.failed_step and of.failed_step not in names:
        names.insert(-1, of.failed_step)
    steps, broken = [], False
    for number, name in enumerate(names, 1):
        conclusion = "skipped" if broken else "failure" if name == of.failed_step else "success"
        broken = broken or name == of.failed_step
        steps.append({"name": name, "number": number, "status": "completed", "conclusion": conclusion})
    return {
        "id": of.number * 10,
        "run_id": of.number,
        "name": "build",
        "status": of.status,
        "conclusion": of.conclusion,
        "steps": steps if of.status == "completed" else [],
    }


def check(of: Check, repository: str) -> dict[str, Any]:
    """A check run."""
    return {
        "id": of.number,
        "head_sha": of.commit,
        "name": of.name,
        "status": of.status,
        "conclusion": of.conclusion,
        "started_at": of.started_at,
        "completed_at": of.started_at if of.status == "completed" else None,
        "html_url": f"https://github.com/{repository}/runs/{of.number}",
        "app": {"id": 15368, "slug": "github-actions"},
    }
