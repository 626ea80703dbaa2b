"""How GitHub writes commits, files, pull requests, runs and refusals in JSON.

Follows GitHub's REST API description (npm @octokit/openapi 23.0.2): the schemas commit, diff-entry,
pull-request, workflow-run, check-run, basic-error and validation-error.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lab.history import AUTHORS, Author, History
from lab.vendors import github_links as links
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
    """One run of a workflow for one commit; its checks are a suite of that number."""

    number: int
    commit: str
    branch: str
    status: str
    conclusion: str | None
    failed_step: str | None
    created_at: str
    workflow: str
    event: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check run of one commit."""

    number: int
    commit: str
    name: str
    status: str
    conclusion: str | None
    started_at: str
    suite: int


def refusal(status: int, message: str, **more: Any) -> RefusalError:
    """GitHub's error body."""
    body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return RefusalError(Answer(status, body | more))


def invalid(*errors: dict[str, str]) -> RefusalError:
    """422 with a row for each wrong field."""
    return refusal(422, "Validation Failed", errors=list(errors))


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
        "html_url": f"{links.SITE}{base_url.removeprefix('/repos')}/commit/{sha}",
        "comments_url": f"{base_url}/commits/{sha}/comments",
        "node_id": f"C_{sha}",
        "commit": {
            "url": f"{base_url}/git/commits/{sha}",
            "author": {"name": author, "email": email, "date": written},
            "committer": {"name": committer, "email": committer_email, "date": committed},
            "message": message.strip(),
            "tree": {"sha": tree, "url": f"{base_url}/git/trees/{tree}"},
            "comment_count": 0,
        },
        "author": links.account(_LOGINS[email]) if email in _LOGINS else None,
        "committer": links.account(_LOGINS.get(committer_email, "web-flow")),
        "parents": [{"sha": parent, "url": f"{base_url}/commits/{parent}"} for parent in parents.split()],
    }


def files(history: History, base: str, head: str) -> list[dict[str, Any]]:
    """What changed from `base` to `head`, one row a file."""
    rows = []
    for line in history.git("diff", "--raw", "--no-abbrev", "-M", base, head).splitlines():
        facts, *names = line.split("\t")
        *_, blob, status = facts.split()
        row = {
            "filename": names[-1],
            "status": _STATUS[status[0]],
            "additions": 0,
            "deletions": 0,
            "changes": 0,
            "sha": blob,
            **{f"{kind}_url": f"{links.API}/{kind}/{names[-1]}" for kind in ("blob", "raw", "contents")},
        }
        if len(names) > 1:
            row["previous_filename"] = names[0]
        rows.append(row)
    return rows


def folder_entry(repository: str, commit: str, folder: str, line: str) -> dict[str, Any]:
    """What GitHub says of a name in a folder; the line is one of `git ls-tree --long`."""
    about, name = line.split("\t", 1)
    _, kind, sha, size = about.split()
    path = f"{folder}/{name}"
    kinds = {"blob": ("file", "blob"), "tree": ("dir", "tree"), "commit": ("submodule", "tree")}
    spoken, page = kinds[kind]
    url = f"https://api.github.com/repos/{repository}/contents/{path}?ref={commit}"
    git_url = f"https://api.github.com/repos/{repository}/git/{page}s/{sha}"
    html_url = f"https://github.com/{repository}/{page}/{commit}/{path}"
    raw = f"https://raw.githubusercontent.com/{repository}/{commit}/{path}"
    return {
        "name": name,
        "path": path,
        "sha": sha,
        "size": 0 if size == "-" else int(size),
        "url": url,
        "html_url": html_url,
        "git_url": git_url,
        "download_url": raw if spoken == "file" else None,
        "type": spoken,
        "_links": {"self": url, "git": git_url, "html": html_url},
    }


def pull_request(pull: PullRequest, repository: str, base_commit: str) -> dict[str, Any]:
    """The short form, as lists hold it."""
    fork = f"{pull.author.login}/{repository.partition('/')[2]}"
    owner = repository.partition("/")[0]
    return links.pull_links(repository, pull.number) | {
        "number": pull.number,
        "id": 9000 + pull.number,
        "node_id": f"PR_{pull.number}",
        "state": pull.state,
        "draft": pull.draft,
        "locked": False,
        "title": pull.title,
        "body": pull.body or None,
        "user": links.account(pull.author.login),
        "labels": [links.label(name) for name in pull.labels],
        "head": {
            "label": f"{pull.author.login if pull.from_fork else owner}:{pull.head}",
            "ref": pull.head,
            "sha": pull.head_commit,
            "user": links.account(pull.author.login if pull.from_fork else owner),
            "repo": links.repository(fork if pull.from_fork else repository, fork=pull.from_fork),
        },
        "base": {
            "label": f"{owner}:{pull.base}",
            "ref": pull.base,
            "sha": base_commit,
            "user": links.account(owner),
            "repo": links.repository(repository),
        },
        "merge_commit_sha": pull.merge_commit,
        "merged_at": pull.merged_at,
        "closed_at": pull.merged_at,
        "created_at": pull.created_at,
        "updated_at": pull.merged_at or pull.created_at,
        **dict.fromkeys(("assignee", "milestone", "auto_merge")),
        "author_association": "MEMBER",
    }


def whole_pull_request(
    pull: PullRequest, repository: str, base_commit: str, *, mergeable: bool | None, commits: int, changed_files: int
) -> dict[str, Any]:
    """The long form; `mergeable` is null while GitHub still works it out, and after the merge."""
    counts = ("additions", "deletions", "comments", "review_comments")
    return (
        pull_request(pull, repository, base_commit)
        | dict.fromkeys(counts, 0)
        | {
            "commits": commits,
            "changed_files": changed_files,
            "merged": pull.merge_commit is not None,
            "merged_by": links.account(pull.author.login) if pull.merge_commit else None,
            "mergeable": mergeable,
            "mergeable_state": "unknown" if mergeable is None else "clean" if mergeable else "dirty",
            "maintainer_can_modify": False,
        }
    )


def run(of: Run, repository: str, workflow_number: int) -> dict[str, Any]:
    """A workflow run."""
    return links.run_links(repository, of.number) | {
        "id": of.number,
        "node_id": f"WFR_{of.number}",
        "name": "CI",
        "display_title": "CI",
        "workflow_id": workflow_number,
        "check_suite_id": of.number,
        "head_commit": None,
        "head_repository": links.repository(repository),
        "repository": links.repository(repository),
        "pull_requests": [],
        "path": f".github/workflows/{of.workflow}",
        "head_sha": of.commit,
        "head_branch": of.branch,
        "event": of.event,
        "status": of.status,
        "conclusion": of.conclusion,
        "run_number": of.number,
        "run_attempt": 1,
        "created_at": of.created_at,
        "run_started_at": of.created_at,
        "updated_at": of.created_at,
    }


def job(of: Run, repository: str) -> dict[str, Any]:
    """The one job of a run, with its steps."""
    names = ["Check out", "Install", "Test", "Build image", "Push image"]
    if of.failed_step and of.failed_step not in names:
        names.insert(-1, of.failed_step)
    steps, broken = [], False
    for number, name in enumerate(names, 1):
        conclusion = "skipped" if broken else "failure" if name == of.failed_step else "success"
        broken = broken or name == of.failed_step
        steps.append({"name": name, "number": number, "status": "completed", "conclusion": conclusion})
    around = links.run_links(repository, of.number)
    return {
        "id": of.number * 10,
        "node_id": f"CR_{of.number}",
        "run_url": around["url"],
        "url": f"{around['url']}/jobs/{of.number * 10}",
        "html_url": f"{around['html_url']}/job/{of.number * 10}",
        "check_run_url": f"{around['url']}/checks/{of.number * 10}",
        "head_sha": of.commit,
        "head_branch": of.branch,
        "workflow_name": "CI",
        "created_at": of.created_at,
        "started_at": of.created_at,
        "completed_at": of.created_at if of.status == "completed" else None,
        "labels": ["ubuntu-latest"],
        **dict.fromkeys(("runner_id", "runner_name", "runner_group_id", "runner_group_name")),
        "run_id": of.number,
        "name": "build",
        "status": of.status,
        "conclusion": of.conclusion,
        "steps": steps if of.status == "completed" else [],
    }


def check(of: Check, repository: str) -> dict[str, Any]:
    """A check run."""
    url = f"{links.API}/repos/{repository}/check-runs/{of.number}"
    output = dict.fromkeys(("title", "summary", "text")) | {"annotations_count": 0}
    return {
        "id": of.number,
        "node_id": f"CR_{of.number}",
        "url": url,
        "external_id": "",
        "details_url": f"{links.SITE}/{repository}/runs/{of.number}",
        "check_suite": {"id": of.suite},
        "output": output | {"annotations_url": f"{url}/annotations"},
        "pull_requests": [],
        "head_sha": of.commit,
        "name": of.name,
        "status": of.status,
        "conclusion": of.conclusion,
        "started_at": of.started_at,
        "completed_at": of.started_at if of.status == "completed" else None,
        "html_url": f"https://github.com/{repository}/runs/{of.number}",
        "app": links.app("github-actions"),
    }
