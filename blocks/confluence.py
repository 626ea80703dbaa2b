"""Confluence: the deployment log, one page a release in one space, found again by its title.

Follows Confluence Cloud's API description (version 2). A title is unique in its space, so the key stands in it: a page
that was written before a crash is refused the second time, and found.
"""

import base64
from collections.abc import Sequence
from html import escape
from typing import Any, ClassVar

from pydantic import BaseModel, Field, HttpUrl

from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.log_entry import LogEntry
from blocks.vendor import Answer
from blocks.vendor_block import VendorBlock

LONGEST_TITLE = 255
_READ, _WRITE = "the scope read:page:confluence", "the scope write:page:confluence"


class _Links(BaseModel):
    webui: str = ""


class _Page(BaseModel):
    id: str
    title: str
    links: _Links = Field(default_factory=_Links, alias="_links")


class _Found(BaseModel):
    results: list[_Page]


class Confluence(VendorBlock):
    """One space of a site of Confluence Cloud."""

    _block_type_name = "Countersign Confluence"
    _block_type_slug = "countersign-confluence"
    _description = "The deployment log in one space."
    _documentation_url = HttpUrl("https://developer.atlassian.com/cloud/confluence/rest/v2/")
    _code_example = """
    ```python
    from blocks.confluence import Confluence

    confluence = Confluence.load("BLOCK_NAME")
    confluence.find_entry("release-7", "Release 7")
    ```"""
    called: ClassVar[str] = "Confluence"

    url: str = Field(description="Address of the site with /wiki, such as https://holilabs.atlassian.net/wiki.")
    user: str = Field(description="E-mail of the account that the token belongs to.")
    token: str = Field(default="CONFLUENCE_TOKEN", description="Name of the secret that holds the API token.")
    space: str = Field(pattern=r"^\d+$", description="Number of the space.")
    parent: str | None = Field(default=None, pattern=r"^\d+$", description="Number of the page above the entries.")

    def shown(self, secret: str) -> dict[str, str]:
        """Return the header of Atlassian's basic authentication."""
        pair = base64.b64encode(f"{self.user}:{secret}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    def find_entry(self, key: str, title: str) -> LogEntry | None:
        """The page with this key and title, or None where there is none."""
        query = {"space-id": self.space, "title": _whole_title(key, title), "status": "current"}
        found = self._vendor.ask("GET", "/api/v2/pages", query=query, scope=_READ).read(_Found).results
        return self._entry(found[0]) if found else None

    def write_entry(self, key: str, title: str, paragraphs: Sequence[str]) -> LogEntry:
        """The log has one page with this key and title, however often this is called."""
        if seen := self.find_entry(key, title):
            return seen
        text = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
        body: dict[str, Any] = {
            "spaceId": self.space,
            "status": "current",
            "title": _whole_title(key, title),
            "body": {"representation": "storage", "value": text},
        }
        if self.parent:
            body["parentId"] = self.parent
        try:
            answer = self._vendor.ask("POST", "/api/v2/pages", body=body, scope=_WRITE, understood=(404,))
            return self._entry(self._there(answer).read(_Page))
        except (Unreachable, Refused):
            # The answer may be lost and the page written: only looking can tell.
            if seen := self.find_entry(key, title):
                return seen
            raise

    def _entry(self, page: _Page) -> LogEntry:
        return LogEntry(page.id, f"{self.url.rstrip('/')}{page.links.webui}")

    def _there(self, answer: Answer) -> Answer:
        if answer.status == 404:
            raise Misconfigured(
                f"Confluence has no space {self.space} (or no page {self.parent}) that the secret {self.token} may see"
            )
        return answer


def _whole_title(key: str, title: str) -> str:
    ending = f" ({key})"
    return f"{title[: LONGEST_TITLE - len(ending)]}{ending}"
