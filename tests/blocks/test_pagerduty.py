"""The PagerDuty block against the stand-in, over real HTTP."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.pagerduty import PagerDuty
from lab.vendors.pagerduty import PagerDuty as StandIn
from tests.serving import served

KEY = "0123456789abcdef0123456789abcdef"
OTHER_KEY = "f" * 32


@dataclass(slots=True)
class World:
    """The block under test and the service it talks to."""

    block: PagerDuty
    vendor: StandIn

    def page(self, summary: str = "release 7 needs hands", key: str = "release-7") -> None:
        """Page whoever is on call."""
        self.block.trigger(summary, source="production", severity="critical", key=key, details={"page": "all of it"})


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("PAGERDUTY_ROUTING_KEY", KEY)
    vendor = StandIn(KEY)
    with served(vendor.app) as url:
        block = PagerDuty(url=url, read_timeout=2, patience=2)
        yield World(block, vendor)
        block.close()


def test_a_page_opens_an_incident_that_says_what_where_and_how_bad(world: World) -> None:
    world.page()

    (incident,) = world.vendor.pages()
    assert (incident["key"], incident["status"]) == ("release-7", "triggered")
    assert (incident["summary"], incident["severity"]) == ("release 7 needs hands", "critical")
    assert (incident["source"], incident["details"]) == ("production", {"page": "all of it"})


def test_pages_of_one_key_are_one_incident_and_of_two_keys_two(world: World) -> None:
    world.page()
    world.page("release 7 still needs hands")
    world.page(key="release-8")

    assert [incident["key"] for incident in world.vendor.pages()] == ["release-7", "release-8"]
    assert world.vendor.pages()[0]["events"] == ["release 7 needs hands", "release 7 still needs hands"]


def test_a_resolved_incident_is_over_and_the_next_page_opens_another(world: World) -> None:
    world.page()
    world.block.resolve("release-7")
    world.page()

    assert [incident["status"] for incident in world.vendor.pages()] == ["resolved", "triggered"]


def test_resolving_what_is_not_open_does_nothing(world: World) -> None:
    world.block.resolve("release-7")

    assert world.vendor.pages() == []


def test_a_summary_that_is_too_long_is_cut_so_that_the_page_goes_out(world: World) -> None:
    world.page("x" * 2000)

    assert world.vendor.pages()[0]["summary"] == "x" * 1024


@pytest.mark.parametrize("kind", ["error", "limited", "down", "html", "truncated", "empty", "lost"])
def test_one_failure_is_got_over_and_leaves_one_incident(world: World, kind: str) -> None:
    world.vendor.break_with(kind, times=1)

    world.page()

    assert [incident["key"] for incident in world.vendor.pages()] == ["release-7"]


@pytest.mark.parametrize("kind", ["error", "down", "html", "truncated", "empty"])
def test_failures_without_end_are_unreachable_within_the_patience(world: World, kind: str) -> None:
    world.vendor.break_with(kind)
    began = time.monotonic()

    with pytest.raises(Unreachable, match="PagerDuty"):
        world.page()

    assert time.monotonic() - began < 4
    assert len(world.vendor.calls) > 1


def test_a_rate_limit_that_asks_for_more_than_the_patience_is_given_up(world: World) -> None:
    world.vendor.break_with("limited", seconds=30)

    with pytest.raises(Unreachable, match="too many calls at POST /v2/enqueue; asked to wait 30 s, the limit is 2 s"):
        world.page()


def test_what_pagerduty_refuses_is_refused_in_its_words_and_not_repeated(world: World) -> None:
    with pytest.raises(Refused, match="'dedup_key' is too long"):
        world.page(key="k" * 300)
    with pytest.raises(Refused, match="the incident release-7 has no summary"):
        world.page("  ")

    assert [status for _, status in world.vendor.calls] == [400]


def test_a_wrong_or_missing_key_is_named_and_never_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGERDUTY_ROUTING_KEY", OTHER_KEY)
    with pytest.raises(Refused, match="Event object is invalid; Invalid routing key") as caught:
        world.page()
    assert OTHER_KEY not in str(caught.value)

    monkeypatch.delenv("PAGERDUTY_ROUTING_KEY")
    with pytest.raises(Misconfigured, match="secret PAGERDUTY_ROUTING_KEY"):
        world.page()


class TestStandard(BlockStandardTestSuite):
    """What Prefect asks of every block; ours carry no logo, since it would be fetched from the network."""

    @pytest.fixture
    def block(self) -> type[Block]:
        return PagerDuty

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        assert block.get_block_type_slug() == "countersign-pagerduty"
