"""A stand-in for Jira Cloud: the tickets of one project.

Follows Jira's API description (version 3) for shapes, and its pages "Rate limiting" and "Basic auth".
"""

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.vendors.core import Answer, Call, Operation, RefusalError, Vendor

_CATEGORIES = {"To Do": "new", "In Progress": "indeterminate", "In Review": "indeterminate", "Done": "done"}
_WAYS = {"To Do": ("In Progress",), "In Progress": ("In Review", "Done"), "In Review": ("In Progress", "Done")}
_WRITTEN = re.compile(
    r"\(project = (?P<project>[A-Z]+)\) AND created >= -(?P<since>\d+)m AND created < -(?P<until>\d+)m"
)
_AT = "/rest/api/3/issue/{key}"


@dataclass(slots=True)
class Issue:
    """A ticket as the stand-in keeps it."""

    key: str
    summary: str
    status: str
    links: dict[str, dict[str, Any]] = field(default_factory=dict)


def refuse(status: int, *messages: str, **errors: str) -> RefusalError:
    """Jira says no."""
    return RefusalError(Answer(status, {"errorMessages": list(messages), "errors": errors}))


class Jira(Vendor):
    """One site with one project."""

    def __init__(self, token: str, *, user: str) -> None:
        self.user = user
        self.issues: dict[str, Issue] = {}
        self.written: list[tuple[str, datetime]] = []
        super().__init__(token)

    def open(self, key: str, summary: str, status: str = "In Progress") -> Issue:
        """Let there be a ticket."""
        self.issues[key] = Issue(key, summary, status)
        return self.issues[key]

    def write_to_support(self, project: str, *, ago: timedelta = timedelta(0)) -> None:
        """Let somebody have written to support."""
        self.written.append((project, datetime.now(UTC) - ago))

    def operations(self) -> tuple[Operation, ...]:
        """What a release does with tickets."""
        return (
            Operation("GET", _AT, self._get),
            Operation("GET", f"{_AT}/transitions", self._list_ways),
            Operation("POST", f"{_AT}/transitions", self._move, frozenset({"transition", "fields", "update"})),
            Operation("POST", "/rest/api/3/search/approximate-count", self._count, frozenset({"jql"})),
            Operation("POST", f"{_AT}/remotelink", self._link, frozenset({"globalId", "object", "relationship"})),
        )

    def check_caller(self, call: Call) -> None:
        """Refuse an unknown token, and one without the permission."""
        pair = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {pair}":
            raise RefusalError(Answer(401, headers={"WWW-Authenticate": 'Basic realm="Jira"'}))
        if not self.allowed:
            raise refuse(403, "You do not have permission to do this.")

    def unknown(self, call: Call) -> Answer:
        """An unknown path."""
        del call
        return Answer(404)

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """Jira answers 400 to what it cannot read."""
        del call
        return refuse(400, "Invalid request payload. Refer to the REST API documentation.", *names).answer

    def limited(self, seconds: float) -> Answer:
        """The limit by cost, with all of its headers."""
        reset = datetime.now(UTC) + timedelta(seconds=seconds)
        headers = {"Retry-After": f"{seconds:.0f}", "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%MZ")}
        return Answer(429, None, {**headers, "RateLimit-Reason": "jira-cost-based"})

    def _issue(self, call: Call) -> Issue:
        if issue := self.issues.get(call.parameters["key"]):
            return issue
        raise refuse(404, "Issue does not exist or you do not have permission to see it.")

    def _get(self, call: Call) -> Answer:
        issue = self._issue(call)
        wanted = call.query.get("fields", "summary,status").split(",")
        fields = {"summary": issue.summary, "status": _status(call, issue.status)}
        shown = {name: value for name, value in fields.items() if name in wanted}
        number = str(10_000 + list(self.issues).index(issue.key))
        return Answer(body={"id": number, "key": issue.key, "self": f"{call.base_url}{call.path}", "fields": shown})

    def _list_ways(self, call: Call) -> Answer:
        ways = [
            {"id": _number(name), "name": name, "to": _status(call, name)}
            for name in _WAYS.get(self._issue(call).status, ())
        ]
        return Answer(body={"expand": "transitions", "transitions": ways})

    def _move(self, call: Call) -> Answer:
        issue, asked = self._issue(call), call.body.get("transition")
        number = str(asked.get("id", "")) if isinstance(asked, dict) else ""
        for name in _WAYS.get(issue.status, ()):
            if _number(name) == number:
                issue.status = name
                return Answer(204)
        raise refuse(400, "It seems that you have tried to perform a workflow operation that is not valid.")

    def _count(self, call: Call) -> Answer:
        """The one question about support that is asked; other JQL is refused as Jira refuses what it cannot read."""
        asked = _WRITTEN.fullmatch(str(call.body.get("jql", "")))
        if asked is None:
            raise refuse(400, "Error in the JQL Query.")
        now = datetime.now(UTC)
        oldest, youngest = (now - timedelta(minutes=int(asked[name])) for name in ("since", "until"))
        count = sum(project == asked["project"] and oldest <= at < youngest for project, at in self.written)
        return Answer(body={"count": count})

    def _link(self, call: Call) -> Answer:
        issue, shown = self._issue(call), call.body.get("object")
        if not isinstance(shown, dict) or not shown.get("url") or not shown.get("title"):
            raise refuse(400, title="'title' and 'url' are required.")
        name = str(call.body.get("globalId") or f"link-{len(issue.links)}")
        known = name in issue.links
        issue.links[name] = shown
        body = {"id": 10_000 + list(issue.links).index(name), "self": f"{call.base_url}{call.path}"}
        return Answer(200 if known else 201, body)


def _number(status: str) -> str:
    return str(11 + 10 * list(_CATEGORIES).index(status))


def _status(call: Call, name: str) -> dict[str, Any]:
    kind = _CATEGORIES[name]
    category = {"id": list(_CATEGORIES.values()).index(kind) + 2, "key": kind, "name": name, "colorName": "green"}
    address = f"{call.base_url}/rest/api/3/status/{_number(name)}"
    return {"id": _number(name), "name": name, "self": address, "statusCategory": category}
