"""A run that ends before its record could be sealed leaves its hold to recovery, and says why."""

import pytest
from prefect.logging import disable_run_logger

from blocks.company import Company
from blocks.errors import BlockError, Refused
from blocks.fleet import Server
from blocks.hold import Holds
from flows.hold import cause_of_death, held_run
from policy.plans import Cause
from tests.core.company import a_release
from tests.core.world import World

OTHER_KEY = "web-server-1: the host's key is not the one in known_hosts; nothing was sent"


def test_what_kept_a_run_from_beginning_is_what_its_hold_says(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_server: Server, _number: int) -> None:
        raise Refused(OTHER_KEY)

    monkeypatch.setattr(company.fleet, "raise_fence", refuse)
    holds = Holds(company.store, "production")

    with disable_run_logger(), pytest.raises(BlockError), held_run(company, holds, a_release(world), over=None):
        pass

    left = holds.newest()
    assert left is not None
    assert cause_of_death(left) is Cause.UNSEALED
    assert (left.released, left.abandoned) == (False, f"{Cause.UNSEALED}: {OTHER_KEY}")
