"""A run that ends before its record could be sealed leaves its hold to recovery, and says why."""

from collections.abc import Callable

import pytest
from prefect.logging import disable_run_logger

from blocks.company import Company
from blocks.errors import BlockError, Refused
from blocks.fleet import Server
from blocks.hold import Hold, Holds
from blocks.record import row_key
from flows.hold import cause_of_death, held_run
from policy.plans import Cause
from policy.record import Event, Unreadable
from policy.release import Release
from tasks.run import Run
from tests.core.company import a_release
from tests.core.world import World

OTHER_KEY = "web-server-1: the host's key is not the one in known_hosts; nothing was sent"


def left_behind(holds: Holds) -> Hold:
    left = holds.newest()
    assert left is not None
    return left


def test_what_kept_a_run_from_beginning_is_what_its_hold_says(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_server: Server, _number: int) -> None:
        raise Refused(OTHER_KEY)

    monkeypatch.setattr(company.fleet, "raise_fence", refuse)
    holds = Holds(company.store, "production")

    with disable_run_logger(), pytest.raises(BlockError), held_run(company, holds, a_release(world), over=None):
        pass

    left = left_behind(holds)
    assert cause_of_death(left) is Cause.UNSEALED
    assert (left.released, left.abandoned) == (False, f"{Cause.UNSEALED}: {OTHER_KEY}")


def refuse_it(_run: Run) -> None:
    raise Refused(OTHER_KEY)


def write_on(run: Run) -> None:
    run.record.append(Event.JUDGED)


def spoil_and(act: Callable[[Run], None], company: Company, holds: Holds, release: Release) -> None:
    """Somebody else puts something into the place of the next row while the release goes on."""
    with held_run(company, holds, release, over=None) as run:
        company.store.create(row_key(release.key, len(run.record.rows()) + 1), b"{}")
        act(run)


@pytest.mark.parametrize(
    ("act", "error", "said"),
    [(refuse_it, Refused, OTHER_KEY), (write_on, Unreadable, "not a row of a record: 'digest'")],
    ids=["beside another error", "by itself"],
)
def test_a_record_that_cannot_be_read_hides_no_error_and_is_left_to_recovery(
    company: Company,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    *,
    act: Callable[[Run], None],
    error: type[Exception],
    said: str,
) -> None:
    holds = Holds(company.store, "production")
    monkeypatch.setattr("flows.phase.current_run", object)

    with disable_run_logger(), pytest.raises(error, match=said):
        spoil_and(act, company, holds, a_release(world))

    left = left_behind(holds)
    assert (left.released, left.abandoned) == (False, f"{Cause.UNSEALED}: {said}")
