"""GitHub's operations on what people say of a pull request: reviews, threads, and what it brings.

Follows GitHub's REST API description for reviews, files and commits, and its GraphQL schema for threads, which REST
does not tell. Only the question ReviewThreads is known; the contract tests hold it against the schema.
"""

import re
from typing import Any

from lab.vendors import github_shapes as shapes
from lab.vendors.core import Answer, Call, Operation, RefusalError
from lab.vendors.github_links import API, account
from lab.vendors.github_pages import cut_page
from lab.vendors.github_shapes import PullRequest, refusal
from lab.vendors.github_state import GitHubState, Review, Thread

_AT = "/repos/{owner}/{repo}/pulls/{number:int}"
_NAME = re.compile(r"\s*query (\w+)")
_MOST_FILES, _MOST_COMMITS = 3000, 250


def graph_refusal(kind: str, message: str) -> RefusalError:
    """GraphQL says no under a status of 200."""
    return RefusalError(Answer(200, {"data": None, "errors": [{"type": kind, "message": message}]}))


class ReviewOperations:
    """The rows of the table about reviews."""

    def __init__(self, state: GitHubState) -> None:
        self.state = state

    def operations(self) -> tuple[Operation, ...]:
        """Files, commits, reviews, and the one address of GraphQL."""
        return (
            Operation("GET", f"{_AT}/files", self._list_files),
            Operation("GET", f"{_AT}/commits", self._list_commits),
            Operation("GET", f"{_AT}/reviews", self._list_reviews),
            Operation("POST", "/graphql", self._ask_named, frozenset({"query", "variables"})),
        )

    def _pull(self, number: int) -> PullRequest:
        if pull := self.state.pulls.get(number):
            self.state.head_of(pull)
            return pull
        raise refusal(404, "Not Found")

    def _list_files(self, call: Call) -> Answer:
        pull = self._pull(int(call.parameters["number"]))
        page, headers = cut_page(call, self.state.files_of(pull)[:_MOST_FILES])
        return Answer(body=page, headers=headers)

    def _list_commits(self, call: Call) -> Answer:
        pull = self._pull(int(call.parameters["number"]))
        page, headers = cut_page(call, self.state.own_commits_of(pull)[:_MOST_COMMITS])
        body = shapes.commits(self.state.history, page, f"/repos/{self.state.repository}")
        return Answer(body=body, headers=headers)

    def _list_reviews(self, call: Call) -> Answer:
        pull = self._pull(int(call.parameters["number"]))
        found = [self._review(pull, one) for one in self.state.reviews if one.pull == pull.number]
        page, headers = cut_page(call, found)
        return Answer(body=page, headers=headers)

    def _review(self, pull: PullRequest, one: Review) -> dict[str, Any]:
        page = f"https://github.com/{self.state.repository}/pull/{pull.number}#pullrequestreview-{one.number}"
        address = f"{API}/repos/{self.state.repository}/pulls/{pull.number}"
        links = {"html": {"href": page}, "pull_request": {"href": address}}
        return {
            "id": one.number,
            "node_id": f"PRR_{one.number}",
            "user": account(one.login) | {"type": "Bot" if one.is_bot else "User"},
            "body": "",
            "state": one.state,
            "html_url": page,
            "pull_request_url": address,
            "_links": links,
            "submitted_at": one.at,
            "commit_id": one.commit,
            "author_association": one.association,
        }

    def _ask_named(self, call: Call) -> Answer:
        found = _NAME.match(str(call.body.get("query", "")))
        if not found or found[1] != "ReviewThreads":
            raise graph_refusal("undefinedOperation", "the stand-in knows the question ReviewThreads only")
        given = call.body.get("variables") or {}
        if f"{given.get('owner')}/{given.get('name')}" != self.state.repository:
            raise graph_refusal("NOT_FOUND", "Could not resolve to a Repository with that name.")
        number = given.get("number")
        if number not in self.state.pulls:
            raise graph_refusal("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
        threads = [one for one in self.state.threads if one.pull == number]
        start = int(given.get("after") or 0)
        page = threads[start : start + 100]
        more = start + len(page) < len(threads)
        found_threads = {
            "totalCount": len(threads),
            "pageInfo": {"hasNextPage": more, "endCursor": str(start + len(page)) if page else None},
            "nodes": [self._thread(one) for one in page],
        }
        return Answer(body={"data": {"repository": {"pullRequest": {"reviewThreads": found_threads}}}})

    def _thread(self, one: Thread) -> dict[str, Any]:
        page = f"https://github.com/{self.state.repository}/pull/{one.pull}#discussion_r{one.number}"
        return {"isResolved": one.resolved, "path": one.path, "comments": {"nodes": [{"url": page}]}}
