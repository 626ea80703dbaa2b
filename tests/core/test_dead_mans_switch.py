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
from policy.dead_man import mark
from policy.record import Event
from tests.core.company import ALERTS, LIMITS, People
from tests.core.process import Process
from tests.core.scene import ALL_BACK, BUILT_AND_KEPT, DEAD, FIRST_UPDATED, begun, dead_hold
from tests.core.world import World


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
    message = left_behind(process)

    with dead_mans_switch(process.run, Holds(company.store, "production")):
        pass

    assert people(company).waiting == [message]


@pytest.mark.parametrize("error", [Refused("within a minute"), Unreachable("no answer")])
def test_a_switch_that_fails_is_no_failed_release(company: Company, world: World, error: BlockError) -> None:
    failing = replace(company, slack=cast("Any", FailingPeople(error)))
    process = begun(failing, world, steps=FIRST_UPDATED)
    left_behind(process)

    with dead_mans_switch(process.run, Holds(failing.store, "production")):
        process.run.record.append(Event.SEALED, facts={"outcome": "rolled back", "sentence": "it went back"})

    assert len(people(failing).waiting) == 1
