"""A red flag of a person pages whoever is on call, beside the release that goes on to hear it."""

from dataclasses import replace
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.hold import Hold, Holds
from blocks.slack import Message
from flows.opening import run_of
from flows.recovery import recover
from flows.red_flag import RedFlag, TooLate, flag_folder, say_heard, tell
from flows.sign_off import sign_off_migration
from flows.way_home import way_home
from policy.items import Way
from policy.plans import Stuck
from policy.record import Event
from tests.core.company import DEPLOYMENTS, Code, People, a_release
from tests.core.process import Process
from tests.core.scene import (
    ALL_NEW,
    ALL_OLD,
    FIRST_UPDATED,
    SECOND_BACK,
    VERIFIED,
    begun,
    dead_hold,
    outcome,
    pages,
    serving,
)
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


def raise_flag(company: Company, process: Process) -> None:
    company.store.create(f"{flag_folder(process.run.release.key)}1", b"Omar Reyes: data is corrupted")


class FlaggedWhilePosting(People):
    """Slack; while the completion is posted somebody raises a red flag."""

    process: Process | None = None

    def post(self, channel: str, text: str, key: str, thread: Message | None = None) -> Message:
        """Say it."""
        if key.endswith("completion-posted") and self.process is not None:
            raise_flag(self.process.run.company, self.process)
        return super().post(channel, text, key, thread)


class FlaggedWhileTagging(Code):
    """GitHub; while the release is tagged somebody raises a red flag."""

    process: Process | None = None

    def create_tag(self, name: str, commit: str, _message: str) -> None:
        """Tag it."""
        if self.process is not None:
            raise_flag(self.process.run.company, self.process)
        super().create_tag(name, commit, _message)


def test_a_red_flag_sends_a_release_home_also_where_its_completion_was_posted(company: Company, world: World) -> None:
    slack = FlaggedWhilePosting()
    slack.process = process = begun(replace(company, slack=cast("Any", slack)), world, steps=VERIFIED)

    with pytest.raises(RedFlag, match="Omar Reyes: data is corrupted"):
        process.go_on()

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    said = [text for (channel, _), text in slack.said.items() if channel == DEPLOYMENTS]
    assert any("Rolled Back" in text and "data is corrupted" in text for text in said)
    assert company.github.read_ref("production") == process.run.release.previous_commit


def test_a_red_flag_while_tag_and_tickets_are_written_comes_before_the_completion(
    company: Company, world: World
) -> None:
    code = FlaggedWhileTagging(world)
    code.process = process = begun(replace(company, github=cast("Any", code)), world, steps=VERIFIED)

    with pytest.raises(RedFlag):
        process.go_on()

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    assert not any("completion-posted" in key for _, key in cast("People", company.slack).said)


def test_who_raises_a_flag_on_what_goes_on_hears_that_it_goes_home(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_UPDATED)

    assert say_heard(company, hold_of(process)) == f"raised: {process.run.release.what} goes home at its next step"


def test_who_raises_a_flag_on_what_was_just_signed_off_hears_which_roll_back_to_start(
    company: Company, world: World
) -> None:
    """Between the seal and the end of the hold a release looks as if it were under way."""
    process = begun(company, world, steps=VERIFIED)
    hold = hold_of(process)
    process.go_on()
    raise_flag(company, process)

    with pytest.raises(TooLate) as raised:
        say_heard(company, hold)

    assert f"was signed off: b2b2b2b is live on {len(ALL_NEW)} servers" in str(raised.value)
    assert str(raised.value).endswith(f"start `Rollback/rollback` for the release {process.run.release.key}")


def test_who_raises_a_flag_that_was_heard_at_once_hears_how_it_ended(company: Company, world: World) -> None:
    process = begun(company, world, steps=SECOND_BACK)
    hold = hold_of(process)
    process.outlook.speaks_against = RedFlag("Omar Reyes: data is corrupted")
    with pytest.raises(RedFlag):
        process.go_on()

    assert say_heard(company, hold).startswith(f"raised: {process.run.release.what} was rolled back: ")


def migrated_alone(company: Company, world: World) -> Process:
    """A migration by itself that was applied and verified."""
    process = Process.begin(company, a_release(world).model_copy(update={"way": Way.MIGRATION}))
    step = {"item": "6.3.2", "subject": "database", "step": "applied"}
    for event in (Event.INTENDED, Event.CONFIRMED):
        process.run.record.append(event, facts={"migrations": "m1"}, **step)
    process.run.record.append(Event.VERIFIED, item="3.1.3")
    return process


def test_a_flag_on_a_migration_that_was_verified_leaves_it_to_people(company: Company, world: World) -> None:
    process = migrated_alone(company, world)
    raise_flag(company, process)

    with pytest.raises(RedFlag), way_home(process.run):
        sign_off_migration(process.run)

    assert outcome(process) == "stuck"
    assert "m1: applied, and red flag: Omar Reyes: data is corrupted; no server was touched" in pages(company)[0]


def test_so_does_recovery_where_the_process_of_that_migration_died(company: Company, world: World) -> None:
    process = migrated_alone(company, world)
    raise_flag(company, process)

    assert isinstance(recover(company, dead_hold(company)), Stuck)
    assert run_of(company, hold_of(process)) is None
