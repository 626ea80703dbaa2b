"""A stand-in for Snyk's REST API: the issues of one organization.

Follows Snyk's REST API description for shapes and paging, and its page "REST API" for the version and the limit.
"""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from lab.vendors.core import Answer, Call, Operation, RefusalError, Vendor

_VERSION = re.compile(r"\d{4}-\d\d-\d\d(~(beta|experimental))?")
_KIND = {"Content-Type": "application/vnd.api+json"}
_ABOUT = {"version": "1.0"}


def refuse(status: int, title: str, detail: str) -> RefusalError:
    """Snyk says no."""
    error = {"id": str(UUID(int=status)), "status": str(status), "title": title, "detail": detail}
    return RefusalError(Answer(status, {"jsonapi": _ABOUT, "errors": [error]}, _KIND))


class Snyk(Vendor):
    """One organization."""

    def __init__(self, token: str, *, organization: str) -> None:
        self.organization = organization
        self.issues: list[dict[str, Any]] = []
        super().__init__(token)

    def find(
        self, title: str, severity: str = "high", *, project: int = 1, status: str = "open", ignored: bool = False
    ) -> None:
        """Let a weakness be found."""
        number, now = len(self.issues) + 1, datetime.now(UTC).isoformat()
        attributes = {"key": f"SNYK-JS-{number}", "title": title, "effective_severity_level": severity}
        attributes |= {"type": "package_vulnerability", "status": status, "created_at": now, "updated_at": now}
        organization = {"data": {"id": self.organization, "type": "organization"}}
        scanned = {"data": {"id": str(UUID(int=project)), "type": "project"}}
        self.issues.append(
            {
                "id": str(UUID(int=number)),
                "type": "issue",
                "attributes": {**attributes, "ignored": ignored},
                "relationships": {"organization": organization, "scan_item": scanned},
            }
        )

    def operations(self) -> tuple[Operation, ...]:
        """What a release asks."""
        return (Operation("GET", "/rest/orgs/{organization}/issues", self._list),)

    def check_caller(self, call: Call) -> None:
        """Refuse an unknown token, one without the permission, a strange organization, and a call without version."""
        if call.headers.get("authorization") != f"token {self.token}":
            raise refuse(401, "Unauthorized", "Invalid auth token provided")
        if not _VERSION.fullmatch(call.query.get("version", "")):
            raise refuse(400, "Bad Request", "Missing or invalid version parameter")
        if not self.allowed:
            raise refuse(403, "Forbidden", "You do not have access to this resource")
        if call.parameters["organization"] != self.organization:
            raise refuse(404, "Not Found", "Org not found")

    def unknown(self, call: Call) -> Answer:
        """An unknown path."""
        return refuse(404, "Not Found", f"{call.path} not found").answer

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """No operation here takes a body."""
        del call
        return refuse(400, "Bad Request", f"unknown: {', '.join(names)}").answer

    def limited(self, seconds: float) -> Answer:
        """More than 1,620 calls a minute."""
        answer = refuse(429, "Too Many Requests", "Rate limit exceeded").answer
        return Answer(429, answer.body, {**_KIND, "Retry-After": f"{seconds:.0f}"})

    def _list(self, call: Call) -> Answer:
        size = call.number("limit", 10)
        if size % 10 or not 10 <= size <= 100:
            raise refuse(400, "Bad Request", "limit must be a multiple of 10 from 10 to 100")
        severities = call.query.get("effective_severity_level", "info,low,medium,high,critical").split(",")
        statuses, item = call.query.get("status", "open,resolved").split(","), call.query.get("scan_item.id")
        rows = [
            issue
            for issue in self.issues
            if issue["attributes"]["effective_severity_level"] in severities
            and issue["attributes"]["status"] in statuses
            and item in (None, issue["relationships"]["scan_item"]["data"]["id"])
        ]
        start = call.number("starting_after", 0)
        links = {}
        if start + size < len(rows):
            links["next"] = f"/orgs/{self.organization}/issues?" + urlencode(
                {**call.query, "starting_after": start + size}
            )
        return Answer(body={"jsonapi": _ABOUT, "data": rows[start : start + size], "links": links}, headers=_KIND)
