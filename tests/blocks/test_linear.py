"""The Linear block against the stand-in, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.linear import Linear
from lab.vendors.linear import Linear as StandIn
from tests.blocks.vendor_cases import VendorCases
from tests.serving import served


@dataclass(slots=True)
class World:
    """The block under test and the workspace it asks."""

    block: Linear
    vendor: StandIn

    def ask(self) -> object:
        """Ask for a ticket that is there."""
        return self.block.read_ticket("HOLI-1")

    def link(self) -> None:
        """Link the ticket to the release."""
        self.block.link_release("HOLI-1", "release-7", url="https://example.org/runs/7", title="Release 7")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("LINEAR_TOKEN", "right")
    vendor = StandIn("right")
    vendor.open("HOLI-1", "Show the rota")
    with served(vendor.app) as url:
        block = Linear(url=url, read_timeout=2, patience=3)
        yield World(block, vendor)
        block.close()


def test_a_ticket_is_known_by_its_key(world: World) -> None:
    ticket = world.block.read_ticket("HOLI-1")

    assert (ticket.key, ticket.title, ticket.state, ticket.done) == ("HOLI-1", "Show the rota", "In Progress", False)
    assert ticket.url == "https://linear.app/holilabs/issue/HOLI-1"


def test_a_ticket_is_closed_once_and_a_cancelled_one_is_left_alone(world: World) -> None:
    world.vendor.open("HOLI-2", "Not wanted", state="Canceled")

    for _ in range(2):
        assert world.block.close_ticket("HOLI-1").done
    assert world.block.close_ticket("HOLI-2").state == "Canceled"


@pytest.mark.parametrize("fault", [pytest.param("lost", id="E3-linear-link")])
def test_a_ticket_is_linked_to_its_release_once_also_when_the_answer_was_lost(world: World, fault: str) -> None:
    world.ask()
    world.vendor.break_with(fault, times=1)
    with pytest.raises(Unreachable):
        world.link()

    world.link()
    world.link()

    assert list(world.vendor.issues["HOLI-1"].links) == ["https://example.org/runs/7"]


@pytest.mark.parametrize("status", [200, 400], ids=["under-200", "under-400"])
def test_a_limit_is_known_by_its_code_whatever_its_status(world: World, status: int) -> None:
    world.vendor.limited_status = status
    world.vendor.break_with("limited", seconds=40)

    with pytest.raises(Unreachable, match="too many calls at POST /graphql"):
        world.ask()


def test_e11_a_ticket_that_speaks_of_the_limit_is_none(world: World) -> None:
    world.vendor.open("HOLI-3", "Answer RATELIMITED with a sentence")

    assert world.block.read_ticket("HOLI-3").title == "Answer RATELIMITED with a sentence"


def test_a_key_without_the_scope_write_is_told_so(world: World) -> None:
    world.vendor.allowed = False

    with pytest.raises(Misconfigured, match="LINEAR_TOKEN may not do this to HOLI-1; it needs the scope write"):
        world.block.close_ticket("HOLI-1")


def test_a_ticket_or_state_that_is_not_there_is_refused_by_name(world: World) -> None:
    with pytest.raises(Refused, match="no ticket HOLI-9 that the secret LINEAR_TOKEN may see"):
        world.block.read_ticket("HOLI-9")
    world.block.done_status = "Shipped"
    with pytest.raises(Refused, match="has no state Shipped, only Todo, In Progress, Done, Canceled"):
        world.block.close_ticket("HOLI-1")


class TestFailures(VendorCases):
    kind = Linear
    slug = "countersign-linear"
    secret = "LINEAR_TOKEN"
