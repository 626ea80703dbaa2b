"""A stand-in for Sentry: the issues, releases and deploys of one project.

Follows Sentry's API description (API version 0) for shapes and its pages "Pagination" and "Rate limits" for the Link
header and the limits. The fields that Sentry adds when it is asked to expand are left out.
"""

import re
import time
from datetime import datetime
from typing import Any, NamedTuple

from lab.vendors.core import Answer, Call, Operation, RefusalError, Vendor

_AT = "/api/0/organizations/{organization}"
_PAGE = 100
_WORD = re.compile(r"is:unresolved|firstSeen:>=\S+|release:\S+")
_RELEASE_FIELDS = frozenset({"version", "projects", "ref", "url", "dateReleased", "commits", "refs"})
_DEPLOY_FIELDS = frozenset({"environment", "name", "url", "dateStarted", "dateFinished", "projects"})


def refuse(status: int, detail: str) -> RefusalError:
    """Sentry says no."""
    return RefusalError(Answer(status, {"detail": detail}))


class Seen(NamedTuple):
    """Where and when an issue was seen first."""

    environment: str
    release: str
    first: datetime


class Sentry(Vendor):
    """One organization with one project."""

    def __init__(self, token: str, *, organization: str, project: str) -> None:
        self.organization, self.project = organization, project
        self.issues: list[tuple[Seen, dict[str, Any]]] = []
        self.releases: dict[str, dict[str, Any]] = {}
        self.deploys: dict[str, list[dict[str, Any]]] = {}
        super().__init__(token)

    def reset(self) -> None:
        """No issue, no release, no fault."""
        self.issues.clear()
        self.releases.clear()
        self.deploys.clear()
        self.mend()
        self.calls.clear()
        self.allowed = True

    def report(self, title: str, first_seen: datetime, *, environment: str = "production", release: str = "") -> None:
        """Let an issue be seen for the first time."""
        number = len(self.issues) + 1
        empty = ("shareId", "culprit", "logger", "platform", "priorityLockedAt", "seerFixabilityScore")
        switches = {"isPublic": False, "isBookmarked": False, "isSubscribed": False, "hasSeen": False}
        issue = (
            dict.fromkeys((*empty, "subscriptionDetails", "assignedTo"))
            | switches
            | {
                "id": str(number),
                "shortId": f"HOLI-{number}",
                "title": title,
                "permalink": f"https://{self.organization}.sentry.io/issues/{number}/",
                "level": "error",
                "status": "unresolved",
                "statusDetails": {},
                "substatus": "new",
                "priority": "high",
                "project": {"id": "1", "name": self.project, "slug": self.project, "platform": "node"},
                "type": "error",
                "issueType": "error",
                "issueCategory": "error",
                "metadata": {"title": title},
                "numComments": 0,
                "annotations": [],
                "isUnhandled": True,
                "count": "1",
                "userCount": 1,
                "firstSeen": first_seen.isoformat(),
                "lastSeen": first_seen.isoformat(),
            }
        )
        self.issues.append((Seen(environment, release, first_seen), issue))

    def operations(self) -> tuple[Operation, ...]:
        """What a release needs of Sentry."""
        deploys = f"{_AT}/releases/{{version}}/deploys/"
        return (
            Operation("GET", f"{_AT}/issues/", self._list_issues),
            Operation("POST", f"{_AT}/releases/", self._create_release, _RELEASE_FIELDS),
            Operation("GET", deploys, self._list_deploys),
            Operation("POST", deploys, self._create_deploy, _DEPLOY_FIELDS),
        )

    def check_caller(self, call: Call) -> None:
        """Refuse an unknown token, one without the scope, and a strange organization."""
        if call.headers.get("authorization") != f"Bearer {self.token}":
            raise refuse(401, "Invalid token")
        if not self.allowed:
            raise refuse(403, "You do not have permission to perform this action.")
        if call.parameters["organization"] != self.organization:
            raise refuse(404, "The requested resource does not exist")

    def unknown(self, call: Call) -> Answer:
        """An unknown path, also for want of the last slash."""
        del call
        return refuse(404, "The requested resource does not exist").answer

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """Sentry itself may be silent here; the stand-in is not, so that a slip of the pen is found."""
        del call
        return Answer(400, {name: ["Unknown field."] for name in names})

    def limited(self, seconds: float) -> Answer:
        """Too many calls in this window."""
        headers = {"Limit": "40", "Remaining": "0", "Reset": f"{time.time() + seconds:.0f}"}
        detail = "You are attempting to use this endpoint too frequently."
        return Answer(429, {"detail": detail}, {f"X-Sentry-Rate-Limit-{name}": text for name, text in headers.items()})

    def _list_issues(self, call: Call) -> Answer:
        for word in call.query.get("query", "").split():
            if not _WORD.fullmatch(word):
                raise refuse(400, f"Error parsing search query: {word}")
        wanted = [issue for seen, issue in self.issues if _fits(seen, call)]
        if call.query.get("project", self.project) != self.project:
            raise refuse(404, "The requested resource does not exist")
        return _page(call, wanted)

    def _create_release(self, call: Call) -> Answer:
        version, projects = call.body.get("version"), call.body.get("projects")
        if not version or not projects:
            missing = "version" if not version else "projects"
            raise RefusalError(Answer(400, {missing: ["This field is required."]}))
        if projects != [self.project]:
            raise RefusalError(Answer(400, {"projects": ["Invalid project ids or slugs"]}))
        known = version in self.releases
        self.releases[version] = self.releases.get(version, {}) | dict(call.body)
        return Answer(208 if known else 201, self._release(version))

    def _release(self, version: str) -> dict[str, Any]:
        project = {"id": 1, "slug": self.project, "name": self.project, "platform": "node", "platforms": ["node"]}
        return {
            "id": list(self.releases).index(version) + 1,
            "version": version,
            "shortVersion": version[:12],
            "versionInfo": {"package": None, "version": {"raw": version}, "buildHash": None, "description": version},
            "status": "open",
            "data": {},
            "newGroups": 0,
            "commitCount": len(self.releases[version].get("commits", [])),
            "deployCount": len(self.deploys.get(version, [])),
            "authors": [],
            "projects": [project | {"hasHealthData": False, "newGroups": 0}],
        }

    def _known(self, call: Call) -> list[dict[str, Any]]:
        version = call.parameters["version"]
        if version not in self.releases:
            raise refuse(404, "The requested resource does not exist")
        return self.deploys.setdefault(version, [])

    def _list_deploys(self, call: Call) -> Answer:
        return _page(call, self._known(call))

    def _create_deploy(self, call: Call) -> Answer:
        deploys = self._known(call)
        if not call.body.get("environment"):
            raise RefusalError(Answer(400, {"environment": ["This field is required."]}))
        given = {name: call.body.get(name) for name in ("environment", "name", "url", "dateStarted", "dateFinished")}
        deploys.insert(0, {"id": str(len(deploys) + 1), **given})
        return Answer(201, deploys[0])


def _fits(seen: Seen, call: Call) -> bool:
    fits = call.query.get("environment", seen.environment) == seen.environment
    for word in call.query.get("query", "is:unresolved").split():
        name, _, value = word.partition(":")
        if name == "firstSeen" and value.startswith(">="):
            since = datetime.fromisoformat(value.removeprefix(">=") + "+00:00")
            fits = fits and seen.first.replace(microsecond=0) >= since
        elif name == "release":
            fits = fits and seen.release == value.strip('"')
    return fits


def _page(call: Call, rows: list[dict[str, Any]]) -> Answer:
    """Sentry names the next page always, and says whether anything is there."""
    size = min(call.number("limit", call.number("per_page", _PAGE)), _PAGE)
    start = int(call.query.get("cursor", "0:0:0").split(":")[1])
    more = str(start + size < len(rows)).lower()
    address = f"{call.base_url}{call.path}?&cursor=0:{start + size}:0"
    earlier = f'<{call.base_url}{call.path}?&cursor=0:0:1>; rel="previous"; results="{str(start > 0).lower()}"'
    later = f'<{address}>; rel="next"; results="{more}"; cursor="0:{start + size}:0"'
    return Answer(body=rows[start : start + size], headers={"Link": f'{earlier}; cursor="0:0:1", {later}'})
