"""Without a balancer and without metrics: the servers themselves say who serves, and the last one is never stopped."""

from dataclasses import replace

import pytest

from blocks.company import Company
from flows.phase import ChecksFailed
from flows.recovery import recover
from flows.red_flag import RedFlag
from policy.record import Event
from tasks.step import StepFailed
from tests.core.process import Process
from tests.core.scene import ALL_NEW, ALL_OLD, BUILT_AND_KEPT, TOO_LATE, begun, dead_hold, outcome, serving
from tests.core.world import NAMES, World

FIRST, SECOND, THIRD = NAMES
FIRST_UPDATED, FIRST_HEALTHY, SECOND_UPDATED, THIRD_HEALTHY = 3, 4, 6, 10


@pytest.fixture
def least(company: Company) -> Company:
    """The company without what it may lack."""
    return replace(company, balancer=None, staging=None, prometheus=None, database=None, backups=None)


def not_drained(process: Process) -> list[str]:
    return [row.subject for row in process.run.record.rows() if row.event is Event.JUDGED and row.step == "drained"]


def test_every_server_is_updated_and_the_record_says_that_none_was_drained(least: Company, world: World) -> None:
    process = begun(least, world, steps=0)

    process.go_on_to_the_end()

    assert (outcome(process), serving(world)) == ("signed off", ALL_NEW)
    assert not_drained(process) == list(NAMES)
    assert not [act for _, act in world.acts if act.startswith(("drain", "ready", "cut"))]


@pytest.mark.parametrize("steps", [FIRST_UPDATED, FIRST_HEALTHY, SECOND_UPDATED, THIRD_HEALTHY])
def test_whatever_was_touched_goes_back(least: Company, world: World, steps: int) -> None:
    process = begun(least, world, steps=steps)
    process.outlook.speaks_against = RedFlag("health checks failing")

    with pytest.raises(RedFlag):
        process.go_on()

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)


def test_a_new_version_that_is_ill_is_brought_home(least: Company, world: World) -> None:
    world.faults.add("the new version is ill")
    process = begun(least, world, steps=FIRST_UPDATED)

    with pytest.raises(StepFailed, match="web-server-1 is not healthy: HTTP 503"):
        process.go_on()

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)


def test_the_last_server_that_answers_is_not_stopped(least: Company, world: World) -> None:
    process = begun(least, world, steps=BUILT_AND_KEPT)
    for name in (SECOND, THIRD):
        world.machines[name].running = False

    with pytest.raises(ChecksFailed, match="web-server-1 may not leave the rotation: no other server is up"):
        process.go_on()

    assert not [act for _, act in world.acts if act == f"update on {FIRST}"]


def test_one_other_server_that_answers_is_enough_where_two_of_three_may_be_down(least: Company, world: World) -> None:
    process = begun(least, world, steps=BUILT_AND_KEPT, may_be_down=0.7)
    world.machines[THIRD].reachable = False

    process.go_on()

    assert ("update on web-server-1") in [act for _, act in world.acts]


def test_servers_that_give_no_answer_are_not_taken_for_serving(least: Company, world: World) -> None:
    process = begun(least, world, steps=BUILT_AND_KEPT)
    for name in (SECOND, THIRD):
        world.machines[name].reachable = False

    with pytest.raises(ChecksFailed, match="web-server-2: no answer"):
        process.go_on()

    assert not [act for _, act in world.acts if act == f"update on {FIRST}"]


def test_recovery_brings_home_what_a_dead_process_left(least: Company, world: World) -> None:
    process = begun(least, world, steps=SECOND_UPDATED)

    recover(least, dead_hold(least, TOO_LATE))

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
