"""Notion: the deployment log and reports of incidents, one page each in a database, found again by our key.

Follows Notion's API description (version 2025-09-03), in which the pages of a database are asked of its data source.
It takes no idempotency key, so the key stands in a property of the page.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import httpx
from pydantic import BaseModel, Field, HttpUrl

from blocks.errors import Misconfigured, Unreachable
from blocks.log_entry import LogEntry
from blocks.vendor import Answer, seconds_to_wait
from blocks.vendor_block import VendorBlock
from policy.incident_report import Part, PartKind

LONGEST_TEXT = 2000
MOST_BLOCKS = 100
_BUSY = frozenset({409, 429, 529})
_KINDS = {
    PartKind.HEADING: "heading_2",
    PartKind.TEXT: "paragraph",
    PartKind.ITEM: "bulleted_list_item",
    PartKind.TASK: "to_do",
    PartKind.CODE: "code",
}
_READ, _WRITE = "the capability to read content", "the capability to insert content"


class _Page(BaseModel):
    id: str
    url: str


class _Found(BaseModel):
    results: list[_Page]


class Notion(VendorBlock):
    """One database on Notion that was shared with our integration."""

    _block_type_name = "Countersign Notion"
    _block_type_slug = "countersign-notion"
    _description = "The deployment log in one database."
    _documentation_url = HttpUrl("https://developers.notion.com/reference/intro")
    _code_example = """
    ```python
    from blocks.notion import Notion

    notion = Notion.load("BLOCK_NAME")
    notion.find_entry("release-7")
    ```"""
    called: ClassVar[str] = "Notion"

    url: str = Field(default="https://api.notion.com", description="Address of Notion's API, without /v1.")
    token: str = Field(default="NOTION_TOKEN", description="Name of the secret that holds the integration's token.")
    data_source: str = Field(description="Number of the data source of the log's database.")
    title_property: str = Field(default="Name", description="Name of the property that holds the page's title.")
    key_property: str = Field(default="Release", description="Name of the text property that holds our key.")
    version: str = Field(default="2025-09-03", description="Version of Notion's API that is spoken.")

    def shown(self, secret: str) -> dict[str, str]:
        """Return the secret, and the version that every request must name."""
        return {"Authorization": f"Bearer {secret}", "Notion-Version": self.version}

    @staticmethod
    def limit_of(response: httpx.Response) -> float | None:
        """Return the wait that Notion asks for when it is busy or somebody else writes (409, 429, 529)."""
        return seconds_to_wait(response, default=1.0) if response.status_code in _BUSY else None

    def find_entry(self, key: str) -> LogEntry | None:
        """The page with this key, or None where there is none."""
        body = {"filter": {"property": self.key_property, "rich_text": {"equals": key}}, "page_size": 1}
        path = f"/v1/data_sources/{self.data_source}/query"
        answer = self._vendor.ask("POST", path, body=body, scope=_READ, understood=(404,))
        pages = self._there(answer).read(_Found).results
        return LogEntry(pages[0].id, pages[0].url) if pages else None

    def write_entry(self, key: str, title: str, paragraphs: Sequence[str]) -> LogEntry:
        """The log has one page with this key, however often this is called."""
        return self._write(key, title, _blocks(paragraphs))

    def write_report(self, key: str, title: str, parts: Sequence[Part]) -> LogEntry:
        """The database has one page with this key and these parts, however often this is called."""
        return self._write(key, title, _report_blocks(parts))

    def _write(self, key: str, title: str, blocks: list[dict[str, Any]]) -> LogEntry:
        if seen := self.find_entry(key):
            return seen
        properties = {self.title_property: {"title": [_text(title)]}, self.key_property: {"rich_text": [_text(key)]}}
        body = {
            "parent": {"type": "data_source_id", "data_source_id": self.data_source},
            "properties": properties,
            "children": blocks,
        }
        try:
            answer = self._vendor.ask("POST", "/v1/pages", body=body, scope=_WRITE, understood=(404,))
            page = self._there(answer).read(_Page)
        except Unreachable:
            # The answer may be lost and the page written: only looking can tell.
            if seen := self.find_entry(key):
                return seen
            raise
        return LogEntry(page.id, page.url)

    def _there(self, answer: Answer) -> Answer:
        if answer.status == 404:
            raise Misconfigured(
                f"Notion has no data source {self.data_source} that the secret {self.token} may see; "
                f"share the database with the integration"
            )
        return answer


def _text(content: str) -> dict[str, Any]:
    return {"type": "text", "text": {"content": content[:LONGEST_TEXT]}}


def _blocks(paragraphs: Sequence[str]) -> list[dict[str, Any]]:
    """Paragraphs as Notion takes them: none longer than it allows, and no more of them; what is left out is said."""
    cut = [text[at : at + LONGEST_TEXT] for text in paragraphs for at in range(0, len(text), LONGEST_TEXT)]
    if len(cut) > MOST_BLOCKS:
        cut = [*cut[: MOST_BLOCKS - 1], f"({len(cut) - MOST_BLOCKS + 1} more paragraphs stand in the record)"]
    return [{"object": "block", "type": "paragraph", "paragraph": {"rich_text": [_text(text)]}} for text in cut]


def _report_blocks(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The parts of a report as Notion shows them; lines of lists give way where there are too many parts."""
    spare = max(0, len(parts) - MOST_BLOCKS)
    items = [place for place, part in enumerate(parts) if part.kind is PartKind.ITEM]
    left_out = set(items[len(items) - spare :]) if spare else set()
    return [_report_block(part) for place, part in enumerate(parts) if place not in left_out]


def _report_block(part: Part) -> dict[str, Any]:
    kind = _KINDS[part.kind]
    more: dict[str, Any] = {"language": "plain text"} if part.kind is PartKind.CODE else {}
    if part.kind is PartKind.TASK:
        more = {"checked": False}
    return {"object": "block", "type": kind, kind: {"rich_text": [_text(part.text)], **more}}
