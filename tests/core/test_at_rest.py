"""What a release leaves open is said by the doctor: of the hold, the record, the servers and the balancer."""

from collections.abc import Iterator
from typing import cast

import pytest

from blocks.company import Company
from blocks.hold import Holds
from flows.break_hold import break_hold_of
from policy.diagnosis import Finding
from policy.judgement import Verdict
from policy.way_back_forms import BreakHoldRequest
from tasks.doctor_at_rest import try_balancer, try_store, try_versions
from tests.core.scene import FIRST_BACK, FIRST_DRAINED, FIRST_UPDATED, begun, dead_hold
from tests.core.world import NAMES, MemoryStore, World

HOLD, NEWEST = ("store", "hold"), ("store", "newest release")
VERSION, ROTATION = ("servers", "one version"), ("balancer", "in rotation")


def rows(company: Company) -> Iterator[Finding]:
    yield from try_store(company)
    yield from try_versions(company)
    yield from try_balancer(company)


def look(company: Company) -> dict[tuple[str, str], Finding]:
    return {(one.part, one.tried): one for one in rows(company)}


def red(company: Company) -> set[tuple[str, str]]:
    return {place for place, one in look(company).items() if one.is_red}


def test_production_that_nobody_ever_released_to_is_at_rest(company: Company) -> None:
    assert all(one.is_well for one in rows(company))


@pytest.mark.parametrize("steps", [FIRST_DRAINED, FIRST_UPDATED, FIRST_BACK])
def test_while_a_release_lives_nothing_that_it_does_is_red(company: Company, world: World, steps: int) -> None:
    begun(company, world, steps=steps)

    assert all(one.is_well for one in rows(company))


def test_a_process_that_died_between_the_servers_is_red_with_which_is_where_and_who_goes_on(
    company: Company, world: World
) -> None:
    process = begun(company, world, steps=FIRST_UPDATED)
    dead_hold(company)

    found = look(company)

    assert red(company) == {HOLD, VERSION, ROTATION}
    assert f"hold 1 of {process.run.release.request.requested_by}" in found[HOLD].judgement.sentence
    assert "its record is open" in found[HOLD].judgement.sentence
    assert "recovery takes it over" in found[HOLD].next_step
    assert f"{NAMES[1]}, {NAMES[2]} are on" in found[VERSION].judgement.sentence
    assert f"{NAMES[0]} (drain, up) is out of rotation" in found[ROTATION].judgement.sentence
    assert found[NEWEST].judgement.sentence == "not tried: see store, hold"


def test_after_a_hold_was_broken_the_servers_still_differ_and_the_release_waits_for_people(
    company: Company, world: World
) -> None:
    begun(company, world, steps=FIRST_BACK)
    dead_hold(company)
    break_hold_of(company, BreakHoldRequest(requested_by="Omar Reyes", reason="I go on by hand"))

    found = look(company)

    assert red(company) == {NEWEST, VERSION}
    assert found[HOLD].is_well
    assert "was left to people" in found[NEWEST].judgement.sentence
    assert "no release is at it" in found[VERSION].judgement.sentence
    assert "`Rollback/rollback`" in found[VERSION].next_step


def test_a_server_that_somebody_took_out_is_red_and_the_line_that_brings_it_back_is_shown(
    company: Company, world: World
) -> None:
    world.machines[NAMES[1]].ready = False

    found = look(company)

    assert red(company) == {ROTATION}
    assert f"ready {NAMES[1]}" in found[ROTATION].next_step


def test_a_record_that_nobody_ends_any_more_is_red(company: Company, world: World) -> None:
    process = begun(company, world, steps=0)
    Holds(company.store, "production").release(process.run.number)

    assert red(company) == {NEWEST}


def test_without_the_store_servers_that_differ_are_not_known_to_be_a_dead_release(
    company: Company, world: World
) -> None:
    begun(company, world, steps=FIRST_UPDATED)
    cast("MemoryStore", company.store).away = True

    found = look(company)

    assert {one.judgement.verdict for place, one in found.items() if place in {VERSION, ROTATION}} == {Verdict.UNKNOWN}
    assert found[HOLD].judgement.sentence == "not tried: see store, records and holds"


def test_a_server_that_does_not_answer_leaves_the_version_unknown(company: Company, world: World) -> None:
    world.machines[NAMES[1]].reachable = False

    assert look(company)[VERSION].judgement.verdict is Verdict.UNKNOWN
