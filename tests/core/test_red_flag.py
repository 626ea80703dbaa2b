"""A red flag of a person pages whoever is on call, beside the release that goes on to hear it."""

from dataclasses import replace
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.hold import Hold, Holds
from flows.red_flag import tell
from policy.record import Event
from tests.core.process import Process
from tests.core.scene import FIRST_UPDATED, VERIFIED, begun, outcome, pages
from tests.core.test_pages import OnCall
from tests.core.world import MemoryStore, World

TEXT = ":triangular_flag_on_post: *Red flag on b2b2b2b.* Omar Reyes: users report problems"


def hold_of(process: Process) -> Hold:
    newest = Holds(process.run.company.store, "production").newest()
    assert newest is not None
    return newest


def test_whoever_is_on_call_is_paged_and_the_record_says_so(company: Company, world: World) -> None:
    """Knight 2012: Slack alone is not enough."""
    on_call = OnCall()
    paged = replace(company, pagerduty=cast("Any", on_call))
    process = begun(paged, world, steps=VERIFIED)

    tell(paged, hold_of(process), TEXT, name="red flag 1")
    tell(paged, hold_of(process), TEXT, name="red flag 1")

    assert (pages(paged), list(on_call.open)) == ([TEXT], [process.run.release.key])
    rows = [row for row in process.run.record.rows() if row.step == "red flag 1" and row.event is Event.INTENDED]
    assert [row.subject for row in rows] == ["PagerDuty", "Slack", "PagerDuty"]
    process.go_on()
    assert outcome(process) == "signed off"
    assert on_call.over == [process.run.release.key]


def test_a_release_that_has_not_begun_or_has_ended_is_no_reason_to_fail(company: Company, world: World) -> None:
    holds = Holds(company.store, "production")
    holds.take(release="nothing written", by="Ana Souza", what="b2b2b2b", above=0)
    newest = holds.newest()
    assert newest is not None
    tell(company, newest, TEXT, name="red flag 1")
    holds.release(newest.number)
    process = begun(company, world, steps=VERIFIED)
    hold = hold_of(process)
    process.go_on()

    tell(company, hold, TEXT, name="red flag 2")

    assert pages(company) == []


@pytest.mark.usefixtures("impatient")
def test_who_cannot_be_told_keeps_no_flag_from_being_raised(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_UPDATED)
    hold = hold_of(process)
    process.run.record.append(Event.TOOK_OVER)
    store = company.store
    assert isinstance(store, MemoryStore)

    store.away = True
    tell(company, hold, TEXT, name="red flag 1")
    store.away = False
    tell(company, replace(hold, number=hold.number - 1), TEXT, name="red flag 2")

    assert pages(company) == []
