"""Bringing releases home in a world that can be broken by name; what counts is what the servers serve then."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.errors import Refused
from blocks.fleet import Server
from blocks.hold import Holds
from flows.choice import ApprovalRefused
from flows.hold import HoldLost
from flows.phase import ChecksFailed
from flows.recovery import recover
from flows.red_flag import RedFlag
from flows.sign_off import sign_off
from flows.way_home import way_home
from policy.plans import Back
from policy.resources import Usage
from tasks.rollout import drained
from tasks.step import StepFailed, perform
from tests.core.company import Code, Figures
from tests.core.process import Process
from tests.core.scene import (
    ALL_BACK,
    ALL_NEW,
    ALL_OLD,
    BUILT_AND_KEPT,
    FIRST_APPROVED,
    FIRST_BACK,
    FIRST_DRAINED,
    FIRST_UPDATED,
    SECOND_BACK,
    VERIFIED,
    begun,
    dead_hold,
    deployed_by_hand,
    outcome,
    pages,
    serving,
)
from tests.core.world import NAMES, Hosts, MemoryStore, World
from tests.policy.releases import NEW_COMMIT, OLD_COMMIT
from tests.policy.rows import NEW, OLD


def production_of(company: Company) -> str:
    """Return what the branch `production` says that the servers serve."""
    return cast("Code", company.github).refs["production"]


def test_a_release_that_nothing_speaks_against_is_signed_off(company: Company, world: World) -> None:
    process = begun(company, world, steps=VERIFIED)
    assert production_of(company) == OLD_COMMIT

    process.go_on()

    assert (outcome(process), serving(world)) == ("signed off", ALL_NEW)
    assert production_of(company) == NEW_COMMIT
    newest = Holds(company.store, "production").newest()
    assert newest is not None
    assert newest.released


@pytest.mark.parametrize("steps", [FIRST_DRAINED, FIRST_UPDATED, FIRST_BACK, FIRST_APPROVED, SECOND_BACK, ALL_BACK])
@pytest.mark.parametrize("why", [RedFlag("4.1 % errors"), ApprovalRefused("Omar Reyes chose to roll back")])
def test_whatever_was_touched_goes_back(company: Company, world: World, steps: int, why: Exception) -> None:
    process = begun(company, world, steps=steps)
    process.outlook.speaks_against = why
    cast("Code", company.github).refs["production"] = NEW_COMMIT

    with pytest.raises(type(why)):
        process.go_on()

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    assert production_of(company) == OLD_COMMIT
    assert world.drained_the_last == []


@pytest.mark.parametrize("steps", [FIRST_BACK, SECOND_BACK, ALL_BACK])
def test_on_the_way_home_no_server_is_restarted_while_it_gets_requests(
    company: Company, world: World, steps: int
) -> None:
    process = begun(company, world, steps=steps)
    process.outlook.speaks_against = RedFlag("4.1 % errors")
    begins = len(world.acts)

    with pytest.raises(RedFlag):
        process.go_on()

    acts = [act for _, act in world.acts[begins:]]
    for name in NAMES:
        if f"restore on {name}" in acts:
            assert f"drain {name}" in acts[: acts.index(f"restore on {name}")], acts


def test_before_the_first_change_nothing_is_brought_home(company: Company, world: World) -> None:
    process = begun(company, world, steps=BUILT_AND_KEPT)
    process.outlook.speaks_against = RedFlag("users report problems")

    with pytest.raises(RedFlag):
        process.go_on()

    assert (outcome(process), serving(world)) == ("stopped", ALL_OLD)


def test_a_new_version_that_is_ill_is_brought_home(company: Company, world: World) -> None:
    world.faults.add("the new version is ill")
    process = begun(company, world, steps=FIRST_UPDATED)

    with pytest.raises(StepFailed, match="web-server-1 is not healthy: HTTP 503"):
        process.go_on()

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)


def test_r1_an_update_that_ends_well_and_changes_nothing_is_a_step_that_failed(company: Company, world: World) -> None:
    """R1: `compose up` ends with 0 and the container is the one before."""
    world.faults.add("up changes nothing")
    process = begun(company, world, steps=FIRST_DRAINED)

    with pytest.raises(StepFailed, match=f"web-server-1 runs {OLD[:19]}, expected {NEW[:19]}"):
        process.go_on()

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)


def test_r5_a_server_with_sessions_still_open_fails_its_drain_and_is_back_on_the_old_version(
    company: Company, world: World
) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    world.faults.add("requests never end")

    with pytest.raises(StepFailed, match=r"web-server-2 is out of rotation \(drain\) with 1 request in flight"):
        process.go_on()

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    assert "update on web-server-2" not in [act for _, act in world.acts]


def test_the_last_server_that_is_up_is_never_drained(company: Company, world: World) -> None:
    process = begun(company, world, steps=BUILT_AND_KEPT)
    for name in NAMES[1:]:
        world.machines[name].running = False

    with pytest.raises(ChecksFailed, match=r"web-server-1 may not leave .* the last one is never drained"):
        process.go_on()

    assert world.drained_the_last == []
    assert world.machines[NAMES[0]].ready


def test_a_server_that_somebody_repairs_by_hand_is_not_even_drained(company: Company, world: World) -> None:
    process = begun(company, world, steps=BUILT_AND_KEPT)
    world.machines[NAMES[0]].held = True

    with pytest.raises(ChecksFailed, match=r"web-server-1 may not leave .* a file HOLD lies there"):
        process.go_on()

    assert world.machines[NAMES[0]].ready
    assert outcome(process) == "stopped"


def test_a_server_whose_last_neighbour_dies_meanwhile_is_not_drained(company: Company, world: World) -> None:
    run = begun(company, world, steps=BUILT_AND_KEPT).run
    for name in NAMES[1:]:
        world.machines[name].running = False

    with pytest.raises(StepFailed, match="web-server-1 may not leave the rotation: no other server is up"):
        perform(drained(run.servers[0], run), run)

    assert serving(world) == ALL_OLD


def test_a_drained_server_whose_last_neighbour_dies_is_put_back_at_once(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_DRAINED)
    for name in NAMES[1:]:
        world.machines[name].running = False

    with pytest.raises(StepFailed, match="no other server is up"):
        process.go_on()

    assert serving(world) == ALL_OLD
    assert "is not seen to be well" in pages(company)[0]


def test_a_server_out_of_reach_is_given_to_people(company: Company, world: World) -> None:
    process = begun(company, world, steps=SECOND_BACK)
    world.machines["web-server-2"].reachable = False
    process.outlook.speaks_against = RedFlag("4.1 % errors")

    with pytest.raises(RedFlag):
        process.go_on()

    assert outcome(process) == "stuck"
    assert world.machines["web-server-1"].digest == OLD
    assert "web-server-2: does not answer" in pages(company)[0]
    assert "`ssh web-server-2 sh" in pages(company)[0]


def _held_by_hand(world: World) -> None:
    world.machines["web-server-2"].held = True


@pytest.mark.parametrize("by_hand", [deployed_by_hand, _held_by_hand])
def test_whoever_repairs_by_hand_is_left_alone_and_on_call_is_paged(
    company: Company, world: World, by_hand: Callable[[World], None]
) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    by_hand(world)
    before = len(world.acts)
    process.outlook.speaks_against = RedFlag("4.1 % errors")

    with pytest.raises(RedFlag):
        process.go_on()

    assert outcome(process) == "stuck"
    assert len(world.acts) == before
    assert "Somebody is repairing by hand" in pages(company)[0]


class RefusingFigures(Figures):
    """A metrics system that answers, and says no."""

    def read_usage(self, servers: Collection[str]) -> tuple[Usage, ...]:
        """Refuse it."""
        raise Refused(f"bad query for {', '.join(servers)}")


class OtherSettings(Hosts):
    """The fleet as the settings name it after somebody took the second server out of them."""

    def find(self, name: str) -> Server:
        """Refuse the one that is gone."""
        if name == NAMES[1]:
            raise Refused(f"no server is called {name!r}")
        return super().find(name)


def full(spool: Path) -> None:
    """The worker's disk takes no row."""
    spool.write_bytes(b"")


def test_with_neither_store_nor_spool_whatever_was_touched_goes_back_and_people_know(
    company: Company, world: World
) -> None:
    process = begun(company, world, steps=SECOND_BACK)
    store = cast("MemoryStore", company.store)
    full(company.spool)
    store.away = True
    process.outlook.speaks_against = HoldLost("the heartbeat could not be renewed")

    with pytest.raises(HoldLost):
        process.go_on()

    assert serving(world) == ALL_OLD
    (page,) = pages(company)
    assert "lies in the memory of one process only" in page
    assert str(company.spool) in page
    store.away = False
    process.run.record.merge()
    assert outcome(process) == "rolled back"


def test_what_only_memory_had_is_done_again_by_recovery(company: Company, world: World) -> None:
    process = begun(company, world, steps=SECOND_BACK)
    store = cast("MemoryStore", company.store)
    full(company.spool)
    store.away = True
    process.outlook.speaks_against = HoldLost("the heartbeat could not be renewed")
    with pytest.raises(HoldLost):
        process.go_on()
    store.away = False
    acts = len(world.acts)

    assert isinstance(recover(company, dead_hold(company)), Back)

    assert (outcome(process), serving(world), world.acts[acts:]) == ("rolled back", ALL_OLD, [])


def test_a_metrics_system_that_says_no_ends_no_way_home(company: Company, world: World) -> None:
    process = begun(replace(company, prometheus=cast("Any", Figures())), world, steps=FIRST_APPROVED)
    process.run.company = replace(company, prometheus=cast("Any", RefusingFigures()))
    process.outlook.speaks_against = RedFlag("4.1 % errors")

    with pytest.raises(RedFlag):
        process.go_on()

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)


def test_a_server_that_the_settings_name_no_more_is_given_to_people_and_the_others_go_back(
    company: Company, world: World
) -> None:
    process = begun(company, world, steps=SECOND_BACK)
    process.run.company = replace(company, fleet=cast("Any", OtherSettings(world)))
    process.outlook.speaks_against = RedFlag("4.1 % errors")

    with pytest.raises(RedFlag):
        process.go_on()

    assert outcome(process) == "stuck"
    assert world.machines[NAMES[0]].digest == OLD
    assert "Not brought back: web-server-2" in pages(company)[0]


def sign_off_and_lose_the_answer(process: Process) -> None:
    with way_home(process.run):
        sign_off(process.run)
        raise StepFailed("the answer was lost")


def test_what_ended_is_not_brought_home_when_the_answer_was_lost(company: Company, world: World) -> None:
    process = begun(company, world, steps=VERIFIED)

    with pytest.raises(StepFailed, match="the answer was lost"):
        sign_off_and_lose_the_answer(process)

    assert (outcome(process), serving(world)) == ("signed off", ALL_NEW)
