"""The Statuspage block against the stand-in, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from blocks.errors import Misconfigured, Refused
from blocks.statuspage import Maintenance, Statuspage
from lab.vendors.statuspage import Statuspage as StandIn
from tests.blocks.vendor_cases import VendorCases
from tests.serving import served

STARTS = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)


@dataclass(slots=True)
class World:
    """The block under test and the page it writes on."""

    block: Statuspage
    vendor: StandIn

    def schedule(self, key: str = "release-7", name: str = "Release 7") -> Maintenance:
        """Schedule an hour of maintenance."""
        ends = STARTS + timedelta(hours=1)
        return self.block.schedule_maintenance(key, name, "A short break", starts=STARTS, ends=ends)

    def ask(self) -> object:
        """Look for a maintenance that is not there."""
        return self.block.find_maintenance("release-6")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("STATUSPAGE_TOKEN", "right")
    vendor = StandIn("right", page="kctbh9vrtdwd", components=("web",))
    with served(vendor.app) as url:
        block = Statuspage(url=f"{url}/v1", page="kctbh9vrtdwd", components=["web"], read_timeout=2, patience=3)
        yield World(block, vendor)
        block.close()


def test_a_maintenance_is_scheduled_once_for_a_key(world: World) -> None:
    first, again, other = world.schedule(), world.schedule(), world.schedule("release-8")

    assert again == first
    assert other != first
    assert [incident["scheduled_for"] for incident in world.vendor.incidents] == ["2026-11-25T06:30:00Z"] * 2


@pytest.mark.parametrize("case", [pytest.param("lost", id="E3-statuspage")])
def test_a_maintenance_whose_answer_was_lost_is_not_made_again(world: World, case: str) -> None:
    world.vendor.break_with(case, method="POST", times=1)

    made = world.schedule()

    assert [incident["id"] for incident in world.vendor.incidents] == [made.number]


def test_our_maintenance_is_found_behind_many_others(world: World) -> None:
    made = world.schedule()
    old = world.vendor.incidents[0]
    world.vendor.incidents[:0] = [old | {"id": str(number), "metadata": {}} for number in range(230)]

    assert world.block.find_maintenance("release-7") == made
    assert world.block.find_maintenance("release-6") is None


def test_a_maintenance_is_completed_once(world: World) -> None:
    made = world.schedule()

    for _ in range(2):
        assert world.block.complete_maintenance(made, "All done").over

    [incident] = world.vendor.incidents
    assert [update["status"] for update in incident["incident_updates"]] == ["completed", "scheduled"]
    assert incident["incident_updates"][0]["body"] == "All done"


def test_a_maintenance_that_is_over_is_followed_by_another(world: World) -> None:
    first = world.schedule()
    world.block.complete_maintenance(first, "Too early")

    second = world.schedule()

    assert second != first
    assert not second.over
    assert world.block.find_maintenance("release-7") == second
    assert world.schedule() == second


def test_a_long_name_is_cut_to_what_statuspage_takes(world: World) -> None:
    assert len(world.schedule(name="x" * 300).name) == 255


def test_what_cannot_be_scheduled_is_refused_in_a_sentence(world: World) -> None:
    with pytest.raises(Refused, match="would end at 06:30 before it starts at 06:30"):
        world.block.schedule_maintenance("release-7", "Release 7", "", starts=STARTS, ends=STARTS)
    world.block.components = ["unheard-of"]
    with pytest.raises(Refused, match="422 Component unheard-of does not exist"):
        world.schedule()


def test_a_page_that_is_not_there_is_a_wrong_setting(world: World) -> None:
    world.block.page = "another"
    with pytest.raises(Misconfigured, match="no page another that the secret STATUSPAGE_TOKEN may see"):
        world.block.find_maintenance("release-7")


class TestFailures(VendorCases):
    kind = Statuspage
    slug = "countersign-statuspage"
    secret = "STATUSPAGE_TOKEN"
