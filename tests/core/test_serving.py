"""No server leaves the rotation while nobody knows whether the others can carry its load."""

from dataclasses import replace
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.errors import Misconfigured
from flows.phase import ChecksFailed
from policy.resources import Connections
from tests.core.company import Figures
from tests.core.scene import ALL_OLD, BUILT_AND_KEPT, begun, outcome, serving
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
