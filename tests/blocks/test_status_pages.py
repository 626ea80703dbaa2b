"""The block for the vendors' status pages against the stand-in, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.status_pages import StatusPages
from lab.vendors.status_page import StatusPage as StandIn
from policy.conflicts import Component, StatusPage
from tests.serving import served


@dataclass(slots=True)
class World:
    """The block under test and the page of one vendor."""

    block: StatusPages
    vendor: StandIn

    def read(self) -> StatusPage:
        """What the vendor says of itself."""
        return self.block.read_status("GitHub")


@pytest.fixture
def world() -> Iterator[World]:
    vendor = StandIn()
    with served(vendor.app) as url:
        yield World(StatusPages(pages={"GitHub": url}, timeout=2), vendor)


def test_a_vendor_that_is_well_says_so(world: World) -> None:
    page = world.read()

    assert (page.indicator, page.description) == ("none", "All Systems Operational")
    assert page.components == (Component("API", "operational"), Component("Webhooks", "operational"))
    assert page.url == world.block.pages["GitHub"]


def test_an_outage_names_the_component(world: World) -> None:
    world.vendor.report("Requests fail", indicator="critical", component="API", status="major_outage")

    page = world.read()

    assert (page.indicator, page.components[0]) == ("critical", Component("API", "major_outage"))


def test_components_of_one_name_keep_their_groups(world: World) -> None:
    world.vendor.groups = {"Droplets": {"NYC3": "major_outage"}, "Spaces": {"NYC3": "operational"}}

    assert set(world.read().components) >= {
        Component("Droplets", "major_outage"),
        Component("NYC3", "major_outage", "Droplets"),
        Component("Spaces", "operational"),
        Component("NYC3", "operational", "Spaces"),
    }


@pytest.mark.parametrize("fault", ["error", "html", "truncated", "empty", "down", "slow"])
def test_a_page_that_does_not_answer_is_unreachable_and_not_well(world: World, fault: str) -> None:
    world.vendor.break_with(fault, seconds=4)

    with pytest.raises(Unreachable, match="the status page of GitHub"):
        world.read()


def test_an_address_without_a_summary_is_refused_and_a_vendor_without_a_page_is_a_wrong_setting(world: World) -> None:
    world.block.pages["Slack"] = world.block.pages["GitHub"] + "/somewhere"
    with pytest.raises(Refused, match=r"the status page of Slack refused GET /api/v2/summary\.json: 404"):
        world.block.read_status("Slack")
    with pytest.raises(Misconfigured, match="no status page of Stripe is set; there are GitHub, Slack"):
        world.block.read_status("Stripe")


class TestStandard(BlockStandardTestSuite):
    """What Prefect asks of every block; ours carry no logo, since it would be fetched from the network."""

    @pytest.fixture
    def block(self) -> type[Block]:
        return StatusPages

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        assert block.get_block_type_slug() == "countersign-status-pages"
