"""A stand-in for Linear: the tickets of one team, asked by the operations that a release sends.

Follows Linear's GraphQL schema for names, and its pages "Rate limiting" and "Getting started". Only the operations
Ticket, States, Close and Attach are known; the contract tests hold them against the schema, this does not parse them.
"""

import re
import time
from dataclasses import dataclass, field
from typing import Any

from lab.vendors.core import Answer, Call, Operation, RefusalError, Vendor

STATES = {"Todo": "unstarted", "In Progress": "started", "Done": "completed", "Canceled": "canceled"}
_NAME = re.compile(r"\s*(?:query|mutation) (\w+)")
_LIMIT = 1500


@dataclass(slots=True)
class Issue:
    """A ticket as the stand-in keeps it."""

    key: str
    title: str
    state: str
    links: dict[str, dict[str, Any]] = field(default_factory=dict)


def refuse(code: str, message: str, *, status: int = 400) -> RefusalError:
    """Linear says no in its own words."""
    error = {"message": message, "extensions": {"code": code, "userPresentableMessage": message}}
    return RefusalError(Answer(status, {"errors": [error]}))


class Linear(Vendor):
    """One workspace with one team; a limit comes with `limited_status`, 200 or 400: Linear has shown both."""

    def __init__(self, token: str) -> None:
        self.issues: dict[str, Issue] = {}
        self.limited_status = 400
        super().__init__(token)

    def open(self, key: str, title: str, state: str = "In Progress") -> Issue:
        """Let there be a ticket."""
        self.issues[key] = Issue(key, title, state)
        return self.issues[key]

    def operations(self) -> tuple[Operation, ...]:
        """The one address of a GraphQL service."""
        return (Operation("POST", "/graphql", self._carry_out_named, frozenset({"query", "variables"})),)

    def check_caller(self, call: Call) -> None:
        """Refuse an unknown key, and what is no question."""
        if call.headers.get("authorization") != self.token:
            raise refuse("AUTHENTICATION_ERROR", "Authentication required, not authenticated", status=401)
        if not isinstance(call.body.get("query"), str):
            raise refuse("BAD_USER_INPUT", "GraphQL operations must contain a non-empty `query`")

    def unknown(self, call: Call) -> Answer:
        """An unknown path."""
        del call
        return Answer(404)

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """Linear itself may be silent here; the stand-in is not, so that a slip of the pen is found."""
        del call
        return refuse("BAD_USER_INPUT", f"unknown: {', '.join(names)}").answer

    def limited(self, seconds: float) -> Answer:
        """More than 1,500 requests an hour; the moment is in milliseconds."""
        answer = refuse("RATELIMITED", "Rate limit exceeded", status=self.limited_status).answer
        reset = str(round((time.time() + seconds) * 1000))
        headers = {"X-RateLimit-Requests-Limit": str(_LIMIT), "X-RateLimit-Requests-Remaining": "0"}
        return Answer(answer.status, answer.body, {**headers, "X-RateLimit-Requests-Reset": reset})

    def _carry_out_named(self, call: Call) -> Answer:
        table = {"Ticket": self._ticket, "States": self._states, "Close": self._close, "Attach": self._attach}
        found = _NAME.match(call.body["query"])
        if not found or found[1] not in table:
            raise refuse("GRAPHQL_VALIDATION_FAILED", f"the stand-in knows only {', '.join(table)}")
        if found[1] in ("Close", "Attach") and not self.allowed:
            raise refuse("FORBIDDEN", "Invalid scope: `write` required", status=403)
        return Answer(body={"data": table[found[1]](call.body.get("variables") or {})})

    def _issue(self, number: Any) -> Issue:
        for issue in self.issues.values():
            if number in (issue.key, f"id-{issue.key}"):
                return issue
        raise refuse("INPUT_ERROR", "Entity not found: Issue")

    def _shape(self, issue: Issue) -> dict[str, Any]:
        page = f"https://linear.app/holilabs/issue/{issue.key}"
        state = {"name": issue.state, "type": STATES[issue.state]}
        return {
            "id": f"id-{issue.key}",
            "identifier": issue.key,
            "title": issue.title,
            "url": page,
            "state": state,
        }

    def _ticket(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"issue": self._shape(self._issue(given.get("id")))}

    def _states(self, given: dict[str, Any]) -> dict[str, Any]:
        self._issue(given.get("id"))
        nodes = [{"id": f"state-{name}", "name": name, "type": kind} for name, kind in STATES.items()]
        return {"issue": {"team": {"states": {"nodes": nodes}}}}

    def _close(self, given: dict[str, Any]) -> dict[str, Any]:
        issue, state = self._issue(given.get("id")), str(given.get("state", "")).removeprefix("state-")
        if state not in STATES:
            raise refuse("INPUT_ERROR", "Entity not found: WorkflowState")
        issue.state = state
        return {"issueUpdate": {"success": True, "issue": self._shape(issue)}}

    def _attach(self, given: dict[str, Any]) -> dict[str, Any]:
        wanted = given.get("input") or {}
        issue = self._issue(wanted.get("issueId"))
        if not wanted.get("url") or not wanted.get("title"):
            raise refuse("BAD_USER_INPUT", "Field of type String! must not be null")
        issue.links[wanted["url"]] = {"title": wanted["title"], "subtitle": wanted.get("subtitle")}
        return {"attachmentCreate": {"success": True, "attachment": {"id": f"attachment-{len(issue.links)}"}}}
