"""A stand-in for Confluence Cloud: the pages of one space.

Follows Confluence's API description (version 2) for shapes and limits. Its words for a title that is taken are likely,
not certain.
"""

import base64
from datetime import UTC, datetime
from typing import Any

from lab.vendors.core import Answer, Call, Operation, RefusalError, Vendor

_FIELDS = frozenset({"spaceId", "status", "title", "parentId", "body"})
_PAGE, _LARGEST_PAGE = 25, 250


def refuse(status: int, code: str, title: str) -> RefusalError:
    """Confluence says no."""
    return RefusalError(Answer(status, {"errors": [{"status": status, "code": code, "title": title, "detail": None}]}))


class Confluence(Vendor):
    """One site with one space."""

    def __init__(self, token: str, *, user: str, space: str) -> None:
        self.user, self.space = user, space
        self.pages: list[dict[str, Any]] = []
        super().__init__(token)

    def operations(self) -> tuple[Operation, ...]:
        """What a log needs."""
        at = "/wiki/api/v2/pages"
        return (Operation("GET", at, self._list), Operation("POST", at, self._create, _FIELDS))

    def check_caller(self, call: Call) -> None:
        """Refuse an unknown token, and one without the scope."""
        pair = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {pair}":
            raise refuse(401, "UNAUTHORIZED", "Unauthorized")
        if not self.allowed:
            raise refuse(403, "FORBIDDEN", "Current user is not permitted to perform this operation")

    def unknown(self, call: Call) -> Answer:
        """An unknown path."""
        del call
        return refuse(404, "NOT_FOUND", "Not Found").answer

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """Confluence checks bodies."""
        del call
        return refuse(400, "INVALID_REQUEST_PARAMETER", f"unknown: {', '.join(names)}").answer

    def limited(self, seconds: float) -> Answer:
        """Too many calls."""
        return Answer(429, None, {"Retry-After": f"{seconds:.0f}"})

    def _list(self, call: Call) -> Answer:
        title, space = call.query.get("title"), call.query.get("space-id", self.space)
        found = [page for page in self.pages if page["spaceId"] == space and title in (None, page["title"])]
        size, start = min(call.number("limit", _PAGE), _LARGEST_PAGE), call.number("cursor", 0)
        links = {"base": f"{call.base_url}/wiki"}
        headers = {}
        if start + size < len(found):
            links["next"] = f"/wiki/api/v2/pages?limit={size}&cursor={start + size}"
            headers["Link"] = f'<{links["next"]}>; rel="next"'
        return Answer(body={"results": found[start : start + size], "_links": links}, headers=headers)

    def _create(self, call: Call) -> Answer:
        if call.body.get("spaceId") != self.space:
            raise refuse(404, "NOT_FOUND", "Space not found")
        if call.body.get("parentId") not in (None, *(page["id"] for page in self.pages)):
            raise refuse(404, "NOT_FOUND", "Parent page not found")
        title = str(call.body.get("title") or "")
        if not 0 < len(title) <= 255:
            raise refuse(400, "INVALID_REQUEST_PARAMETER", "Title must have 1 to 255 characters")
        if any(page["title"] == title for page in self.pages):
            raise refuse(400, "INVALID_REQUEST_PARAMETER", "A page with this title already exists in this space")
        number, now = str(100 + len(self.pages)), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        text = (call.body.get("body") or {}).get("value", "")
        self.pages.append(
            {
                "id": number,
                "status": "current",
                "title": title,
                "spaceId": self.space,
                "authorId": "712020:ci",
                "createdAt": now,
                "version": {"createdAt": now, "message": "", "number": 1, "minorEdit": False, "authorId": "712020:ci"},
                "body": {"storage": {"representation": "storage", "value": text}},
                "_links": {"webui": f"/spaces/OPS/pages/{number}", "editui": "", "tinyui": ""},
            }
        )
        return Answer(body=self.pages[-1])
