"""The Jira block against the stand-in, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from blocks.errors import Refused
from blocks.jira import Jira
from lab.vendors.jira import Jira as StandIn
from tests.blocks.vendor_cases import ScopedVendorCases
from tests.serving import served


@dataclass(slots=True)
class World:
    """The block under test and the site it asks."""

    block: Jira
    vendor: StandIn

    def ask(self) -> object:
        """Ask for a ticket that is there."""
        return self.block.read_ticket("HOLI-1")

    def link(self) -> None:
        """Link the ticket to the release."""
        self.block.link_release("HOLI-1", "release-7", url="https://example.org/runs/7", title="Release 7")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("JIRA_TOKEN", "right")
    vendor = StandIn("right", user="ci@holilabs.xyz")
    vendor.open("HOLI-1", "Show the rota")
    with served(vendor.app) as url:
        block = Jira(url=url, user="ci@holilabs.xyz", support="project = SUP", read_timeout=2, patience=3)
        yield World(block, vendor)
        block.close()


def test_a_ticket_is_known_by_its_key(world: World) -> None:
    ticket = world.block.read_ticket("HOLI-1")

    assert (ticket.key, ticket.title, ticket.state, ticket.done) == ("HOLI-1", "Show the rota", "In Progress", False)
    assert ticket.url.endswith("/browse/HOLI-1")


def test_a_ticket_is_closed_once(world: World) -> None:
    for _ in range(2):
        assert world.block.close_ticket("HOLI-1").done

    assert [status for call, status in world.vendor.calls if call.method == "POST"] == [204]


def test_who_wrote_to_support_is_counted_by_minutes_before_now(world: World) -> None:
    week = timedelta(weeks=1)
    for ago in (timedelta(minutes=5), timedelta(minutes=50), week + timedelta(minutes=5), timedelta(hours=3)):
        world.vendor.write_to_support("SUP", ago=ago)
    world.vendor.write_to_support("HOLI", ago=timedelta(minutes=5))

    assert world.block.count_support(timedelta(hours=1)) == 2
    assert world.block.count_support(week + timedelta(hours=1), week) == 1


@pytest.mark.parametrize("fault", [pytest.param("lost", id="E3-ticket")])
def test_a_ticket_whose_closing_was_not_answered_is_seen_closed(world: World, fault: str) -> None:
    world.vendor.break_with(fault, method="POST", times=1)

    assert world.block.close_ticket("HOLI-1").done


def test_a_ticket_that_cannot_be_closed_from_where_it_stands_says_where_it_could_go(world: World) -> None:
    world.vendor.open("HOLI-2", "Later", status="To Do")

    with pytest.raises(Refused, match="HOLI-2 stands in To Do and cannot go to Done, only to In Progress"):
        world.block.close_ticket("HOLI-2")


def test_a_ticket_is_linked_to_its_release_once(world: World) -> None:
    world.link()
    world.link()

    links = world.vendor.issues["HOLI-1"].links
    assert links == {"countersign=release-7": {"url": "https://example.org/runs/7", "title": "Release 7"}}


def test_a_ticket_that_is_not_there_is_refused_by_its_key(world: World) -> None:
    with pytest.raises(Refused, match="no ticket HOLI-9 that the secret JIRA_TOKEN may see"):
        world.block.read_ticket("HOLI-9")
    with pytest.raises(Refused, match=r"'\.\./myself' is no key of a ticket"):
        world.block.read_ticket("../myself")


class TestFailures(ScopedVendorCases):
    kind = Jira
    slug = "countersign-jira"
    secret = "JIRA_TOKEN"
    scope = "the scope read:jira-work"
