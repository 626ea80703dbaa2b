"""What recovery does with a release whose process died, and when."""

import pytest

from blocks.company import Company
from blocks.hold import Holds
from flows.recovery import recover
from policy.way_home import Back, Forward, Nothing, Stuck, Wait
from tasks.step import StepFailed
from tests.core.scene import (
    ALL_NEW,
    ALL_OLD,
    FIRST_APPROVED,
    FIRST_DRAINED,
    TOO_LATE,
    VERIFIED,
    begun,
    dead_hold,
    deployed_by_hand,
    outcome,
    pages,
    serving,
)
from tests.core.world import MemoryStore, World
from tests.policy.rows import NEW, OLD


def test_a_release_goes_home_while_the_store_is_away_and_recovery_merges_what_it_wrote(
    company: Company, world: World
) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    store = company.store
    assert isinstance(store, MemoryStore)
    store.away = True

    with pytest.raises(StepFailed, match="the store does not answer"):
        process.go_on()

    assert serving(world) == ALL_OLD
    assert process.run.record.waits_in_spool
    store.away = False
    recovered = recover(company, dead_hold(company))
    assert isinstance(recovered, Nothing)
    assert outcome(process) == "rolled back"
    newest = Holds(company.store, "production").newest()
    assert newest is not None
    assert newest.released


def test_people_may_choose_while_nobody_is_ill_then_it_goes_back(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)

    assert isinstance(recover(company, dead_hold(company)), Wait)
    assert "rolled back at" in pages(company)[0]
    assert serving(world) == [(NEW, True), (OLD, True), (OLD, True)]

    assert isinstance(recover(company, dead_hold(company, TOO_LATE)), Back)
    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)


def test_a_dead_release_with_an_ill_server_goes_back_at_once(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    world.faults.add("the new version is ill")

    assert isinstance(recover(company, dead_hold(company)), Back)
    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)


def test_a_dead_release_with_a_stopped_server_goes_back_at_once(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_DRAINED)
    world.machines["web-server-1"].running = False

    assert isinstance(recover(company, dead_hold(company)), Back)
    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    assert world.machines["web-server-1"].running


def test_a_dead_release_that_was_verified_is_signed_off(company: Company, world: World) -> None:
    process = begun(company, world, steps=VERIFIED)

    assert isinstance(recover(company, dead_hold(company)), Forward)
    assert (outcome(process), serving(world)) == ("signed off", ALL_NEW)


def test_a_person_need_not_wait_for_a_dead_release(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)

    assert isinstance(recover(company, dead_hold(company), asked="Omar Reyes: users report problems"), Back)
    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)


def test_a_dead_release_beside_a_repair_is_left_to_people(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    deployed_by_hand(world)

    assert isinstance(recover(company, dead_hold(company)), Stuck)
    assert outcome(process) == "stuck"


def test_a_hold_without_a_record_is_given_back(company: Company) -> None:
    holds = Holds(company.store, "production")
    holds.take(release="nothing written", by="Ana Souza", what="b2b2b2b", above=0)

    assert isinstance(recover(company, dead_hold(company)), Nothing)
    newest = holds.newest()
    assert newest is not None
    assert newest.released
