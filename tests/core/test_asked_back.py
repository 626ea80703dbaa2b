"""Who asks for a roll-back is told the truth about the release that was under way, and gets the right one undone."""

from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.record import Record
from flows import rollback
from flows.choice import PeopleStay
from flows.hold import AskedToStop
from flows.red_flag import RedFlag
from policy.plans import Back, Cause, Nothing, Plan, Stuck, Why
from policy.record import Event
from policy.way_back_forms import RollbackRequest
from tasks.resolve import BadRequest
from tests.core.company import Code, a_release
from tests.core.process import Process
from tests.core.scene import (
    ALL_BACK,
    ALL_NEW,
    ALL_OLD,
    BUILT_AND_KEPT,
    FIRST_BACK,
    SECOND_BACK,
    VERIFIED,
    begun,
    dead_hold,
    outcome,
    serving,
)
from tests.core.world import COMMITS, MemoryStore, World
from tests.policy.rows import NEW, THIRD

ASKED = RollbackRequest.model_validate(
    {"requested_by": "Omar Reyes", "reason": "users report problems", "what_was_seen": "a white page"}
)
WHY = Why(Cause.ROLLBACK_ASKED, "Omar Reyes asked for it")
NEWER, UNDOING = "20991231-000000-ffffffff", "20991231-120000-eeeeeeee"


def ends_when_asked(process: Process, why: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """The release under way hears what speaks against it while somebody waits for it to stop."""

    def stop(*_asked: object, **_why: object) -> None:
        process.outlook.speaks_against = why
        with suppress(type(why)):
            process.go_on()

    monkeypatch.setattr(rollback, "pre_empt", stop)


@pytest.fixture
def in_prefect(monkeypatch: pytest.MonkeyPatch) -> None:
    """The roll-back is a flow run, whose release has a name of its own; recovery's schedule is not there to switch."""
    monkeypatch.setattr(rollback, "release_key", lambda: UNDOING)
    monkeypatch.setattr(rollback, "recovery_awake", lambda _environment: nullcontext())


def named(process: Process) -> RollbackRequest:
    return ASKED.model_copy(update={"release": process.run.release.key})


def live(company: Company, world: World) -> Process:
    """A release that was signed off and that every server serves."""
    process = begun(company, world, steps=VERIFIED)
    process.go_on_to_the_end()
    return process


def at_its_checks(company: Company, world: World) -> Process:
    """Another release, which has not touched anything yet."""
    return Process.begin(company, a_release(world).model_copy(update={"key": NEWER}))


def planned(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What `mode: plan` leaves."""
    page: dict[str, str] = {}
    monkeypatch.setattr(rollback, "create_markdown_artifact", lambda **words: page.update(words))
    return page


@pytest.mark.usefixtures("in_prefect")
@pytest.mark.parametrize("is_named", [True, False])
def test_what_is_live_goes_back_also_where_another_release_was_stopped_before_it_touched_anything(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch, *, is_named: bool
) -> None:
    sick = live(company, world)
    ends_when_asked(at_its_checks(company, world), AskedToStop("Omar Reyes asked for it"), monkeypatch)

    plan = rollback.go_back(company, named(sick) if is_named else ASKED, WHY)

    assert isinstance(plan, Back)
    assert serving(world) == ALL_OLD


@pytest.mark.usefixtures("in_prefect")
@pytest.mark.parametrize("is_named", [True, False])
def test_what_is_live_goes_back_also_where_the_process_of_another_release_had_died_before_it_touched_anything(
    company: Company, world: World, *, is_named: bool
) -> None:
    sick = live(company, world)
    other = at_its_checks(company, world)
    dead_hold(company)

    plan = rollback.go_back(company, named(sick) if is_named else ASKED, WHY)

    assert outcome(other) == "stopped"
    assert isinstance(plan, Back)
    assert serving(world) == ALL_OLD


@pytest.mark.parametrize("died", [True, False])
def test_who_asks_while_nothing_is_live_that_could_go_back_is_told_what_was_stopped_and_why_no_more(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch, *, died: bool
) -> None:
    process = begun(company, world, steps=BUILT_AND_KEPT)
    if died:
        dead_hold(company)
    else:
        ends_when_asked(process, AskedToStop("Omar Reyes asked for it"), monkeypatch)

    with pytest.raises(rollback.NotRolledBack) as raised:
        rollback.go_back(company, ASKED, WHY)

    what = process.run.release.what
    assert str(raised.value).startswith(f"{what} was stopped: Omar Reyes asked for it; no server was touched. Beside")
    assert "nothing was rolled back: release: none of the records brought what the servers run" in str(raised.value)


def test_who_named_the_release_that_was_stopped_wanted_no_more(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(company, world)
    other = at_its_checks(company, world)
    ends_when_asked(other, AskedToStop("Omar Reyes asked for it"), monkeypatch)

    plan = rollback.go_back(company, named(other), WHY)

    assert isinstance(plan, Nothing)
    assert "was stopped: Omar Reyes asked for it; no server was touched" in plan.sentence
    assert serving(world) == ALL_NEW


class NextBuild(Code):
    """The registry as it is one build later."""

    def find_digest(self, _commit: str) -> str:
        """Return the next image."""
        return THIRD


@pytest.mark.usefixtures("in_prefect")
def test_the_release_that_was_named_goes_back_after_the_one_that_stood_upon_it(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick = live(company, world)
    following = {"key": NEWER, "commit": COMMITS[THIRD], "previous_commit": COMMITS[NEW]}
    code = cast("Any", NextBuild(world))
    other = Process.begin(replace(company, registry=code, github=code), a_release(world).model_copy(update=following))
    for _ in range(FIRST_BACK):
        other.go_on()
    ends_when_asked(other, AskedToStop("Omar Reyes asked for it"), monkeypatch)

    rollback.go_back(company, named(sick), WHY)

    assert outcome(other) == "rolled back"
    assert serving(world) == ALL_OLD


@pytest.mark.usefixtures("in_prefect")
def test_a_record_that_cannot_be_read_keeps_nobody_from_undoing_what_is_live(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick = live(company, world)
    other = at_its_checks(company, world)
    ends_when_asked(other, AskedToStop("Omar Reyes asked for it"), monkeypatch)
    store = cast("MemoryStore", company.store)
    stop = cast("Any", rollback).pre_empt

    def stop_and_spoil(*asked: Any, **why: Any) -> None:
        stop(*asked, **why)
        store.kept[f"records/{NEWER}/000001.json"] = (b"{", timedelta(0))

    monkeypatch.setattr(rollback, "pre_empt", stop_and_spoil)

    assert isinstance(rollback.go_back(company, named(sick), WHY), Back)
    assert serving(world) == ALL_OLD


def test_the_end_of_a_release_whose_last_word_was_said_already_is_told_as_it_was(
    company: Company, world: World
) -> None:
    process = begun(company, world, steps=SECOND_BACK)
    world.machines["web-server-2"].reachable = False
    store = cast("MemoryStore", company.store)
    process.outlook.speaks_against = RedFlag("9 % errors")
    with suppress(RedFlag):
        process.go_on()
    del store.kept[f"locks/production/{process.run.number:06}.released"]
    dead_hold(company)

    plan = rollback.go_back(company, ASKED, WHY)

    assert isinstance(plan, Stuck)
    assert "Not brought back: web-server-2" in plan.sentence


def test_a_plan_says_which_release_would_be_stopped_first(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(company, world)
    page = planned(monkeypatch)

    rollback.show_way_back(company, ASKED, WHY)
    assert "is under way" not in page["markdown"]

    at_its_checks(company, world)
    rollback.show_way_back(company, ASKED, WHY)
    assert f"({NEWER}) is under way: the roll-back itself would stop it first" in page["markdown"]
    assert "Back: " in page["markdown"]


def test_a_plan_with_nothing_to_undo_says_so_too(company: Company, world: World) -> None:
    at_its_checks(company, world)

    with pytest.raises(BadRequest, match=rf"there is no release to undo .*\({NEWER}\) is under way"):
        rollback.show_way_back(company, ASKED, WHY)


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
