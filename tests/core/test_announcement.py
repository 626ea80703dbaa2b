"""One announcement a release says where the release is: edited in its place, so that nobody reads another message."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.errors import Refused, Unreachable
from blocks.slack import Message
from flows.rollout import everything_is_live
from flows.sign_off import list_untold
from policy.items import Way
from policy.messages import updated_everywhere
from policy.record import Event
from tasks.messages import announcement_says, deliver, message_key, show_end, show_state
from tasks.run import Run, utc_now
from tasks.step import perform
from tests.core.company import DEPLOYMENTS, People
from tests.core.scene import BUILT_AND_KEPT, begun
from tests.core.world import World

PLANNED = """:package: *Production Deployment Planned*

*What:* Reminders
*Duration:* ~15 min, then watched for up to 1 h
*On-Call Engineer:* <@UANA> (on standby)"""
HEADLINE = ":arrows_counterclockwise: b2b2b2b now runs on web-server-1"


class Silent(People):
    """Slack does not answer."""

    def find(self, channel: str, key: str, thread: Message | None = None) -> Message | None:
        """Say so."""
        raise Unreachable(f"Slack: no usable answer about {key} in {channel}, {thread}")


def run_with(company: Company, world: World, slack: People) -> Run:
    return begun(replace(company, slack=cast("Any", slack)), world, steps=0).run


def announced(company: Company, world: World) -> tuple[Run, People]:
    slack = People()
    run = run_with(company, world, slack)
    perform(deliver(run, number="1.3.7", name="team notified", text=PLANNED, thread=False), run)
    return run, slack


def announcement(run: Run, slack: People) -> str:
    return slack.said[DEPLOYMENTS, message_key(run, "team notified")]


def test_the_announcement_says_where_the_release_is_and_nothing_else_is_posted(company: Company, world: World) -> None:
    run, slack = announced(company, world)
    before = len(slack.said)

    perform(announcement_says(run, number="2.1.7", name="team told", headline=HEADLINE), run)

    assert announcement(run, slack) == PLANNED.replace(":package: *Production Deployment Planned*", HEADLINE)
    assert len(slack.said) == before


def test_an_announcement_that_was_deleted_is_replaced_by_one_message(company: Company, world: World) -> None:
    slack = People()
    run = run_with(company, world, slack)

    for _ in range(2):
        perform(announcement_says(run, number="2.1.7", name="team told", headline=HEADLINE), run)

    assert [text for (channel, _), text in slack.said.items() if channel == DEPLOYMENTS].count(HEADLINE) == 1


@pytest.mark.parametrize("undone", [False, True], ids=["itself", "by a roll-back of its own"])
def test_the_end_of_a_release_stands_in_its_announcement(company: Company, world: World, *, undone: bool) -> None:
    run, slack = announced(company, world)
    key = message_key(run, "team notified")
    run.release = run.release.model_copy(update={"opened_at": utc_now() - timedelta(minutes=3)})
    if undone:
        run.release = run.release.model_copy(update={"key": "20261127-rollback", "undoes": run.release.key})

    show_end(run, ":warning: *Deployment Rolled Back*\n*Reason:* red flag")

    assert slack.said[DEPLOYMENTS, key].splitlines() == [
        ":warning: *Deployment Rolled Back*",
        "",
        "*What:* Reminders",
        "*Duration:* 3 min",
        "*On-Call Engineer:* <@UANA>",
    ]


class Threads(People):
    """Slack that shows in which thread a message stands."""

    def __init__(self) -> None:
        super().__init__()
        self.under: dict[str, str | None] = {}

    def post(self, channel: str, text: str, key: str, thread: Message | None = None) -> Message:
        """Remember where."""
        self.under[key] = thread.stamp if thread else None
        return super().post(channel, text, key, thread)


def test_what_a_roll_back_by_itself_says_stands_in_the_thread_of_the_release_that_it_undoes(
    company: Company, world: World
) -> None:
    slack = Threads()
    run = run_with(company, world, slack)
    perform(deliver(run, number="1.3.7", name="team notified", text=PLANNED, thread=False), run)
    announcement = message_key(run, "team notified")
    run.release = run.release.model_copy(update={"key": "20261127-rollback", "undoes": run.release.key})

    perform(deliver(run, number="4.2.4", name="roll-back communicated", text="Rolled back"), run)

    assert slack.under == {announcement: None, "20261127-rollback/roll-back-communicated": announcement}


def test_a_slack_that_is_away_stops_nothing(company: Company, world: World) -> None:
    show_state(run_with(company, world, Silent()), HEADLINE)


class Closed(People):
    """Slack refuses the bot."""

    def find(self, channel: str, key: str, thread: Message | None = None) -> Message | None:
        """Say so."""
        raise Refused(f"Slack: not_in_channel: {key} in {channel}, {thread}")


@pytest.mark.parametrize("way", [Way.HOTFIX, Way.STANDARD])
def test_what_is_live_everywhere_goes_home_for_no_message_and_the_sign_off_says_that_none_was_sent(
    company: Company, world: World, way: Way
) -> None:
    run = begun(replace(company, slack=cast("Any", Closed())), world, steps=BUILT_AND_KEPT).run
    run.release = run.release.model_copy(update={"way": way})

    everything_is_live(run)

    assert run.record.last(Event.LIVE)
    assert list_untold(run) == ["2.1.7: Slack did not take that every server serves it"]


def test_the_sign_off_says_nothing_of_a_message_that_was_sent(company: Company, world: World) -> None:
    run = begun(company, world, steps=BUILT_AND_KEPT).run

    everything_is_live(run)

    assert list_untold(run) == []


def test_every_server_is_said_on_one_line(company: Company, world: World) -> None:
    process = begun(company, world, steps=0)
    process.go_on_to_the_end()

    assert "\n" not in updated_everywhere(process.run.release, process.run.built)
