"""The Snyk block against the stand-in, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from blocks.errors import Misconfigured, Refused
from blocks.snyk import Snyk
from lab.vendors.snyk import Snyk as StandIn
from tests.blocks.vendor_cases import ScopedVendorCases
from tests.serving import served

ORGANIZATION = str(UUID(int=7))


@dataclass(slots=True)
class World:
    """The block under test and the organization it asks about."""

    block: Snyk
    vendor: StandIn

    def ask(self) -> object:
        """Ask for open findings."""
        return self.block.list_open_issues(("high", "critical"))

    def titles(self) -> list[str]:
        """What is open and grave."""
        return [finding.title for finding in self.block.list_open_issues(("high", "critical"))]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("SNYK_TOKEN", "right")
    vendor = StandIn("right", organization=ORGANIZATION)
    with served(vendor.app) as url:
        block = Snyk(url=f"{url}/rest", organization=ORGANIZATION, read_timeout=2, patience=3)
        yield World(block, vendor)
        block.close()


def test_only_open_findings_of_the_asked_severities_are_listed(world: World) -> None:
    world.vendor.find("Prototype pollution", "critical")
    world.vendor.find("Weak hash", "medium")
    world.vendor.find("Mended", status="resolved")

    assert world.titles() == ["Prototype pollution"]


def test_an_ignored_finding_is_listed_and_says_so(world: World) -> None:
    world.vendor.find("Accepted until June", ignored=True)

    [finding] = world.block.list_open_issues(("high",))

    assert (finding.ignored, finding.severity, finding.key) == (True, "high", "SNYK-JS-1")


@pytest.mark.parametrize("before", [10, 100, 250])
def test_a_finding_behind_the_first_page_is_seen(world: World, before: int) -> None:
    for number in range(before):
        world.vendor.find(str(number))
    world.vendor.find("the last one", "critical")

    assert len(world.titles()) == before + 1
    assert world.titles()[-1] == "the last one"


def test_findings_of_one_project_are_told_from_the_others(world: World) -> None:
    world.vendor.find("ours", project=1)
    world.vendor.find("theirs", project=2)
    world.block.project = str(UUID(int=1))

    assert world.titles() == ["ours"]


def test_a_strange_organization_or_version_is_a_sentence(world: World) -> None:
    world.block.version = "yesterday"
    with pytest.raises(Refused, match="400 Missing or invalid version parameter"):
        world.ask()
    world.block.version, world.block.organization = "2024-10-15", str(UUID(int=8))
    with pytest.raises(Misconfigured, match=r"no organization .*8 that the secret SNYK_TOKEN may see"):
        world.ask()


class TestFailures(ScopedVendorCases):
    kind = Snyk
    slug = "countersign-snyk"
    secret = "SNYK_TOKEN"
    scope = r"the permission to view the organization's issues \(org.read, org.project.read\)"
