"""GitHub: commits, branches, pull requests and workflow runs of one repository.

Follows GitHub's REST API description (version 2022-11-28).
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from pydantic import Field, HttpUrl

from blocks import github_answers as answers
from blocks import github_run_answers as run_answers
from blocks.errors import Absent, Misconfigured, Refused, Unreachable
from blocks.github_answers import PullRequest
from blocks.github_checks import CommitReports
from blocks.github_deployments import Deployments
from blocks.github_proposals import Proposals
from blocks.github_pulls import PullRequests
from blocks.github_repository import PAGE, expect_all, quoted
from blocks.github_run_answers import WorkflowRun
from policy.branch import Compared
from policy.risk import ChangeSet, Commit
from policy.staging import Beside, Held
from policy.wording import short

_MOST_FILES = 300
# A folder's answer names so many entries and no more, without a word about the others.
FOLDER_LIMIT = 1000
_PARALLEL = 6


class GitHub(PullRequests, CommitReports, Deployments, Proposals):
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

    merge_method: Literal["merge", "squash", "rebase"] = Field(
        default="squash", description="How a pull request is merged."
    )
    most_commits: int = Field(
        default=500,
        ge=1,
        description="A change set of more commits is called incomplete, not read to its end.",
    )

    def read_change_set(self, base: str, head: str) -> ChangeSet:
        """Every commit and file from `base` to `head`, with pull requests and their labels."""
        found, files, total = self._compare(base, head)
        with ThreadPoolExecutor(_PARALLEL) as pool:
            pulls = list(pool.map(self._pull_of, [commit.sha for commit in found]))
        commits = tuple(
            answers.commit(one, pull.number if pull else None) for one, pull in zip(found, pulls, strict=True)
        )
        labels = sorted({label.name for pull in pulls if pull for label in pull.labels})
        names, gone = answers.changed_files(files)
        complete = len(found) == total and len(names) < _MOST_FILES
        return ChangeSet(base, head, commits, names, tuple(labels), complete, gone, commits_said=total)

    def list_changed_files(self, base: str, head: str) -> tuple[str, ...]:
        """The paths that differ from `base` to `head`; raise Unreachable where GitHub may have left some out."""
        names, _ = answers.changed_files(self._compared(base, head, page=1, size=1).files or ())
        if len(names) >= _MOST_FILES:
            raise Unreachable(f"GitHub: {_MOST_FILES} files or more differ from {base} to {head}; it names no more")
        return names

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
        answer = self._vendor.ask("GET", self._at(f"git/ref/heads/{quoted(branch)}"), understood=(404,))
        if answer.status == 404:
            raise Refused(f"{self.repository} has no branch {branch}")
        return answer.read(answers.Ref).object.sha

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether `of` contains `commit`."""
        return self._compared(commit, of, page=1, size=1).status in ("ahead", "identical")

    def read_compared(self, base: str, head: str) -> Compared:
        """How the two lie to each other, and by how many commits."""
        found = self._compared(base, head, page=1, size=1)
        return Compared(base, head, found.status, found.ahead_by, found.behind_by, found.html_url)

    def read_beside(self, commit: str, branch: str) -> Beside:
        """What a branch holds beside a commit; its newest commits are 100 at least where it has so many."""
        head = self.read_ref(branch)
        first = self._compared(commit, head, page=1, size=1)
        last = max(1, -(-first.total_commits // PAGE))
        newest = [
            one for page in range(max(1, last - 1), last + 1) for one in self._compared(commit, head, page=page).commits
        ]
        return Beside(
            head=head,
            lacks=first.behind_by,
            differs=bool(first.files),
            parted=_held(first.merge_base_commit),
            newest=tuple(_held(one) for one in newest),
        )

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
            raise Refused(f"pull request {number} was changed: its head is {short(pull.head)}, expected {short(head)}")
        reason = answer.read(answers.Message).message
        raise Refused(f"pull request {number} ({pull.state}) cannot be merged: {reason}")

    def merge_into(self, branch: str, commit: str, message: str) -> str:
        """Merge `commit` into `branch` and return where it then stands; merged before counts as done."""
        body = {"base": branch, "head": commit, "commit_message": message}
        answer = self._vendor.ask("POST", self._at("merges"), body=body, understood=(409,))
        if answer.status == 409:
            raise Refused(f"{short(commit)} does not merge into {branch}: the two conflict; merge them by hand")
        if answer.status == 204:
            return self.read_ref(branch)
        return answer.read(answers.CommitAnswer).sha

    def advance_ref(self, branch: str, commit: str) -> bool:
        """Let `branch` go on to `commit`; false where it holds by now what `commit` does not, and then it stays."""
        path = self._at(f"git/refs/heads/{quoted(branch)}")
        answer = self._vendor.ask("PATCH", path, body={"sha": commit, "force": False}, understood=(409, 422))
        if answer.status < 300:
            return True
        if self.is_ancestor(self.read_ref(branch), commit):
            reason = answer.read(answers.Message).message
            raise Refused(f"{self.repository}: the branch {branch} cannot go on to {short(commit)}: {reason}")
        return False

    def move_ref(self, branch: str, commit: str) -> None:
        """Let `branch` stand for `commit`, also backwards; it is made when it is not there."""
        path = self._at(f"git/refs/heads/{quoted(branch)}")
        answer = self._vendor.ask("PATCH", path, body={"sha": commit, "force": True}, understood=(422,))
        if answer.status == 422:
            self._vendor.ask("POST", self._at("git/refs"), body={"ref": f"refs/heads/{branch}", "sha": commit})

    def read_tag(self, name: str) -> str | None:
        """The commit that a tag stands for, or None where there is no such tag."""
        answer = self._vendor.ask("GET", self._at(f"git/ref/tags/{quoted(name)}"), understood=(404,))
        return None if answer.status == 404 else self._commit(f"tags/{name}").sha

    def create_tag(self, name: str, commit: str, message: str) -> None:
        """An annotated tag stands on the commit; one that stands there already counts as done."""
        body = {"tag": name, "message": message, "object": commit, "type": "commit"}
        tag = self._vendor.ask("POST", self._at("git/tags"), body=body).read(answers.RefObject)
        ref = {"ref": f"refs/tags/{name}", "sha": tag.sha}
        answer = self._vendor.ask("POST", self._at("git/refs"), body=ref, understood=(422,))
        if answer.status == 422 and self.read_tag(name) != commit:
            raise Refused(f"the tag {name} stands on another commit than {short(commit)}")

    def check(self) -> None:
        """Return when GitHub knows the token and the repository; else say what is wrong."""
        self.read_permissions()

    def read_permissions(self) -> frozenset[str]:
        """What the token's account may do there, such as pull and push; a fine-grained token may be allowed less."""
        found = self._vendor.ask("GET", f"/repos/{self.repository}").read(answers.Repository)
        return frozenset(name for name, allowed in found.permissions.items() if allowed)

    def read_workflow_run(self, commit: str, workflow: str) -> WorkflowRun | None:
        """The newest run of the workflow for the commit, or None where there is none yet."""
        path = self._at(f"actions/workflows/{quoted(workflow)}/runs")
        answer = self._vendor.ask("GET", path, query={"head_sha": commit, "per_page": PAGE}, understood=(404,))
        if answer.status == 404:
            raise Misconfigured(f"{self.repository} has no workflow {workflow}")
        runs = answer.read(run_answers.Runs).workflow_runs
        if not runs:
            return None
        newest = max(runs, key=lambda run: (run.created_at, run.id))
        failed = newest.conclusion not in (None, "success")
        return run_answers.workflow_run(newest, self._failed_steps(newest.id) if failed else ())

    def read_file(self, path: str, ref: str) -> bytes:
        """The content of a file at a commit; raise Absent where there is no such file."""
        answer = self._vendor.ask(
            "GET",
            self._at(f"contents/{quoted(path)}"),
            query={"ref": ref},
            accept="application/vnd.github.raw+json",
            understood=(404,),
        )
        if answer.status == 404:
            raise Absent(f"{self.repository} has no file {path} at {ref}")
        return answer.content

    def list_folder(self, path: str, ref: str) -> tuple[answers.FolderEntry, ...]:
        """What lies in a folder at a commit, by name; raise Unreachable where GitHub may have left something out."""
        answer = self._vendor.ask(
            "GET",
            self._at(f"contents/{quoted(path)}"),
            query={"ref": ref},
            accept="application/vnd.github.object+json",
            understood=(404,),
        )
        if answer.status == 404:
            raise Absent(f"{self.repository} has no folder {path} at {ref}")
        found = answer.read(answers.Folder).entries
        if len(found) >= FOLDER_LIMIT:
            raise Unreachable(f"GitHub: {path} holds {FOLDER_LIMIT} entries or more, and names only the first ones")
        return tuple(sorted(found, key=lambda entry: entry.name))

    def _commit(self, ref: str) -> answers.CommitAnswer:
        answer = self._vendor.ask("GET", self._at(f"commits/{quoted(ref)}"), understood=(404, 422))
        if answer.status >= 300:
            raise Refused(f"{self.repository} has no commit {ref}")
        return answer.read(answers.CommitAnswer)

    def _compared(self, base: str, head: str, *, page: int, size: int = PAGE) -> answers.Comparison:
        path = self._at(f"compare/{quoted(base)}...{quoted(head)}")
        answer = self._vendor.ask("GET", path, query={"per_page": size, "page": page}, understood=(404,))
        if answer.status == 404:
            raise Refused(f"{self.repository} cannot compare {base} with {head}: one of them does not exist")
        return answer.read(answers.Comparison)

    def _compare(self, base: str, head: str) -> tuple[list[answers.CommitAnswer], list[answers.File], int]:
        first = self._compared(base, head, page=1)
        commits, page = list(first.commits), 1
        while len(commits) < min(first.total_commits, self.most_commits):
            page += 1
            more = self._compared(base, head, page=page).commits
            if not more:
                break
            commits += more
        if first.total_commits <= self.most_commits:
            expect_all(len(commits), first.total_commits, f"commits from {base} to {head}")
        return commits, list(first.files or ()), first.total_commits

    def _pull_of(self, commit: str) -> answers.Pull | None:
        path = self._at(f"commits/{commit}/pulls")
        pulls = self._vendor.ask("GET", path, query={"per_page": PAGE}).read(list[answers.Pull])
        return min(pulls, key=lambda pull: (pull.merged_at is None, pull.number), default=None)

    def _failed_steps(self, run: int) -> tuple[str, ...]:
        path = self._at(f"actions/runs/{run}/jobs")
        jobs = [job for page in self._pages(path, run_answers.Jobs) for job in page.jobs]
        return tuple(f"{job.name}: {name}" for job in jobs for name in job.failed_steps())


def _held(answer: answers.CommitAnswer) -> Held:
    parents = tuple(one.sha for one in answer.parents)
    return Held(answer.sha, answer.commit.message.partition("\n")[0], parents, answer.commit.tree.sha)
