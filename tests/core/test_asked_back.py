"""Who asks for a roll-back is told the truth about the release that was under way, and gets the right one undone."""

from contextlib import suppress
from datetime import timedelta
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.record import Record
from flows import rollback
from flows.choice import PeopleStay
from flows.red_flag import RedFlag
from policy.plans import Back, Cause, Plan, Stuck, Why
from policy.record import Event
from policy.way_back_forms import RollbackRequest
from tests.core.company import a_release
from tests.core.process import Process
from tests.core.scene import ALL_BACK, SECOND_BACK, VERIFIED, begun, outcome
from tests.core.world import MemoryStore, World

ASKED = RollbackRequest.model_validate(
    {"requested_by": "Omar Reyes", "reason": "users report problems", "what_was_seen": "a white page"}
)
WHY = Why(Cause.ROLLBACK_ASKED, "Omar Reyes asked for it")
NEWER = "20991231-000000-ffffffff"


def ends_when_asked(process: Process, why: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """The release under way hears what speaks against it while somebody waits for it to stop."""

    def stop(*_asked: object, **_why: object) -> None:
        process.outlook.speaks_against = why
        with suppress(type(why)):
            process.go_on()

    monkeypatch.setattr(rollback, "pre_empt", stop)


def test_a_release_that_ended_stuck_was_not_rolled_back(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = begun(company, world, steps=SECOND_BACK)
    world.machines["web-server-2"].reachable = False
    ends_when_asked(process, RedFlag("asked to stop"), monkeypatch)

    plan = rollback.go_back(company, ASKED, WHY)

    assert outcome(process) == "stuck"
    assert isinstance(plan, Stuck)


def test_a_release_on_which_people_stayed_is_undone(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = begun(company, world, steps=ALL_BACK + 2)
    ends_when_asked(process, PeopleStay("Ana Souza chose to stay"), monkeypatch)
    undone: list[Company] = []

    def undo(company: Company, _request: RollbackRequest, _why: Why) -> Plan:
        undone.append(company)
        return Back((), (), "undone")

    monkeypatch.setattr(rollback, "undo", undo)

    rollback.go_back(company, ASKED, WHY)

    assert undone == [company]


def test_the_record_of_another_environment_is_not_the_one_to_undo(company: Company, world: World) -> None:
    process = begun(company, world, steps=VERIFIED)
    process.go_on_to_the_end()
    other = a_release(world).model_copy(update={"key": NEWER, "environment": "demo"})
    record = Record(company.store, other.key, holder=1, spool=company.spool)
    record.append(Event.OPENED, facts={"release": other.model_dump(mode="json")})
    for event in (Event.BUILT, Event.WAY_BACK):
        record.append(event, facts=cast("Any", process.run.record.last(event)).facts)

    release, _ = rollback.release_to_undo(company, ASKED)

    assert (release.key, release.environment) == (process.run.release.key, "production")


def test_a_record_that_cannot_be_read_does_not_hide_the_one_to_undo(company: Company, world: World) -> None:
    process = begun(company, world, steps=VERIFIED)
    process.go_on_to_the_end()
    cast("MemoryStore", company.store).kept[f"records/{NEWER}/000001.json"] = (b"{", timedelta(0))

    release, _ = rollback.release_to_undo(company, ASKED)

    assert release.key == process.run.release.key
