"""The message outside the machine: there while servers differ, gone when they do not, and never in the way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.errors import BlockError, Refused, Unreachable
from blocks.hold import Holds
from blocks.slack import Scheduled
from flows.dead_mans_switch import DeadMansSwitch, dead_mans_switch
from flows.recovery import recover
from policy.dead_man import mark
from policy.plans import Wait
from policy.record import Event
from tests.core.company import ALERTS, LIMITS, People
from tests.core.process import Process
from tests.core.scene import (
    ALL_BACK,
    ALL_OLD,
    BUILT_AND_KEPT,
    DEAD,
    FIRST_APPROVED,
    FIRST_UPDATED,
    TOO_LATE,
    begun,
    dead_hold,
    outcome,
    serving,
)
from tests.core.world import World
from tests.lab.measuring import eventually


class FailingPeople(People):
    """Slack that does not delete a scheduled message."""

    def __init__(self, error: BlockError) -> None:
        super().__init__()
        self.error = error

    def delete_scheduled_message(self, message: Scheduled) -> None:
        """Fail."""
        del message
        raise self.error


def people(company: Company) -> People:
    return cast("People", company.slack)


def switch(process: Process) -> DeadMansSwitch:
    run = process.run
    return DeadMansSwitch(run, Holds(run.company.store, run.release.environment))


def left_behind(process: Process, text: str = "") -> Scheduled:
    """What a process of this release that died left with Slack."""
    at = datetime.now(UTC) + timedelta(minutes=4)
    return people(process.run.company).schedule_message(ALERTS, text or f"… {mark(process.run.release)}", at)


def test_while_servers_differ_one_message_waits_and_each_push_moves_it(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_UPDATED)
    began = datetime.now(UTC)
    pushed = switch(process)

    pushed.push()
    first = people(company).waiting[0]
    pushed.push()

    (waiting,) = people(company).waiting
    assert waiting.number != first.number
    assert waiting.at >= began + LIMITS.dead_man
    assert "servers differ" in waiting.text
    assert people(company).pages() == []


@pytest.mark.parametrize("steps", [BUILT_AND_KEPT, ALL_BACK])
def test_nothing_waits_before_a_server_was_touched_and_after_all_are_one_version(
    company: Company, world: World, steps: int
) -> None:
    process = begun(company, world, steps=steps)
    left_behind(process)

    switch(process).push()

    assert people(company).waiting == []


def test_a_process_that_is_cancelled_leaves_recovery_the_whole_time_to_take_over(
    company: Company, world: World
) -> None:
    process = begun(company, world, steps=FIRST_UPDATED)
    cancelled = switch(process)
    cancelled.start()
    eventually(lambda: bool(people(company).waiting))
    before = people(company).waiting[0]

    cancelled.stop()

    # Whoever stops waits for the last push only so long.
    eventually(lambda: [one.number != before.number for one in people(company).waiting] == [True])
    (waiting,) = people(company).waiting
    assert waiting.at >= before.at


def test_what_other_releases_and_people_scheduled_stays(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_UPDATED)
    foreign = left_behind(process, "Lunch is ready")

    switch(process).push()

    assert foreign in people(company).waiting
    assert len(people(company).waiting) == 2


def test_a_process_that_was_taken_over_pushes_no_more(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_UPDATED)
    holds = Holds(company.store, "production")
    holds.take(release=process.run.release.key, by="recovery", what="it", above=0, over=dead_hold(company, DEAD))

    switch(process).push()

    assert people(company).waiting == []


def test_a_release_that_ended_calls_off_its_message_and_what_a_dead_process_left(
    company: Company, world: World
) -> None:
    process = begun(company, world, steps=FIRST_UPDATED)
    left_behind(process)

    with dead_mans_switch(process.run, Holds(company.store, "production")):
        process.run.record.append(Event.SEALED, facts={"outcome": "rolled back", "sentence": "it went back"})

    assert people(company).waiting == []


def test_a_release_that_did_not_end_leaves_its_message_to_speak_up(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_UPDATED)
    left_behind(process)

    with dead_mans_switch(process.run, Holds(company.store, "production")):
        pass

    (message,) = people(company).waiting
    assert mark(process.run.release) in message.text


@pytest.mark.parametrize("error", [Refused("within a minute"), Unreachable("no answer")])
def test_a_switch_that_fails_is_no_failed_release(company: Company, world: World, error: BlockError) -> None:
    failing = replace(company, slack=cast("Any", FailingPeople(error)))
    process = begun(failing, world, steps=FIRST_UPDATED)
    left_behind(process)

    with dead_mans_switch(process.run, Holds(failing.store, "production")):
        process.run.record.append(Event.SEALED, facts={"outcome": "rolled back", "sentence": "it went back"})

    assert mark(process.run.release) in people(failing).waiting[0].text


def test_what_slack_deletes_no_more_is_followed_by_how_it_ended(company: Company, world: World) -> None:
    failing = replace(company, slack=cast("Any", FailingPeople(Refused("within a minute"))))
    process = begun(failing, world, steps=FIRST_UPDATED)
    message = left_behind(process)
    process.run.record.append(Event.SEALED, facts={"outcome": "rolled back", "sentence": "it went back"})

    for _ in range(2):
        switch(process).end()

    (answer,) = people(failing).waiting[1:]
    assert "ended at" in answer.text
    assert answer.at > message.at


def said(company: Company, *words: str) -> list[str]:
    return [page for page in people(company).pages() if all(word in page for word in words)]


def test_recovery_answers_last_words_that_were_posted_and_says_there_how_it_ended(
    company: Company, world: World
) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    left_behind(process)
    people(company).post_what_waits()

    recover(company, dead_hold(company, TOO_LATE))

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)
    (over,) = said(company, "ended at", "type nothing", "every server that it touched runs a1a1a1a again")
    assert people(company).pages().index(over) > 0
    assert people(company).waiting == []


def test_whoever_took_over_says_so_at_once_and_only_once(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_UPDATED)
    left_behind(process)
    people(company).post_what_waits()

    for _ in range(2):
        switch(process).push()

    (page,) = said(company, "type nothing")
    assert "Another process took it over" in page


def test_recovery_that_still_waits_for_people_answers_too(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    left_behind(process)
    people(company).post_what_waits()

    assert isinstance(recover(company, dead_hold(company)), Wait)

    assert len(said(company, "type nothing")) == 1


def test_a_machine_that_is_heard_again_takes_back_what_slack_said_meanwhile(company: Company, world: World) -> None:
    process = begun(company, world, steps=BUILT_AND_KEPT)
    pushing = switch(process)
    process.go_on()
    pushing.push()
    people(company).post_what_waits()

    pushing.push()

    (page,) = said(company, "type nothing")
    assert "Its machine is heard again" in page


def test_last_words_that_were_never_said_are_not_answered(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    left_behind(process)

    recover(company, dead_hold(company, TOO_LATE))

    assert said(company, "type nothing") == []
    assert people(company).waiting == []


def test_a_process_that_died_between_its_seal_and_its_switch_leaves_no_message_behind(
    company: Company, world: World
) -> None:
    process = begun(company, world, steps=FIRST_UPDATED)
    left_behind(process)
    process.run.record.append(Event.SEALED, facts={"outcome": "rolled back", "sentence": "it went back"})

    recover(company, dead_hold(company))

    assert people(company).waiting == []
