"""GitHub's operations on pull requests and what belongs to one commit (REST API: Pulls, Commits, Checks)."""

from typing import Any

from lab.history import BOT, ConflictError
from lab.vendors import github_shapes as shapes
from lab.vendors.core import Answer, Call, Operation, RefusalError
from lab.vendors.github_links import label
from lab.vendors.github_pages import cut_page
from lab.vendors.github_shapes import Check, PullRequest, refusal
from lab.vendors.github_state import GitHubState

_AT = "/repos/{owner}/{repo}"
_MERGE_FIELDS = frozenset({"sha", "merge_method", "commit_title", "commit_message"})


class PullOperations:
    """The rows of the table about pull requests and commits."""

    def __init__(self, state: GitHubState) -> None:
        self.state, self.history = state, state.history

    def operations(self) -> tuple[Operation, ...]:
        """Paths that end in a name with slashes stand after longer ones."""
        return (
            Operation("GET", f"{_AT}/commits/{{ref:path}}/check-runs", self._list_checks),
            Operation("GET", f"{_AT}/commits/{{ref:path}}/pulls", self._list_pulls_of),
            Operation("GET", f"{_AT}/commits/{{ref:path}}", self._get_commit),
            Operation("GET", f"{_AT}/pulls", self._list_pulls),
            Operation("POST", f"{_AT}/pulls", self._open, frozenset({"title", "head", "base", "body", "draft"})),
            Operation("GET", f"{_AT}/pulls/{{number:int}}", self._get_pull),
            Operation("PUT", f"{_AT}/pulls/{{number:int}}/merge", self._merge, _MERGE_FIELDS),
            Operation("GET", f"{_AT}/labels", self._list_labels),
        )

    def _known(self, ref: str) -> str:
        if sha := self.history.find(ref):
            return sha
        raise refusal(422, f"No commit found for SHA: {ref}")

    def _get_commit(self, call: Call) -> Answer:
        sha = self._known(call.parameters["ref"])
        [body] = shapes.commits(self.history, [sha], f"/repos/{self.state.repository}")
        first_parent = body["parents"][0]["sha"] if body["parents"] else None
        changed = shapes.files(self.history, first_parent, sha) if first_parent else []
        return Answer(body=body | {"files": changed})

    def _list_checks(self, call: Call) -> Answer:
        sha = self._known(call.parameters["ref"])
        latest, hidden = self._latest_checks(sha), self.state.hidden_checks
        found = [shapes.check(one, self.state.repository) for one in latest if one.name not in hidden]
        page, headers = cut_page(call, found)
        return Answer(body={"total_count": len(latest), "check_runs": page}, headers=headers)

    def _latest_checks(self, sha: str) -> list[Check]:
        """By default GitHub gives the latest run of each name of a suite only."""
        of_commit = [check for check in self.state.checks if check.commit == sha]
        return list({(check.suite, check.name): check for check in of_commit}.values())

    def _list_pulls_of(self, call: Call) -> Answer:
        sha = self._known(call.parameters["ref"])
        found = [self._shape(pull) for pull in self.state.pulls.values() if sha in self.state.commits_of(pull)]
        page, headers = cut_page(call, found)
        return Answer(body=page, headers=headers)

    def _base(self, pull: PullRequest) -> str:
        self.state.head_of(pull)
        return self.history.find(f"refs/heads/{pull.base}") or ""

    def _shape(self, pull: PullRequest) -> dict[str, Any]:
        return shapes.pull_request(pull, self.state.repository, self._base(pull))

    def _list_pulls(self, call: Call) -> Answer:
        wanted = call.query.get("state", "open")
        if wanted not in ("open", "closed", "all"):
            raise shapes.invalid({"resource": "PullRequest", "field": "state", "code": "invalid"})
        base, head = call.query.get("base"), call.query.get("head", "").rpartition(":")[2]
        newest_first = sorted(self.state.pulls.values(), key=lambda pull: -pull.number)
        found = [
            self._shape(pull)
            for pull in newest_first
            if wanted in ("all", pull.state) and base in (None, pull.base) and head in ("", pull.head)
        ]
        page, headers = cut_page(call, found)
        return Answer(body=page, headers=headers)

    def _open(self, call: Call) -> Answer:
        for name in ("title", "head", "base"):
            if not call.body.get(name):
                raise shapes.invalid({"resource": "PullRequest", "field": name, "code": "missing_field"})
        head, base = str(call.body["head"]).rpartition(":")[2], str(call.body["base"])
        for name, branch in (("base", base), ("head", head)):
            if not self.history.find(f"refs/heads/{branch}"):
                raise shapes.invalid({"resource": "PullRequest", "field": name, "code": "invalid"})
        owner = self.state.repository.partition("/")[0]
        if any(one.state == "open" and (one.head, one.base) == (head, base) for one in self.state.pulls.values()):
            raise _custom(f"A pull request already exists for {owner}:{head}.")
        if self.history.is_ancestor(f"refs/heads/{head}", f"refs/heads/{base}"):
            raise _custom(f"No commits between {base} and {head}")
        title, body = str(call.body["title"]), str(call.body.get("body") or "")
        number = self.state.open_pull_request(head, title, body=body, author=BOT, base=base)
        self.state.pulls[number].draft = bool(call.body.get("draft"))
        return Answer(201, self._whole(self.state.pulls[number]))

    def _pull(self, call: Call) -> PullRequest:
        if pull := self.state.pulls.get(int(call.parameters["number"])):
            return pull
        raise refusal(404, "Not Found")

    def _get_pull(self, call: Call) -> Answer:
        return Answer(body=self._whole(self._pull(call)))

    def _whole(self, pull: PullRequest) -> dict[str, Any]:
        return shapes.whole_pull_request(
            pull,
            self.state.repository,
            self._base(pull),
            mergeable=self.state.can_merge(pull),
            commits=len(self.state.own_commits_of(pull)),
            changed_files=len(self.state.files_of(pull)),
        )

    def _merge(self, call: Call) -> Answer:
        pull, method = self._pull(call), str(call.body.get("merge_method", "merge"))
        if method == "rebase":
            raise refusal(405, "Rebase merges are not allowed on this repository.")
        if method not in ("merge", "squash"):
            raise refusal(422, f"{method} is not a member of [merge, squash, rebase].")
        if pull.state != "open":
            raise refusal(405, "Pull Request is not mergeable")
        if pull.draft:
            raise refusal(405, "Pull Request is still a draft")
        if call.body.get("sha") not in (None, self.state.head_of(pull)):
            raise refusal(409, "Head branch was modified. Review and try the merge again.")
        title = str(call.body.get("commit_title") or self._usual_title(pull, method))
        detail = str(call.body.get("commit_message") or pull.title)
        base = self.history.resolve(f"refs/heads/{pull.base}")
        try:
            sha = self.history.merge(
                base, pull.head_commit, f"{title}\n\n{detail}\n", pull.author, squash=method == "squash"
            )
        except ConflictError:
            raise refusal(405, "Pull Request is not mergeable") from None
        self.state.close_merged(pull, sha)
        return Answer(body={"sha": sha, "merged": True, "message": "Pull Request successfully merged"})

    def _usual_title(self, pull: PullRequest, method: str) -> str:
        if method == "squash":
            return f"{pull.title} (#{pull.number})"
        return f"Merge pull request #{pull.number} from {pull.author.login}/{pull.head}"

    def _list_labels(self, call: Call) -> Answer:
        names = sorted({label for pull in self.state.pulls.values() for label in pull.labels})
        page, headers = cut_page(call, [label(name) for name in names])
        return Answer(body=page, headers=headers)


def _custom(message: str) -> RefusalError:
    return shapes.invalid({"resource": "PullRequest", "code": "custom", "message": message})
