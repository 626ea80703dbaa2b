"""GitHub: what is proposed to people: a commit on a branch of its own, its pull request, an issue.

Follows GitHub's REST API description (version 2022-11-28), "Git database", "Pulls" and "Issues". GitHub takes no
idempotency key: whoever proposes looks first, for a branch by its name and for an issue by a mark in its text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel

from blocks import github_answers as answers
from blocks.errors import Refused
from blocks.github_answers import PullRequest
from blocks.github_repository import Repository, quoted
from policy.wording import short

LONGEST_BODY = 65_536


class _Issue(BaseModel):
    html_url: str
    body: str | None = None
    state: str = "open"


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue that was found by its mark."""

    url: str
    closed: bool


class _Fault(BaseModel):
    """One thing that is wrong with a request."""

    field: str = ""
    code: str = ""
    message: str = ""


class _Invalid(BaseModel):
    """A request that GitHub does not take as it is, and why."""

    message: str
    errors: list[_Fault] = []

    @property
    def sentence(self) -> str:
        """What GitHub says of it."""
        return "; ".join(one.message or f"{one.field}: {one.code}" for one in self.errors) or self.message


class Proposals(Repository):
    """What people may take up or leave: nothing here changes a branch that somebody else made."""

    def find_branch(self, name: str) -> str | None:
        """The newest commit of a branch, or None where there is no such branch."""
        answer = self._vendor.ask("GET", self._at(f"git/ref/heads/{quoted(name)}"), understood=(404,))
        return None if answer.status == 404 else answer.read(answers.Ref).object.sha

    def create_commit(self, tree: str, parents: Sequence[str], message: str) -> str:
        """A commit of exactly these files after `parents`, which no branch holds yet."""
        body = {"message": message, "tree": tree, "parents": list(parents)}
        return self._vendor.ask("POST", self._at("git/commits"), body=body).read(answers.RefObject).sha

    def create_branch(self, name: str, commit: str) -> None:
        """A branch begins at the commit; one that stands there already counts as done, another is left alone."""
        body = {"ref": f"refs/heads/{name}", "sha": commit}
        answer = self._vendor.ask("POST", self._at("git/refs"), body=body, understood=(422,))
        if answer.status == 422 and self.find_branch(name) != commit:
            reason = answer.read(answers.Message).message
            raise Refused(f"{self.repository}: the branch {name} cannot begin at {short(commit)}: {reason}")

    def find_pull_request(self, branch: str, base: str) -> PullRequest | None:
        """The newest pull request from a branch of this repository, open or not; None where there was none."""
        owner = self.repository.partition("/")[0]
        query: dict[str, str | int] = {"head": f"{owner}:{branch}", "base": base, "state": "all", "per_page": 1}
        found = self._vendor.ask("GET", self._at("pulls"), query=query).read(list[answers.Pull])
        return answers.pull_request(found[0], self.repository) if found else None

    def open_pull_request(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """An open pull request from the branch; one that is there counts as done."""
        words = {"title": title, "head": branch, "base": base, "body": body[:LONGEST_BODY]}
        answer = self._vendor.ask("POST", self._at("pulls"), body=words, understood=(422,))
        if answer.status < 300:
            return answers.pull_request(answer.read(answers.Pull), self.repository)
        found = self.find_pull_request(branch, base)
        if found is None or found.state != "open":
            reason = answer.read(_Invalid).sentence
            raise Refused(f"{self.repository}: no pull request from {branch} into {base}: {reason}")
        return found

    def find_issue(self, mark: str, since: datetime) -> str | None:
        """The address of the issue that was changed since then and holds the mark; None where there is none."""
        found = self.find_marked_issue(mark, since)
        return found.url if found else None

    def find_marked_issue(self, mark: str, since: datetime) -> Issue | None:
        """The issue that was changed since then and holds the mark; None where there is none."""
        query = {"state": "all", "since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        for page in self._pages(self._at("issues"), list[_Issue], **query):
            for issue in page:
                if mark in (issue.body or ""):
                    return Issue(issue.html_url, closed=issue.state == "closed")
        return None

    def open_issue(self, title: str, body: str, labels: Sequence[str]) -> str:
        """A new issue; the answer is its address."""
        words = {"title": title, "body": body, "labels": list(labels)}
        return self._vendor.ask("POST", self._at("issues"), body=words).read(_Issue).html_url
