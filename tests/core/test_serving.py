"""No server leaves the rotation while nobody knows whether the others carry its load, or where no image is to run."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.errors import Misconfigured
from flows.phase import ChecksFailed
from policy.resources import Connections
from tasks.step import StepFailed
from tests.core.company import Figures
from tests.core.scene import (
    ALL_OLD,
    BUILT,
    BUILT_AND_KEPT,
    FIRST_APPROVED,
    begun,
    deployed_by_hand,
    outcome,
    serving,
)
from tests.core.world import NAMES, World


class HidesConnections(Figures):
    """A database that shows our user nothing of what others do."""

    def count_connections(self) -> Connections:
        """Say what is missing."""
        raise Misconfigured("database holi: grant it: GRANT pg_monitor TO reader")


def test_a_database_that_hides_its_connections_stops_the_release_before_the_first_change(
    company: Company, world: World
) -> None:
    blind = replace(company, database=cast("Any", HidesConnections()))
    process = begun(blind, world, steps=BUILT_AND_KEPT)

    with pytest.raises(ChecksFailed, match=r"web-server-1 may not leave the rotation: .*: GRANT pg_monitor TO reader"):
        process.go_on()

    assert (outcome(process), serving(world)) == ("stopped", ALL_OLD)


def test_r11_where_there_is_no_room_for_the_new_image_no_server_leaves_the_rotation(
    company: Company, world: World
) -> None:
    """R11: the pull comes before any drain."""
    process = begun(company, world, steps=BUILT)
    world.faults.add("pull")

    with pytest.raises(StepFailed, match="web-server-1: pull ended with 1"):
        process.go_on_to_the_end()

    assert (outcome(process), serving(world)) == ("stopped", ALL_OLD)
    assert not [act for _, act in world.acts if act.startswith("drain")]


def test_r11_a_disk_that_is_full_by_then_leaves_no_server_on_the_new_version(company: Company, world: World) -> None:
    """R11: the second server could take the image and cannot start it."""
    process = begun(company, world, steps=FIRST_APPROVED)
    world.faults.add("update")

    with pytest.raises(StepFailed, match="web-server-2: update ended with 1"):
        process.go_on_to_the_end()

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)


def test_a_new_version_that_became_ill_after_its_approval_is_the_first_reason_of_its_way_home(
    company: Company, world: World
) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    world.faults.add("the new version is ill")
    ill = "web-server-1, on the new version, is ill: HTTP 503, status 'unhealthy'; expected 200"
    left = "without web-server-2 only 1 of 3 servers would serve (web-server-3), at least 2 must"

    with pytest.raises(ChecksFailed) as raised:
        process.go_on()

    assert str(raised.value) == f"{ill}; web-server-2 may not leave the rotation: {left}"
    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)


def _drained_by_hand(world: World) -> None:
    world.machines[NAMES[1]].ready = False


def _out_of_reach(world: World) -> None:
    world.machines[NAMES[1]].reachable = False


def _stopped(world: World) -> None:
    world.machines[NAMES[1]].running = False


def _another_and_out(world: World) -> None:
    deployed_by_hand(world)
    _drained_by_hand(world)


@pytest.mark.parametrize(
    ("breaks", "why"),
    [
        (_drained_by_hand, "web-server-2, on the old version, is out of rotation (drain)"),
        (_out_of_reach, "web-server-2, on a version that is not known, does not answer: web-server-2: no answer"),
        (_stopped, "web-server-2, on the old version, is ill: its container does not run"),
        (_another_and_out, "web-server-2, on a version that is neither the new nor the old one, is out of rotation"),
    ],
)
def test_who_may_not_leave_is_told_which_server_is_missing_with_its_version_and_why(
    company: Company, world: World, breaks: Callable[[World], None], why: str
) -> None:
    process = begun(company, world, steps=BUILT_AND_KEPT)
    breaks(world)

    with pytest.raises(ChecksFailed) as raised:
        process.go_on()

    assert str(raised.value).startswith("web-server-1 may not leave the rotation: without web-server-1 only 1 of 3")
    assert why in str(raised.value)
