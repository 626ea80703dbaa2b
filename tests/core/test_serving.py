"""No server leaves the rotation while nobody knows whether the others carry its load, or where no image is to run."""

from dataclasses import replace
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.errors import Misconfigured
from flows.phase import ChecksFailed
from policy.resources import Connections
from tasks.step import StepFailed
from tests.core.company import Figures
from tests.core.scene import ALL_OLD, BUILT, BUILT_AND_KEPT, FIRST_APPROVED, begun, outcome, serving
from tests.core.world import World


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
