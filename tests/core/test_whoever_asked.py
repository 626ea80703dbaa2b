"""Whoever asked for a release that did not end well hears of it: a message with their name, no edit of another one."""

from dataclasses import replace
from typing import cast

import pytest

from blocks.company import Company
from flows.recovery import recover
from flows.red_flag import RedFlag
from flows.rollback import undoing
from policy.clock import clock
from policy.record import Event
from policy.roles import Person, Roster
from policy.way_back_forms import RollbackReason, RollbackRequest
from tasks.undone import served_since
from tests.core.company import DEPLOYMENTS, People
from tests.core.process import Process
from tests.core.scene import BUILT_AND_KEPT, FIRST_APPROVED, VERIFIED, begun, dead_hold
from tests.core.world import MemoryStore, World

ASKED_FOR_IT = Person(name="Ana Souza", slack="UANA")


@pytest.fixture
def known(company: Company) -> Company:
    return replace(company, roster=Roster(people=(*company.roster.people, ASKED_FOR_IT)))


def told(company: Company) -> list[str]:
    """What whoever asked reads in the channel for deployments."""
    said = cast("People", company.slack).said
    return [text for (channel, _), text in said.items() if channel == DEPLOYMENTS and "*For:* <@UANA>" in text]


def red_flag(process: Process) -> None:
    process.outlook.speaks_against = RedFlag("4.1 % errors")
    with pytest.raises(RedFlag):
        process.go_on()


@pytest.mark.parametrize(
    ("steps", "begins"),
    [(BUILT_AND_KEPT, ":no_entry: *Deployment of"), (FIRST_APPROVED, ":warning: *Deployment Rolled Back*")],
)
def test_a_release_that_stopped_or_went_back_mentions_them_and_links_its_run(
    known: Company, world: World, steps: int, begins: str
) -> None:
    red_flag(begun(known, world, steps=steps))

    (text,) = told(known)
    assert text.startswith(begins)
    assert text.endswith("who asked for it; the run: http://ui/v2")


def test_so_does_one_that_needs_hands(known: Company, world: World) -> None:
    process = begun(known, world, steps=FIRST_APPROVED)
    world.machines["web-server-1"].reachable = False

    red_flag(process)

    (text,) = told(known)
    assert "needs hands.*" in text


def test_one_that_ends_well_mentions_nobody(known: Company, world: World) -> None:
    begun(known, world, steps=0).go_on_to_the_end()

    assert told(known) == []


def undoing_dies(company: Company, world: World) -> Process:
    """A roll-back of a finished release whose process died before it touched anything."""
    original = begun(company, world, steps=VERIFIED)
    original.go_on()
    asked = RollbackRequest(requested_by="Omar Reyes", reason=RollbackReason.USER_REPORTS, what_was_seen="a white page")
    return Process.begin(company, undoing(original.run.release, asked, company, key="20261124-190000-aaaaaaaa"))


def test_a_roll_back_by_itself_tells_both_who_asked_and_since_when_the_bad_version_served(
    known: Company, world: World
) -> None:
    process = undoing_dies(known, world)
    served = served_since(process.run)
    assert served is not None
    assert served < process.run.record.rows()[0].at

    recover(known, dead_hold(known))

    text = next(text for text in cast("People", known.slack).said.values() if "Rolled Back" in text)
    assert "*For:* Omar Reyes, <@UANA>, who asked for it" in text
    assert f"*Impact:* from {clock(served, known.rules.time_zone)} until then at most" in text


def test_where_the_record_of_what_is_undone_is_lost_nobody_says_since_when(known: Company, world: World) -> None:
    process = undoing_dies(known, world)
    store = cast("MemoryStore", known.store)
    for key in [key for key in store.kept if process.run.release.undoes in key]:
        del store.kept[key]

    assert served_since(process.run) is None
    assert process.run.record.last(Event.SEALED) is None
