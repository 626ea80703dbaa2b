"""The blocks that keep the deployment log, Notion and Confluence, against their stand-ins, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from blocks.confluence import Confluence
from blocks.errors import Misconfigured, Refused
from blocks.log_entry import LogEntry
from blocks.notion import Notion
from lab.vendors.confluence import Confluence as ConfluenceStandIn
from lab.vendors.notion import Notion as NotionStandIn
from tests.blocks.vendor_cases import ScopedVendorCases
from tests.serving import served


@dataclass(slots=True)
class World:
    """A block that keeps the log and the service that holds it."""

    block: Any
    vendor: Any

    def write(self, key: str = "release-7", paragraphs: tuple[str, ...] = ("All went well.",)) -> LogEntry:
        """Write an entry."""
        entry: LogEntry = self.block.write_entry(key, "Release 7", paragraphs)
        return entry

    def ask(self) -> object:
        """Look for an entry that is not there."""
        if isinstance(self.block, Notion):
            return self.block.find_entry("release-6")
        return self.block.find_entry("release-6", "Release 6")


@pytest.fixture
def notion(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("NOTION_TOKEN", "right")
    vendor = NotionStandIn("right", data_source="log")
    with served(vendor.app) as url:
        block = Notion(url=url, data_source="log", read_timeout=2, patience=3)
        yield World(block, vendor)
        block.close()


@pytest.fixture
def confluence(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("CONFLUENCE_TOKEN", "right")
    vendor = ConfluenceStandIn("right", user="ci@holilabs.xyz", space="42")
    with served(vendor.app) as url:
        block = Confluence(url=f"{url}/wiki", user="ci@holilabs.xyz", space="42", read_timeout=2, patience=3)
        yield World(block, vendor)
        block.close()


@pytest.fixture(params=["notion", "confluence"])
def world(request: pytest.FixtureRequest) -> World:
    found: World = request.getfixturevalue(request.param)
    return found


def test_an_entry_is_written_once_for_a_key(world: World) -> None:
    first, again, other = world.write(), world.write(), world.write("release-8")

    assert again == first
    assert other != first
    assert len(world.vendor.pages) == 2
    assert first.url.startswith("http")


@pytest.mark.parametrize("path", [pytest.param("/pages", id="E3-log-entry")])
def test_an_entry_whose_answer_was_lost_is_not_written_again(world: World, path: str) -> None:
    world.vendor.break_with("lost", method="POST", path=path, times=1)

    entry = world.write()

    assert [page["id"] for page in world.vendor.pages] == [entry.number]


def test_a_long_story_is_cut_as_notion_takes_it_and_says_so(notion: World) -> None:
    notion.write(paragraphs=("x" * 4500, *(f"line {number}" for number in range(150))))

    [page] = notion.vendor.pages
    texts = [child["paragraph"]["rich_text"][0]["text"]["content"] for child in page["children"]]
    assert [len(text) for text in texts[:3]] == [2000, 2000, 500]
    assert len(texts) == 100
    assert texts[-1] == "(54 more paragraphs stand in the record)"


def test_a_database_that_is_not_shared_is_a_wrong_setting(notion: World) -> None:
    notion.block.data_source = "another"
    with pytest.raises(Misconfigured, match=r"no data source another .* share the database with the integration"):
        notion.write()


def test_a_property_that_the_database_lacks_is_refused_in_notions_words(notion: World) -> None:
    notion.block.key_property = "Number"
    with pytest.raises(Refused, match="400 Could not find property with name or id: Number"):
        notion.write()


def test_text_is_escaped_for_confluence(confluence: World) -> None:
    confluence.write(paragraphs=("a < b & c",))

    assert confluence.vendor.pages[0]["body"]["storage"]["value"] == "<p>a &lt; b &amp; c</p>"
    assert confluence.vendor.pages[0]["title"] == "Release 7 (release-7)"


def test_a_space_that_is_not_there_is_a_wrong_setting(confluence: World) -> None:
    confluence.block.space = "43"
    with pytest.raises(Misconfigured, match=r"no space 43 \(or no page None\) that the secret CONFLUENCE_TOKEN"):
        confluence.write()


class TestNotionFailures(ScopedVendorCases):
    kind = Notion
    slug = "countersign-notion"
    secret = "NOTION_TOKEN"
    scope = "the capability to read content"

    @pytest.fixture
    def world(self, notion: World) -> World:
        return notion


class TestConfluenceFailures(ScopedVendorCases):
    kind = Confluence
    slug = "countersign-confluence"
    secret = "CONFLUENCE_TOKEN"
    scope = "the scope read:page:confluence"

    @pytest.fixture
    def world(self, confluence: World) -> World:
        return confluence
