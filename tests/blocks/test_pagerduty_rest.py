"""The PagerDuty REST block against the stand-in, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from blocks.errors import Misconfigured
from blocks.pagerduty_rest import PagerDutyRest
from lab.vendors.pagerduty_rest import PagerDutyRest as StandIn
from policy.conflicts import Maintenance
from policy.on_call import OnCall
from tests.blocks.vendor_cases import ScopedVendorCases
from tests.serving import served

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


@dataclass(slots=True)
class World:
    """The block under test and the account it asks."""

    block: PagerDutyRest
    vendor: StandIn

    def ask(self) -> object:
        """Ask for open incidents."""
        return self.block.list_open_incidents(["PWEB"])

    def open_titles(self) -> list[str]:
        """What is open."""
        return [incident.title for incident in self.block.list_open_incidents(["PWEB"])]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("PAGERDUTY_TOKEN", "right")
    vendor = StandIn("right")
    with served(vendor.app) as url:
        block = PagerDutyRest(url=url, read_timeout=2, patience=3)
        yield World(block, vendor)
        block.close()


def test_everybody_on_call_is_known_with_level_and_address(world: World) -> None:
    world.vendor.put_on_call("P1", "Carla Ortiz", "carla@holilabs.xyz", level=2)
    world.vendor.put_on_call("P1", "Omar Reyes", "omar@holilabs.xyz", until=NOW + HOUR)
    world.vendor.put_on_call("P2", "Somebody Else", "else@holilabs.xyz")

    world.vendor.put_on_call("P1", "Ana Souza", "ana@holilabs.xyz", until=NOW - HOUR)

    assert world.block.list_on_call("P1", NOW, NOW + HOUR / 2) == (
        OnCall("Omar Reyes", "omar@holilabs.xyz", "P1", 1, NOW - 7 * HOUR, NOW + HOUR),
        OnCall("Carla Ortiz", "carla@holilabs.xyz", "P1", 2),
    )


def test_a_policy_by_which_nobody_is_on_call_is_a_wrong_setting(world: World) -> None:
    with pytest.raises(Misconfigured, match="nobody is on call by the policy P9"):
        world.block.list_on_call("P9", NOW, NOW + HOUR)


@pytest.mark.parametrize(
    "before",
    [pytest.param(25, id="E4"), pytest.param(100, id="E4-largest-page"), pytest.param(230, id="E4-third-page")],
)
def test_an_open_incident_behind_the_first_page_is_seen(world: World, before: int) -> None:
    for number in range(before):
        world.vendor.open_incident(f"old {number}", status="acknowledged")
    world.vendor.open_incident("the one that matters")

    assert len(world.open_titles()) == before + 1
    assert world.open_titles()[-1] == "the one that matters"


def test_an_open_incident_is_seen_however_old_it_is_and_a_resolved_one_is_not(world: World) -> None:
    world.vendor.open_incident("three months old", began=NOW - timedelta(days=90))
    world.vendor.open_incident("over", status="resolved")
    world.vendor.open_incident("another service's", service="PMAIL")

    assert world.open_titles() == ["three months old"]


def test_incidents_of_a_time_are_seen_resolved_or_not(world: World) -> None:
    world.vendor.open_incident("before", began=NOW - 2 * HOUR)
    world.vendor.open_incident("short", status="resolved", began=NOW - HOUR / 2)

    found = world.block.list_incidents(["PWEB"], NOW - HOUR, NOW)

    assert [(incident.title, incident.status) for incident in found] == [("short", "resolved")]


def test_maintenance_windows_that_are_open_or_to_come_are_listed_and_past_ones_are_not(world: World) -> None:
    world.vendor.open_window("Database upgrade", until=NOW + HOUR)
    world.vendor.open_window("tomorrow's", until=NOW + 24 * HOUR)
    world.vendor.open_window("yesterday's", until=NOW - HOUR)
    world.vendor.open_window("another service's", service="PMAIL")

    assert world.block.list_maintenance_windows(["PWEB"]) == (
        Maintenance("Database upgrade", NOW - HOUR, NOW + HOUR, ("PWEB",)),
        Maintenance("tomorrow's", NOW + 22 * HOUR, NOW + 24 * HOUR, ("PWEB",)),
    )


class TestFailures(ScopedVendorCases):
    kind = PagerDutyRest
    slug = "countersign-pagerduty-rest"
    secret = "PAGERDUTY_TOKEN"
    scope = "read access"
