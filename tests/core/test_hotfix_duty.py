"""The duties of the day after a hotfix are asked about until they are done, whatever does not answer meanwhile."""

from datetime import UTC, datetime
from typing import cast

import pytest

from blocks.company import Company
from flows.hotfix_duty import chase
from policy.duties import Duty
from policy.items import Way
from policy.record import Event
from tasks.resolve import BadRequest
from tests.core.company import a_release
from tests.core.process import Process
from tests.core.world import MemoryStore, World
from tests.policy.releases import hotfix_request

AGAIN = datetime(2026, 11, 25, 9, tzinfo=UTC)


@pytest.fixture
def key(company: Company, world: World) -> str:
    """A hotfix that has a record."""
    hotfix = a_release(world).model_copy(update={"way": Way.HOTFIX, "request": hotfix_request()})
    return Process.begin(company, hotfix).run.release.key


def test_a_store_that_is_away_when_a_duty_is_due_ends_no_chase(company: Company, key: str) -> None:
    cast("MemoryStore", company.store).away = True
    again: list[tuple[str, int]] = []

    state = chase(
        company, Duty.BACK_MERGE, key, asked=2, again=AGAIN, ask_again=lambda what, times: again.append((what, times))
    )

    assert again == [(key, 2)]
    assert (state.name, str(state.message).endswith("asked again Wednesday 09:00")) == ("Unknown", True)


def test_what_is_the_key_of_no_hotfix_is_chased_by_nobody(company: Company, world: World) -> None:
    standard = Process.begin(company, a_release(world)).run
    assert standard.record.last(Event.OPENED)

    with pytest.raises(BadRequest, match="is the key of no hotfix"):
        chase(company, Duty.SUMMARY, standard.release.key, asked=0, again=AGAIN, ask_again=lambda *_: None)
