"""R5: a container that had to be killed does not stop a release that drained it first, and is not kept silent."""

from dataclasses import replace
from typing import cast

import pytest

from blocks.company import Company
from policy.record import Event
from tasks.rollout import first_server_shows
from tests.core.company import DEPLOYMENTS, People
from tests.core.process import Process
from tests.core.scene import ALL_NEW, FIRST_DRAINED, begun, dead_hold, outcome, serving
from tests.core.world import NAMES, Died, World

UPDATED_WITHOUT_DRAIN = 3
INTENT_WRITTEN_AND_UPDATED = 3


def said_of_updates(process: Process) -> list[str]:
    rows = process.run.record.rows()
    return [row.facts["sentence"] for row in rows if row.event is Event.CONFIRMED and row.step == "updated"]


def completion(company: Company) -> str:
    said = cast("People", company.slack).said
    return next(text for (channel, _), text in said.items() if channel == DEPLOYMENTS and "Complete" in text)


def test_r5_what_was_drained_first_goes_on_and_the_record_says_that_it_was_killed(
    company: Company, world: World
) -> None:
    world.faults.add("nothing hears SIGTERM")
    process = begun(company, world, steps=0)

    process.go_on_to_the_end()

    assert (outcome(process), serving(world)) == ("signed off", ALL_NEW)
    for name, sentence in zip(NAMES, said_of_updates(process), strict=True):
        assert f"{name} had to be killed (137): the version before did not end within 30 s" in sentence
        assert "it was drained first, so no request was lost" in sentence
        assert "hears SIGTERM" in sentence
    assert "*Issues:* web-server-1 had to be killed (137)" in completion(company)


def test_a_server_that_ended_in_time_is_not_talked_about(company: Company, world: World) -> None:
    process = begun(company, world, steps=0)

    process.go_on_to_the_end()

    assert not [sentence for sentence in said_of_updates(process) if "killed" in sentence]
    assert "*Issues:* none" in completion(company)


def test_r5_the_approver_of_a_company_without_a_balancer_is_shown_what_may_be_lost(
    company: Company, world: World
) -> None:
    world.faults.add("nothing hears SIGTERM")
    process = begun(replace(company, balancer=None), world, steps=UPDATED_WITHOUT_DRAIN)

    shown = first_server_shows.ask(process.run)

    assert shown.verdict.lets_pass
    assert "web-server-1 had to be killed (137)" in shown.sentence
    assert "requests in flight may be lost" in shown.sentence


def test_r5_a_process_that_died_before_it_heard_of_the_kill_leaves_it_to_the_next_one(
    company: Company, world: World
) -> None:
    world.faults.add("nothing hears SIGTERM")
    process = begun(company, world, steps=FIRST_DRAINED)
    world.dies_after = INTENT_WRITTEN_AND_UPDATED
    with pytest.raises(Died):
        process.go_on()
    assert said_of_updates(process) == []

    again = Process.begin(company, process.run.release, over=dead_hold(company))
    again.go_on_to_the_end()

    assert (outcome(again), serving(world)) == ("signed off", ALL_NEW)
    assert "web-server-1 had to be killed (137)" in said_of_updates(again)[0]
