"""What recovery does with a release whose process died, and when."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.fleet import Server
from blocks.hold import Holds
from flows.recovery import recover
from flows.rollback import release_to_undo, undoing
from policy.first_bad_sign import first_bad_sign
from policy.plans import Back, Cause, Forward, Nothing, Stuck, Wait
from policy.record import Event
from policy.way_back_forms import RollbackReason, RollbackRequest
from tasks.metrics_report import read_release_facts
from tasks.rollout import put_back, taken_out
from tasks.step import StepFailed, perform
from tests.core.company import a_release
from tests.core.process import Process, let_time_pass
from tests.core.scene import (
    ALL_NEW,
    ALL_OLD,
    DEAD,
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
from tests.core.world import NAMES, Died, Hosts, MemoryStore, World
from tests.policy.rows import NEW, OLD

HOLD_TAKEN = 2


@pytest.mark.usefixtures("impatient")
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


def test_recovery_is_measured_from_the_death_of_the_process_not_from_when_it_was_found(
    company: Company, world: World
) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    let_time_pass(company, DEAD)
    recover(company, dead_hold(company, timedelta(0)))

    recover(company, dead_hold(company, TOO_LATE))

    (fact,) = read_release_facts(company)
    assert outcome(process) == "rolled back"
    assert fact.first_bad_at is not None
    assert fact.recovered_at is not None
    assert round((fact.recovered_at - fact.first_bad_at).total_seconds()) == (TOO_LATE + DEAD).total_seconds()


def test_a_cancelled_release_went_bad_when_it_was_cancelled(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    let_time_pass(company, timedelta(seconds=30))
    Holds(company.store, "production").abandon(process.run.number, Cause.CANCELLED)
    let_time_pass(company, timedelta(seconds=10))

    recover(company, dead_hold(company, timedelta(0)))

    (fact,) = read_release_facts(company)
    sign = first_bad_sign(process.run.record.rows())
    assert fact.recovered_at is not None
    assert sign is not None
    assert sign.what == "the run was cancelled"
    assert round((fact.recovered_at - sign.at).total_seconds()) == 10


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


def test_a_release_whose_process_died_before_its_first_row_is_opened_by_the_next_one(
    company: Company, world: World
) -> None:
    world.dies_after = HOLD_TAKEN
    with pytest.raises(Died):
        Process.begin(company, a_release(world))

    process = Process.begin(company, a_release(world), over=dead_hold(company))
    process.go_on_to_the_end()

    rows = process.run.record.rows()
    assert [row.event for row in rows[:2]] == [Event.OPENED, Event.TOOK_OVER]
    undo = RollbackRequest(
        reason=RollbackReason.USER_REPORTS, what_was_seen="nobody is found", requested_by="Omar Reyes"
    )
    assert release_to_undo(company, undo)[0].key == process.run.release.key
    assert [fact.outcome for fact in read_release_facts(company)] == ["signed off"]


class WellAgain(Hosts):
    """Hosts of which the ill one gets well at the moment recovery takes over."""

    def raise_fence(self, server: Server, number: int) -> None:
        """It is well again."""
        self.world.faults.clear()
        super().raise_fence(server, number)


class OutAgain(Hosts):
    """Hosts of which one leaves the rotation at the moment recovery takes over."""

    def raise_fence(self, server: Server, number: int) -> None:
        """It is out."""
        self.world.machines[NAMES[0]].ready = False
        super().raise_fence(server, number)


@pytest.mark.parametrize(
    ("steps", "fault", "hosts"), [(FIRST_APPROVED, "the new version is ill", WellAgain), (VERIFIED, "", OutAgain)]
)
def test_recovery_that_took_over_does_not_let_people_wait_again(
    company: Company, world: World, steps: int, fault: str, hosts: type[Hosts]
) -> None:
    process = begun(company, world, steps=steps)
    world.faults |= {fault} - {""}
    flapping = replace(company, fleet=cast("Any", hosts(world)))

    plan = recover(flapping, dead_hold(company))

    assert isinstance(plan, Back)
    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    assert not [page for page in pages(company) if "rolled back at" in page]


def rolling_back(company: Company, world: World, *, rows: int) -> Process:
    """A finished release that a person rolls back; the process dies after so many rows of its record."""
    original = begun(company, world, steps=VERIFIED)
    original.go_on()
    asked = RollbackRequest(requested_by="Omar Reyes", reason="users report problems", what_was_seen="a white page")
    release = undoing(original.run.release, asked, company, key="20261124-190000-aaaaaaaa")
    process = Process.begin(company, release)
    borrowed = [row for row in original.run.record.rows() if row.event in (Event.BUILT, Event.WAY_BACK)]
    for row in borrowed[:rows]:
        process.run.record.append(row.event, item=row.item, facts=row.facts)
    return process


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_a_roll_back_whose_process_died_before_it_touched_anything_goes_on(
    company: Company, world: World, rows: int
) -> None:
    process = rolling_back(company, world, rows=rows)

    plan = recover(company, dead_hold(company))

    assert isinstance(plan, Back)
    assert plan.sentence.startswith(
        "rolled back: every server that it touched runs a1a1a1a again: a person asked for the roll-back: Omar Reyes"
        " asked for it, and its process died"
    )
    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    assert [row.event for row in process.run.record.rows()].count(Event.WAY_BACK) == 1


def test_a_roll_back_whose_process_died_between_the_servers_brings_back_all_of_them(
    company: Company, world: World
) -> None:
    process = rolling_back(company, world, rows=2)
    perform(taken_out(process.run.servers[0], process.run), process.run)
    perform(put_back(process.run.servers[0], process.run), process.run)

    recover(company, dead_hold(company))

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    assert pages(company) == []


def test_a_roll_back_whose_way_back_is_lost_is_given_to_people(company: Company, world: World) -> None:
    process = rolling_back(company, world, rows=0)
    store = company.store
    assert isinstance(store, MemoryStore)
    for key in [key for key in store.kept if process.run.release.undoes in key]:
        del store.kept[key]

    assert isinstance(recover(company, dead_hold(company)), Stuck)

    assert outcome(process) == "stuck"
    assert "which was to be rolled back, is not in the store" in pages(company)[0]
    assert "web-server-1: sha256:b2b2b2b2b2b2, in rotation" in pages(company)[0]


def test_a_hold_without_a_record_is_given_back(company: Company) -> None:
    holds = Holds(company.store, "production")
    holds.take(release="nothing written", by="Ana Souza", what="b2b2b2b", above=0)

    assert isinstance(recover(company, dead_hold(company)), Nothing)
    newest = holds.newest()
    assert newest is not None
    assert newest.released
