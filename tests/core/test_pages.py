"""Pages: by PagerDuty and in Slack, delivered when one of them took it, and an incident that ends with its release."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.errors import BlockError, Refused, Unreachable
from blocks.slack import Message
from flows.question import reminder
from flows.red_flag import RedFlag
from flows.way_home import give_to_people
from policy.record import Event
from policy.reminders import is_reminder
from tasks.messages import end_incident, page_on_call
from tests.core.company import People
from tests.core.process import Process
from tests.core.scene import FIRST_UPDATED, VERIFIED, begun, outcome, pages
from tests.core.world import World


class OnCall:
    """PagerDuty: open incidents by key, and how often each was triggered."""

    def __init__(self, error: BlockError | None = None) -> None:
        self.open: dict[str, list[str]] = {}
        self.over: list[str] = []
        self.error = error

    def trigger(self, summary: str, *, source: str, severity: str, key: str, details: dict[str, str]) -> None:
        """Open the incident, or join the open one."""
        assert (source, severity, summary) == ("production", "critical", details["page"].splitlines()[0])
        if self.error is not None:
            raise self.error
        self.open.setdefault(key, []).append(summary)

    def resolve(self, key: str) -> None:
        """End it."""
        self.over.append(key)
        self.open.pop(key, None)

    def close(self) -> None:
        """Nothing is kept open."""


class MutePeople(People):
    """Slack that takes no message."""

    def post(self, channel: str, text: str, key: str, thread: Message | None = None) -> Message:
        """Refuse it."""
        del channel, text, key, thread
        raise Refused("the bot is not in the channel")


@pytest.fixture
def on_call() -> OnCall:
    return OnCall()


@pytest.fixture
def paged(company: Company, on_call: OnCall) -> Company:
    """The company with PagerDuty."""
    return replace(company, pagerduty=cast("Any", on_call))


def key_of(process: Process) -> str:
    return process.run.release.key


def test_a_page_goes_to_both_and_stands_in_the_record(paged: Company, world: World, on_call: OnCall) -> None:
    process = begun(paged, world, steps=FIRST_UPDATED)

    assert page_on_call(process.run, "It burns.\nHere.", name="stuck page")

    assert on_call.open == {key_of(process): ["It burns."]}
    assert pages(paged) == ["It burns.\nHere."]
    confirmed = [row for row in process.run.record.rows() if row.event is Event.CONFIRMED and row.step == "stuck page"]
    assert [row.subject for row in confirmed] == ["PagerDuty", "Slack"]


def test_a_reminder_belongs_to_the_item_that_people_are_asked_about(paged: Company, world: World) -> None:
    process = begun(paged, world, steps=FIRST_UPDATED)

    reminder(process.run, lambda *, left: f"Decide within {left}.", number="2.1.4")(timedelta(minutes=9))

    asked_again = [row for row in process.run.record.rows() if is_reminder(row)]
    assert {row.item for row in asked_again} == {"2.1.4"}
    assert [row.subject for row in asked_again if row.event is Event.CONFIRMED] == ["PagerDuty", "Slack"]


def test_two_pages_of_a_release_are_one_incident(paged: Company, world: World, on_call: OnCall) -> None:
    process = begun(paged, world, steps=FIRST_UPDATED)

    page_on_call(process.run, "People may choose.", name="wait page")
    page_on_call(process.run, "It burns.", name="stuck page")

    assert on_call.open == {key_of(process): ["People may choose.", "It burns."]}


def test_what_needs_hands_wakes_people_who_acknowledged_an_earlier_page(
    paged: Company, world: World, on_call: OnCall
) -> None:
    process = begun(paged, world, steps=FIRST_UPDATED)
    page_on_call(process.run, "People may choose.", name="wait page")

    give_to_people(process.run, "web-server-2 does not answer")

    key = key_of(process)
    assert on_call.open[key] == ["People may choose."]
    (page,) = on_call.open[f"{key}/stuck-page"]
    assert "needs hands" in page


@pytest.mark.parametrize("error", [Unreachable("no answer in time"), Refused("Invalid routing key")])
def test_a_page_that_slack_alone_took_is_delivered(company: Company, world: World, error: BlockError) -> None:
    paged = replace(company, pagerduty=cast("Any", OnCall(error)))
    process = begun(paged, world, steps=FIRST_UPDATED)

    assert page_on_call(process.run, "It burns.", name="stuck page")

    assert pages(paged) == ["It burns."]


def test_a_page_that_pagerduty_alone_took_is_delivered(paged: Company, world: World, on_call: OnCall) -> None:
    mute = replace(paged, slack=cast("Any", MutePeople()))
    process = begun(mute, world, steps=FIRST_UPDATED)

    assert page_on_call(process.run, "It burns.", name="stuck page")

    assert on_call.open


def test_a_page_that_nobody_took_is_not_delivered_and_stops_nothing(company: Company, world: World) -> None:
    nobody = replace(
        company, slack=cast("Any", MutePeople()), pagerduty=cast("Any", OnCall(Unreachable("no answer in time")))
    )
    process = begun(nobody, world, steps=FIRST_UPDATED)

    assert not page_on_call(process.run, "It burns.", name="stuck page")


def test_a_company_without_pagerduty_is_paged_in_slack_only(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_UPDATED)

    assert page_on_call(process.run, "It burns.", name="stuck page")
    end_incident(process.run)

    assert pages(company) == ["It burns."]
    assert not any(row.subject == "PagerDuty" for row in process.run.record.rows())


def test_a_release_that_is_signed_off_after_a_page_ends_its_incident(
    paged: Company, world: World, on_call: OnCall
) -> None:
    process = begun(paged, world, steps=VERIFIED)
    page_on_call(process.run, "Evidence is missing.", name="choice page")

    process.go_on()

    assert outcome(process) == "signed off"
    assert (on_call.open, on_call.over) == ({}, [key_of(process)])


def test_a_release_that_went_back_well_after_a_page_ends_its_incident(
    paged: Company, world: World, on_call: OnCall
) -> None:
    process = begun(paged, world, steps=FIRST_UPDATED)
    page_on_call(process.run, "Evidence is missing.", name="choice page")
    process.outlook.speaks_against = RedFlag("4.1 % errors")

    with pytest.raises(RedFlag):
        process.go_on()

    assert outcome(process) == "rolled back"
    assert (on_call.open, on_call.over) == ({}, [key_of(process)])


def test_a_release_without_a_page_ends_no_incident(paged: Company, world: World, on_call: OnCall) -> None:
    process = begun(paged, world, steps=VERIFIED)

    process.go_on()

    assert (outcome(process), on_call.over) == ("signed off", [])
