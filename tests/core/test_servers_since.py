"""A roll-back of an earlier release acts on the servers that there are now, not on those of the day it was opened."""

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.fleet import Server
from flows import rollback
from flows.hold import AskedToStop
from policy.plans import Back, Stuck
from policy.record import Event, last
from policy.resources import Usage
from tasks.records import read_rows
from tests.core.company import Figures
from tests.core.scene import ALL_OLD, FIRST_BACK, VERIFIED, begun, pages, serving
from tests.core.test_asked_back import ASKED, UNDOING, WHY, ends_when_asked, planned
from tests.core.world import NAMES, Hosts, Machine, World
from tests.policy.rows import NEW, OLD, THIRD

ADDED = "web-server-4"


class WithoutTheSecond(Hosts):
    """The fleet as the settings name it after somebody took the second server out of them."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.servers: tuple[Server, ...] = tuple(one for one in self.servers if one.name != NAMES[1])


class Busy(Figures):
    """Prometheus: no server can carry more than it does."""

    def read_usage(self, servers: Collection[str]) -> tuple[Usage, ...]:
        """Return much use."""
        return tuple(Usage(name, cpu=0.69, memory=0.1, disk=0.1) for name in servers)


@pytest.fixture(autouse=True)
def in_prefect(monkeypatch: pytest.MonkeyPatch) -> None:
    """The roll-back is a flow run, whose release has a name of its own; recovery's schedule is not there to switch."""
    monkeypatch.setattr(rollback, "release_key", lambda: UNDOING)
    monkeypatch.setattr(rollback, "recovery_awake", lambda _environment: nullcontext())


@pytest.fixture
def live(company: Company, world: World) -> Company:
    """Every server serves a release that was signed off."""
    begun(company, world, steps=VERIFIED).go_on_to_the_end()
    return company


def with_another(company: Company, world: World, digest: str) -> Company:
    """The settings name one server more, which runs this."""
    world.machines[ADDED] = Machine(ADDED, digest=digest)
    return replace(company, fleet=cast("Any", Hosts(world)))


def test_a_server_that_came_since_is_taken_out_and_named_and_the_others_go_back(live: Company, world: World) -> None:
    known = with_another(live, world, NEW)

    plan = rollback.go_back(known, ASKED, WHY)

    assert isinstance(plan, Stuck)
    assert serving(world) == [*ALL_OLD, (NEW, False)]
    page = pages(known)[0]
    assert f"{ADDED} came after 20261124-180000-1f2e3d4c and keeps nothing of it. By hand: copy" in page
    assert f"• {ADDED}: sha256:b2b2b2b2b2b2, out of rotation" in page
    assert f"ssh {ADDED} sh" not in page
    assert not any(ADDED in what and "restore" in what for _, what in world.acts)


def test_one_that_the_others_cannot_do_without_stays_in_rotation_and_is_named(live: Company, world: World) -> None:
    known = replace(with_another(live, world, NEW), prometheus=cast("Any", Busy()))

    assert isinstance(rollback.go_back(known, ASKED, WHY), Stuck)

    assert serving(world) == [*ALL_OLD, (NEW, True)]


def test_one_that_runs_the_version_before_is_back_already(live: Company, world: World) -> None:
    known = with_another(live, world, OLD)

    plan = rollback.go_back(known, ASKED, WHY)

    assert isinstance(plan, Back)
    assert serving(world) == [*ALL_OLD, (OLD, True)]
    release = rollback.read_release(known, UNDOING)[0]
    assert release.servers == (*NAMES, ADDED)
    sealed = last(read_rows(known, UNDOING), Event.SEALED)
    assert sealed is not None
    assert sealed.facts["outcome"] == "rolled back"


def test_one_that_runs_another_version_yet_is_left_as_it_is_and_keeps_nobody_from_going_back(
    live: Company, world: World
) -> None:
    known = with_another(live, world, THIRD)

    assert isinstance(rollback.go_back(known, ASKED, WHY), Stuck)

    assert serving(world) == [*ALL_OLD, (THIRD, True)]
    assert f"{ADDED} came after" in pages(known)[0]


def test_one_that_was_taken_away_since_keeps_no_roll_back_from_ending_well(live: Company, world: World) -> None:
    known = replace(live, fleet=cast("Any", WithoutTheSecond(world)))

    plan = rollback.go_back(known, ASKED, WHY)

    assert isinstance(plan, Back)
    assert [one.digest for one in world.machines.values()] == [OLD, NEW, OLD]
    assert pages(known) == []


def test_a_plan_shows_what_came_since(live: Company, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    known = with_another(live, world, NEW)
    page = planned(monkeypatch)

    rollback.show_way_back(known, ASKED, WHY)

    assert f"{ADDED} came after 20261124-180000-1f2e3d4c" in page["markdown"]
    assert page["markdown"].count("roll-back.sh") == len(NAMES)


def test_a_release_that_is_under_way_goes_home_on_its_own_servers(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = begun(company, world, steps=FIRST_BACK)
    ends_when_asked(process, AskedToStop("Omar Reyes asked for it"), monkeypatch)
    known = with_another(company, world, OLD)

    rollback.go_back(known, ASKED, WHY)

    assert serving(world) == [*ALL_OLD, (OLD, True)]
    assert process.run.release.servers == NAMES
