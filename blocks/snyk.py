"""Snyk: open findings of an organization or of one project.

Follows Snyk's REST API description. Its lists are read to their end: 10 at a time unless more are asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, Field, HttpUrl

from blocks.errors import Misconfigured, Refused
from blocks.vendor import Query
from blocks.vendor_block import VendorBlock

Severity = Literal["info", "low", "medium", "high", "critical"]
_PAGE = 100
_MOST_PAGES = 100
_SCOPE = "the permission to view the organization's issues (org.read, org.project.read)"


@dataclass(frozen=True, slots=True)
class Finding:
    """One open weakness."""

    key: str
    title: str
    severity: str
    kind: str
    ignored: bool
    since: datetime


class _Attributes(BaseModel):
    key: str
    title: str
    effective_severity_level: str
    type: str
    ignored: bool
    created_at: datetime


class _Issue(BaseModel):
    attributes: _Attributes


class _Href(BaseModel):
    href: str


class _Links(BaseModel):
    next: str | _Href | None = None


class _Page(BaseModel):
    data: list[_Issue]
    links: _Links = _Links()


class Snyk(VendorBlock):
    """One organization on Snyk."""

    _block_type_name = "Countersign Snyk"
    _block_type_slug = "countersign-snyk"
    _description = "Open findings of one organization or project."
    _documentation_url = HttpUrl("https://docs.snyk.io/snyk-api")
    _code_example = """
    ```python
    from blocks.snyk import Snyk

    snyk = Snyk.load("BLOCK_NAME")
    snyk.list_open_issues(("high", "critical"))
    ```"""
    called: ClassVar[str] = "Snyk"

    url: str = Field(default="https://api.snyk.io/rest", description="Address of Snyk's REST API, with /rest.")
    token: str = Field(default="SNYK_TOKEN", description="Name of the secret that holds the token.")
    organization: str = Field(pattern=r"^[0-9a-f-]{36}$", description="Number of the organization (a UUID).")
    project: str | None = Field(
        default=None, pattern=r"^[0-9a-f-]{36}$", description="Number of the project; all projects where none is given."
    )
    version: str = Field(default="2024-10-15", description="Version of Snyk's API, which every question must name.")

    def shown(self, secret: str) -> dict[str, str]:
        """Return the header in Snyk's own scheme."""
        return {"Authorization": f"token {secret}"}

    def list_open_issues(self, severities: Sequence[Severity]) -> tuple[Finding, ...]:
        """Every open finding of these severities, ignored ones too (they say so)."""
        query: dict[str, str | int] = {
            "version": self.version,
            "limit": _PAGE,
            "status": "open",
            "effective_severity_level": ",".join(severities),
        }
        if self.project:
            query |= {"scan_item.id": self.project, "scan_item.type": "project"}
        found: list[_Issue] = []
        for _ in range(_MOST_PAGES):
            page = self._page(query)
            found += page.data
            if not (following := _address(page.links)):
                return tuple(_finding(issue.attributes) for issue in found)
            query = query | {"starting_after": parse_qs(urlsplit(following).query)["starting_after"][0]}
        raise Refused(f"Snyk: more than {_MOST_PAGES * _PAGE} open issues; ask for one project")

    def _page(self, query: Query) -> _Page:
        path = f"/orgs/{self.organization}/issues"
        accept = "application/vnd.api+json"
        answer = self._vendor.ask("GET", path, query=query, accept=accept, scope=_SCOPE, understood=(404,))
        if answer.status == 404:
            raise Misconfigured(f"Snyk has no organization {self.organization} that the secret {self.token} may see")
        return answer.read(_Page)


def _address(links: _Links) -> str | None:
    return links.next.href if isinstance(links.next, _Href) else links.next


def _finding(one: _Attributes) -> Finding:
    return Finding(one.key, one.title, one.effective_severity_level, one.type, one.ignored, one.created_at)
