"""2.3: each server builds what it runs, and goes back to what it ran before, also where that was built there."""

from dataclasses import replace
from typing import Any, cast

import pytest

from blocks.company import Company
from flows.recovery import borrow_way_back, recover
from flows.red_flag import RedFlag
from flows.rollback import release_to_undo, undoing
from flows.way_home import go_home
from policy.items import Way
from policy.judgement import Verdict
from policy.plans import Cause, Why
from policy.record import Event, last
from policy.release import ManualReason, ManualRequest, Release
from policy.way_back_forms import RollbackRequest
from policy.way_home import touched_servers
from tasks.item import answer
from tasks.preparation import way_back_known
from tasks.step import StepFailed
from tests.core.company import a_release
from tests.core.process import Process
from tests.core.scene import ALL_OLD, TOO_LATE, dead_hold, outcome, serving
from tests.core.world import BUILT, NAMES, World
from tests.policy import releases

FIRST = NAMES[0]
ALL_BUILT = [(BUILT[name], True) for name in NAMES]
BUILT_AND_KEPT, FIRST_UPDATED, SECOND_UPDATED = 2, 4, 9


def manual(world: World) -> Release:
    """A release without the pipeline."""
    asked = ManualRequest(**releases.request().model_dump(), reason=ManualReason.PIPELINE_BROKEN)
    return a_release(world).model_copy(update={"way": Way.MANUAL, "request": asked})


def begun(company: Company, world: World, *, steps: int) -> Process:
    process = Process.begin(company, manual(world))
    for _ in range(steps):
        process.go_on()
    return process


def checkouts(world: World) -> set[str]:
    return {machine.checkout for machine in world.machines.values()}


def test_every_server_runs_what_it_built_and_its_checkout_went_along(company: Company, world: World) -> None:
    process = begun(company, world, steps=0)

    process.go_on_to_the_end()

    assert (outcome(process), serving(world)) == ("signed off", ALL_BUILT)
    assert checkouts(world) == {releases.NEW_COMMIT}
    built = last(process.run.record.rows(), Event.BUILT)
    assert built is not None
    assert (built.item, built.facts["on_servers"]) == ("2.3.1", BUILT)
    compared = [
        row.facts["sentence"] for row in process.run.record.rows() if row.step == "compared with the standard way"
    ]
    assert "2.1.1" in compared[0]


def test_nothing_that_runs_is_touched_before_every_server_has_built(company: Company, world: World) -> None:
    world.faults.add("build")

    with pytest.raises(StepFailed, match=r"2\.3\.1 web-server-1 image built: web-server-1: build ended with 1"):
        begun(company, world, steps=1)

    assert serving(world) == ALL_OLD
    assert checkouts(world) == {releases.OLD_COMMIT}
    assert not [act for _, act in world.acts if act.startswith(("drain", "update", "restore"))]


def test_a_build_that_fails_ends_as_a_release_that_touched_nothing(company: Company, world: World) -> None:
    process = Process.begin(company, manual(world))
    world.faults.add("build")

    with pytest.raises(StepFailed):
        process.go_on()

    assert outcome(process) == "stopped"
    assert touched_servers(process.run.record.rows()) == ()


def test_a_checkout_that_was_changed_by_hand_is_left_alone(company: Company, world: World) -> None:
    world.faults.add("changed by hand")

    with pytest.raises(StepFailed, match=r"changes that are in no commit \(docker-compose\.prod\.yml\)"):
        begun(company, world, steps=1)

    assert {machine.laid_out for machine in world.machines.values()} == {"nothing"}


@pytest.mark.parametrize("steps", [FIRST_UPDATED, SECOND_UPDATED])
def test_whatever_was_touched_goes_back_with_its_checkout(company: Company, world: World, steps: int) -> None:
    process = begun(company, world, steps=steps)
    process.outlook.speaks_against = RedFlag("4.1 % errors")

    with pytest.raises(RedFlag):
        process.go_on()

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    assert checkouts(world) == {releases.OLD_COMMIT}


def test_recovery_knows_what_each_server_built(company: Company, world: World) -> None:
    process = begun(company, world, steps=SECOND_UPDATED)

    recover(company, dead_hold(company, TOO_LATE))

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)


def test_an_image_that_was_built_there_is_a_way_back_while_the_server_has_it(company: Company, world: World) -> None:
    for machine in world.machines.values():
        machine.digest = BUILT[machine.name]
        machine.images = {machine.digest}
    pulls_nothing = cast("Any", type("Registry", (), {"can_pull": lambda _self, _digest: False})())
    process = Process.begin(replace(company, registry=pulls_nothing), a_release(world))

    known = answer(way_back_known, process.run)
    world.machines[FIRST].images.clear()
    gone = answer(way_back_known, process.run)

    assert (known.verdict, known.sentence.count("built there")) == (Verdict.PASSED, 3)
    assert gone.verdict is Verdict.FAILED
    assert f"was built on {FIRST} and is gone from it; there is nothing to roll back to" in gone.sentence


def test_a_release_that_built_nothing_is_not_the_one_to_undo_where_a_server_says_nothing(
    company: Company, world: World
) -> None:
    Process.begin(company, a_release(world).model_copy(update={"key": "20261124-090000-a"})).go_on_to_the_end()
    failing = Process.begin(company, manual(world).model_copy(update={"key": "20261124-100000-b"}))
    world.faults.add("build")
    with pytest.raises(StepFailed):
        failing.go_on()
    world.machines[NAMES[1]].digest = cast("Any", None)
    world.machines[NAMES[1]].running = False

    asked = RollbackRequest(requested_by="Omar Reyes", reason="users report problems", what_was_seen="a white page")
    undone, _ = release_to_undo(company, asked)

    assert undone.key == "20261124-090000-a"


def test_a_person_rolls_back_what_every_server_built(company: Company, world: World) -> None:
    done = begun(company, world, steps=0)
    done.go_on_to_the_end()
    asked = RollbackRequest(requested_by="Omar Reyes", reason="users report problems", what_was_seen="a white page")
    original, _ = release_to_undo(company, asked)

    process = Process.begin(company, undoing(original, asked, company, key="20261124-190000-aaaaaaaa"))
    borrow_way_back(process.run)
    go_home(process.run, Why(Cause.ROLLBACK_ASKED, "a white page"))

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    assert checkouts(world) == {releases.OLD_COMMIT}
