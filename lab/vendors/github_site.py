"""The pages that people open on GitHub, as the stand-in shows them: small ones, with what the repository holds.

They need no token: in the lab whoever has the address may look.
"""

from collections.abc import Callable, Iterable
from html import escape

from lab.vendors.core import Answer, Call, Operation
from lab.vendors.github_shapes import refusal
from lab.vendors.github_state import GitHubState

_AT = "/{owner}/{repo}"


class SiteOperations:
    """The rows of the table that answer with a page."""

    def __init__(self, state: GitHubState) -> None:
        self.state, self.history = state, state.history

    def operations(self) -> tuple[Operation, ...]:
        """One page for each kind of address in the stand-in's answers."""
        pages: tuple[tuple[str, Callable[[Call], Answer]], ...] = (
            ("commit/{sha}", self._commit),
            ("compare/{basehead:path}", self._compare),
            ("pull/{number:int}", self._pull),
            ("issues/{number:int}", self._issue),
            ("actions/runs/{number:int}", self._run),
            ("actions/runs/{number:int}/job/{job:int}", self._run),
            ("runs/{number:int}", self._check),
            ("blob/{ref}/{path:path}", self._file),
            ("tree/{ref}/{path:path}", self._file),
        )
        return tuple(Operation("GET", f"{_AT}/{path}", page) for path, page in pages)

    def _commit(self, call: Call) -> Answer:
        sha = self._found(call.parameters["sha"])
        return self._page(f"Commit {sha[:7]}", self.history.git("show", "--stat", "--patch", sha))

    def _compare(self, call: Call) -> Answer:
        base, _, head = call.parameters["basehead"].partition("...")
        base, head = self._found(base), self._found(head)
        brought = self.history.git("log", "--format=%h %an: %s", f"{base}..{head}")
        return self._page(
            f"{base[:7]}...{head[:7]}", brought, self.history.git("diff", "--stat", "--patch", base, head)
        )

    def _pull(self, call: Call) -> Answer:
        pull = self.state.pulls.get(int(call.parameters["number"]))
        if pull is None:
            raise refusal(404, "Not Found")
        reviews = (f"{one.login}: {one.state}" for one in self.state.reviews if one.pull == pull.number)
        state = "merged" if pull.merged_at else pull.state
        return self._page(f"{pull.title} #{pull.number}", f"{state}, by {pull.author.name}", pull.body, _lines(reviews))

    def _issue(self, call: Call) -> Answer:
        for one in self.state.issues:
            if one.number == int(call.parameters["number"]):
                return self._page(f"{one.title} #{one.number}", f"{one.state} {', '.join(one.labels)}", one.body)
        raise refusal(404, "Not Found")

    def _run(self, call: Call) -> Answer:
        for one in self.state.runs:
            if one.number == int(call.parameters["number"]):
                checks = (
                    f"{check.name}: {check.conclusion}" for check in self.state.checks if check.suite == one.number
                )
                said = f"{one.workflow} of {one.commit[:7]} on {one.branch}: {one.conclusion or one.status}"
                return self._page(f"Run {one.number}", said, _lines(checks))
        raise refusal(404, "Not Found")

    def _check(self, call: Call) -> Answer:
        for one in self.state.checks:
            if one.number == int(call.parameters["number"]):
                return self._page(f"Check {one.name}", f"{one.conclusion or one.status} for {one.commit[:7]}")
        raise refusal(404, "Not Found")

    def _file(self, call: Call) -> Answer:
        sha, path = self._found(call.parameters["ref"]), call.parameters["path"]
        if not self.history.git("ls-tree", sha, "--", path):
            raise refusal(404, "Not Found")
        return self._page(path, self.history.git("show", f"{sha}:{path}"))

    def _found(self, name: str) -> str:
        if (sha := self.history.find(name)) is None:
            raise refusal(404, "Not Found")
        return sha

    def _page(self, title: str, *parts: str) -> Answer:
        where = f"{self.state.repository}, on the lab's stand-in for GitHub"
        body = "".join(f"<pre>{escape(part)}</pre>\n" for part in parts if part)
        head = f"<!doctype html>\n<meta charset=utf-8>\n<title>{escape(title)}</title>\n"
        page = f"{head}<h1>{escape(title)}</h1>\n<p>{escape(where)}</p>\n{body}"
        return Answer(headers={"Content-Type": "text/html; charset=utf-8"}, raw=page.encode())


def _lines(said: Iterable[str]) -> str:
    return "\n".join(said)
