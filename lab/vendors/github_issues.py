"""GitHub's operations on issues (REST API: Issues); every pull request is one of them."""

from typing import Any

from lab.history import BOT
from lab.vendors import github_links as links
from lab.vendors import github_shapes as shapes
from lab.vendors.core import Answer, Call, Operation
from lab.vendors.github_pages import cut_page
from lab.vendors.github_shapes import PullRequest, refusal
from lab.vendors.github_state import GitHubState, Issue

_AT = "/repos/{owner}/{repo}/issues"
_FIELDS = frozenset({"title", "body", "labels", "assignees", "milestone"})
_LONGEST_BODY = 65_536
_KINDS = ("events", "comments", "labels")


class IssueOperations:
    """The rows of the table about issues."""

    def __init__(self, state: GitHubState) -> None:
        self.state = state

    def operations(self) -> tuple[Operation, ...]:
        """Listing, opening, and reading one."""
        return (
            Operation("GET", _AT, self._list),
            Operation("POST", _AT, self._open, _FIELDS),
            Operation("GET", f"{_AT}/{{number:int}}", self._get),
        )

    def _list(self, call: Call) -> Answer:
        wanted, since = call.query.get("state", "open"), call.query.get("since", "")
        if wanted not in ("open", "closed", "all"):
            raise shapes.invalid({"resource": "Issue", "field": "state", "code": "invalid"})
        labels = {name for name in call.query.get("labels", "").split(",") if name}
        found = [
            one
            for one in self._everything()
            if wanted in ("all", one["state"])
            and one["updated_at"] >= since
            and labels <= {label["name"] for label in one["labels"]}
        ]
        page, headers = cut_page(call, found)
        return Answer(body=page, headers=headers)

    def _everything(self) -> list[dict[str, Any]]:
        """The newest first, as GitHub lists them unless it is asked otherwise."""
        found = [self._issue(one) for one in self.state.issues]
        found += [self._of_pull(one) for one in self.state.pulls.values()]
        return sorted(found, key=lambda one: -int(one["number"]))

    def _open(self, call: Call) -> Answer:
        if not call.body.get("title"):
            raise shapes.invalid({"resource": "Issue", "field": "title", "code": "missing_field"})
        body = str(call.body.get("body") or "")
        if len(body) > _LONGEST_BODY:
            message = f"body is too long (maximum is {_LONGEST_BODY} characters)"
            raise shapes.invalid({"resource": "Issue", "code": "custom", "field": "body", "message": message})
        labels = tuple(str(one) for one in call.body.get("labels") or ())
        made = Issue(self.state.next_number(), str(call.body["title"]), body, labels)
        self.state.issues.append(made)
        return Answer(201, self._issue(made))

    def _get(self, call: Call) -> Answer:
        number = int(call.parameters["number"])
        for one in self._everything():
            if one["number"] == number:
                return Answer(body=one)
        raise refusal(404, "Not Found")

    def _issue(self, one: Issue) -> dict[str, Any]:
        return self._shape(one.number, "issues") | {
            "title": one.title,
            "body": one.body,
            "labels": [links.label(name) for name in one.labels],
            "state": one.state,
            "user": links.account(BOT.login),
            "created_at": one.at,
            "updated_at": one.at,
        }

    def _of_pull(self, pull: PullRequest) -> dict[str, Any]:
        about = links.pull_links(self.state.repository, pull.number)
        return self._shape(pull.number, "pull") | {
            "title": pull.title,
            "body": pull.body or None,
            "labels": [links.label(name) for name in pull.labels],
            "state": pull.state,
            "user": links.account(pull.author.login),
            "created_at": pull.created_at,
            "updated_at": pull.merged_at or pull.created_at,
            "closed_at": pull.merged_at,
            "pull_request": {name: about[name] for name in ("url", "html_url", "diff_url", "patch_url")},
        }

    def _shape(self, number: int, page: str) -> dict[str, Any]:
        url = f"{links.API}/repos/{self.state.repository}/issues/{number}"
        return {f"{name}_url": f"{url}/{name}" for name in _KINDS} | {
            "id": 50_000 + number,
            "node_id": f"I_{number}",
            "number": number,
            "url": url,
            "html_url": f"{links.SITE}/{self.state.repository}/{page}/{number}",
            "repository_url": f"{links.API}/repos/{self.state.repository}",
            "locked": False,
            "comments": 0,
            "author_association": "MEMBER",
            **dict.fromkeys(("assignee", "milestone", "closed_at")),
        }
