"""GitHub: commits, branches, pull requests and workflow runs of one repository.

Follows GitHub's REST API description (version 2022-11-28).
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import httpx
from pydantic import Field, HttpUrl, PrivateAttr

from blocks import github_answers as answers
from blocks.company_block import CompanyBlock
from blocks.credentials import read_secret
from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.github_answers import CheckRun, PullRequest, WorkflowRun
from blocks.vendor import Vendor, seconds_to_wait
from policy.risk import ChangeSet, Commit

_PAGE = 100
_MOST_FILES = 300
_PARALLEL = 6


class GitHub(CompanyBlock):
    """One repository on GitHub."""

    _block_type_name = "Countersign GitHub"
    _block_type_slug = "countersign-github"
    _description = "Commits, branches, pull requests and workflow runs of one repository."
    _documentation_url = HttpUrl("https://docs.github.com/rest")
    _code_example = """
    ```python
    from blocks.github import GitHub

    github = GitHub.load("BLOCK_NAME")
    change = github.read_change_set("production", "main")
    ```"""

    url: str = Field(default="https://api.github.com", description="Address of GitHub's REST API.")
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", description="The repository as owner/name.")
    token: str = Field(default="GITHUB_TOKEN", description="Name of the secret that holds the token.")
    secrets_folder: str | None = Field(default=None, description="Folder of the files that hold secrets.")
    merge_method: Literal["merge", "squash", "rebase"] = Field(
        default="squash", description="How a pull request is merged."
    )
    most_commits: int = Field(
        default=500,
        ge=1,
        description="A change set of more commits is called incomplete, not read to its end.",
    )
    connect_timeout: timedelta = Field(
        default=timedelta(seconds=5), description="How long a connection may take, in seconds."
    )
    read_timeout: timedelta = Field(
        default=timedelta(seconds=20), description="How long an answer may take, in seconds."
    )
    patience: timedelta = Field(
        default=timedelta(seconds=30), description="How long a rate limit is waited for, in seconds."
    )
    _vendor: Vendor = PrivateAttr()

    def block_initialization(self) -> None:
        """Keep one client; nothing is asked before a verb is called."""
        self._vendor = Vendor(
            "GitHub",
            self.url,
            headers=self._headers,
            connect_seconds=self.connect_timeout.total_seconds(),
            read_seconds=self.read_timeout.total_seconds(),
            patience_seconds=self.patience.total_seconds(),
            limit_of=limit_of,
            lacking=lacking,
        )

    def close(self) -> None:
        """Let go of the kept connections."""
        self._vendor.close()

    def read_change_set(self, base: str, head: str) -> ChangeSet:
        """Every commit and file from `base` to `head`, with pull requests and their labels."""
        found, files, total = self._compare(base, head)
        with ThreadPoolExecutor(_PARALLEL) as pool:
            pulls = list(pool.map(self._pull_of, [commit.sha for commit in found]))
        commits = tuple(
            answers.commit(one, pull.number if pull else None) for one, pull in zip(found, pulls, strict=True)
        )
        labels = sorted({label.name for pull in pulls if pull for label in pull.labels})
        complete = len(found) == total and len(files) < _MOST_FILES
        return ChangeSet(base, head, commits, tuple(files), tuple(labels), complete)

    def read_commit(self, ref: str) -> Commit:
        """The commit that a branch, tag or hash stands for."""
        found = self._commit(ref)
        pull = self._pull_of(found.sha)
        return answers.commit(found, pull.number if pull else None)

    def read_tree(self, ref: str) -> str:
        """The hash of the files of a commit: two commits with one tree hold the same."""
        return self._commit(ref).commit.tree.sha

    def read_ref(self, branch: str) -> str:
        """The newest commit of a branch."""
        answer = self._vendor.ask("GET", self._at(f"git/ref/heads/{_quoted(branch)}"), understood=(404,))
        if answer.status == 404:
            raise Refused(f"{self.repository} has no branch {branch}")
        return answer.read(answers.Ref).object.sha

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether `of` contains `commit`."""
        return self._compared(commit, of, page=1, size=1).status in ("ahead", "identical")

    def read_pull_request(self, number: int) -> PullRequest:
        """One pull request; whether it can be merged is None while GitHub works it out."""
        answer = self._vendor.ask("GET", self._at(f"pulls/{number}"), understood=(404,))
        if answer.status == 404:
            raise Refused(f"{self.repository} has no pull request {number}")
        return answers.pull_request(answer.read(answers.Pull), self.repository)

    def merge_pull_request(self, number: int, head: str) -> str:
        """Merge the pull request if `head` is still its newest commit; done before counts as done.

        The answer is the merge commit.
        """
        body = {"sha": head, "merge_method": self.merge_method}
        answer = self._vendor.ask("PUT", self._at(f"pulls/{number}/merge"), body=body, understood=(405, 409))
        if answer.status < 300:
            return answer.read(answers.Merged).sha
        pull = self.read_pull_request(number)
        if pull.merged and pull.merge_commit and pull.head == head:
            return pull.merge_commit
        if pull.head != head:
            raise Refused(f"pull request {number} was changed: its head is {pull.head[:7]}, expected {head[:7]}")
        reason = answer.read(answers.Message).message
        raise Refused(f"pull request {number} ({pull.state}) cannot be merged: {reason}")

    def merge_into(self, branch: str, commit: str, message: str) -> str:
        """Merge `commit` into `branch` and return where it then stands; merged before counts as done."""
        body = {"base": branch, "head": commit, "commit_message": message}
        answer = self._vendor.ask("POST", self._at("merges"), body=body, understood=(409,))
        if answer.status == 409:
            raise Refused(f"{commit[:7]} does not merge into {branch}: the two conflict; merge them by hand")
        if answer.status == 204:
            return self.read_ref(branch)
        return answer.read(answers.CommitAnswer).sha

    def move_ref(self, branch: str, commit: str) -> None:
        """Let `branch` stand for `commit`, also backwards; it is made when it is not there."""
        path = self._at(f"git/refs/heads/{_quoted(branch)}")
        answer = self._vendor.ask("PATCH", path, body={"sha": commit, "force": True}, understood=(422,))
        if answer.status == 422:
            self._vendor.ask("POST", self._at("git/refs"), body={"ref": f"refs/heads/{branch}", "sha": commit})

    def read_workflow_run(self, commit: str, workflow: str) -> WorkflowRun | None:
        """The newest run of the workflow for the commit, or None where there is none yet."""
        path = self._at(f"actions/workflows/{_quoted(workflow)}/runs")
        answer = self._vendor.ask("GET", path, query={"head_sha": commit, "per_page": _PAGE}, understood=(404,))
        if answer.status == 404:
            raise Misconfigured(f"{self.repository} has no workflow {workflow}")
        runs = answer.read(answers.Runs).workflow_runs
        if not runs:
            return None
        newest = max(runs, key=lambda run: (run.created_at, run.id))
        failed = newest.conclusion not in (None, "success")
        return answers.workflow_run(newest, self._failed_steps(newest.id) if failed else ())

    def list_check_runs(self, commit: str) -> tuple[CheckRun, ...]:
        """The latest run of every check on the commit."""
        path = self._at(f"commits/{_quoted(commit)}/check-runs")
        found: list[answers.Check] = []
        total = 0
        for page in self._pages(path, answers.Checks):
            found += page.check_runs
            total = page.total_count
        _expect_all(len(found), total, f"checks of {commit[:7]}")
        return tuple(CheckRun(one.name, one.status, one.conclusion, one.html_url) for one in found)

    def read_file(self, path: str, ref: str) -> bytes:
        """The content of a file at a commit."""
        answer = self._vendor.ask(
            "GET",
            self._at(f"contents/{_quoted(path)}"),
            query={"ref": ref},
            accept="application/vnd.github.raw+json",
            understood=(404,),
        )
        if answer.status == 404:
            raise Refused(f"{self.repository} has no file {path} at {ref}")
        return answer.content

    def _headers(self) -> dict[str, str]:
        folder = Path(self.secrets_folder) if self.secrets_folder else None
        token = read_secret(self.token, folder).get_secret_value()
        return {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"}

    def _at(self, path: str) -> str:
        return f"/repos/{self.repository}/{path}"

    def _commit(self, ref: str) -> answers.CommitAnswer:
        answer = self._vendor.ask("GET", self._at(f"commits/{_quoted(ref)}"), understood=(404, 422))
        if answer.status >= 300:
            raise Refused(f"{self.repository} has no commit {ref}")
        return answer.read(answers.CommitAnswer)

    def _compared(self, base: str, head: str, *, page: int, size: int = _PAGE) -> answers.Comparison:
        path = self._at(f"compare/{_quoted(base)}...{_quoted(head)}")
        answer = self._vendor.ask("GET", path, query={"per_page": size, "page": page}, understood=(404,))
        if answer.status == 404:
            raise Refused(f"{self.repository} cannot compare {base} with {head}: one of them does not exist")
        return answer.read(answers.Comparison)

    def _compare(self, base: str, head: str) -> tuple[list[answers.CommitAnswer], list[str], int]:
        first = self._compared(base, head, page=1)
        commits, page = list(first.commits), 1
        while len(commits) < min(first.total_commits, self.most_commits):
            page += 1
            more = self._compared(base, head, page=page).commits
            if not more:
                break
            commits += more
        if first.total_commits <= self.most_commits:
            _expect_all(len(commits), first.total_commits, f"commits from {base} to {head}")
        names = {name for file in first.files or () for name in (file.filename, file.previous_filename) if name}
        return commits, sorted(names), first.total_commits

    def _pull_of(self, commit: str) -> answers.Pull | None:
        path = self._at(f"commits/{commit}/pulls")
        pulls = self._vendor.ask("GET", path, query={"per_page": _PAGE}).read(list[answers.Pull])
        return min(pulls, key=lambda pull: (pull.merged_at is None, pull.number), default=None)

    def _failed_steps(self, run: int) -> tuple[str, ...]:
        path = self._at(f"actions/runs/{run}/jobs")
        jobs = [job for page in self._pages(path, answers.Jobs) for job in page.jobs]
        return tuple(f"{job.name}: {name}" for job in jobs for name in job.failed_steps())

    def _pages(self, path: str, shape: type[answers.Counted]) -> Iterator[answers.Counted]:
        answer = self._vendor.ask("GET", path, query={"per_page": _PAGE})
        yield answer.read(shape)
        while answer.next_url:
            answer = self._vendor.ask("GET", answer.next_url)
            yield answer.read(shape)


def limit_of(response: httpx.Response) -> float | None:
    """The seconds that GitHub's primary or secondary limit asks to wait; a plain 403 is no limit."""
    if response.status_code not in (403, 429):
        return None
    if "retry-after" in response.headers:
        return seconds_to_wait(response, default=60)
    if response.headers.get("x-ratelimit-remaining") == "0":
        return 60.0
    if response.status_code == 429 or "rate limit" in response.text.lower():
        return 60.0
    return None


def lacking(response: httpx.Response) -> str | None:
    """The permission that a refused call needs: of a fine-grained token or an app, else of a classic token."""
    if response.status_code != 403:
        return None
    names = ("x-accepted-github-permissions", "x-accepted-oauth-scopes")
    return next((found for name in names if (found := response.headers.get(name))), None)


def _expect_all(received: int, expected: int, what: str) -> None:
    if received != expected:
        raise Unreachable(f"GitHub: {received} of {expected} {what} received")


def _quoted(name: str) -> str:
    return quote(name, safe="")
