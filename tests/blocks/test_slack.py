"""The Slack block against the stand-in, over real HTTP."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.slack import NEEDED_SCOPES, Slack
from lab.vendors.slack import Slack as StandIn
from tests.serving import served

TOKEN = "xoxb-right"
CHANNELS = {"C0DEPLOYMENTS": "deployments", "C0ALERTS": "alerts"}
PEOPLE = {"tomas@holilabs.xyz": "U0TOMAS"}


@dataclass(slots=True)
class World:
    """The block under test and the workspace it talks to."""

    block: Slack
    vendor: StandIn

    def texts(self, channel: str) -> list[str]:
        """What people read there."""
        return [message["text"] for message in self.vendor.messages(channel)]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("SLACK_TOKEN", TOKEN)
    vendor = StandIn(TOKEN, channels=CHANNELS, people=PEOPLE)
    with served(vendor.app) as url:
        block = Slack(
            url=f"{url}/api/",
            deployments="C0DEPLOYMENTS",
            alerts="C0ALERTS",
            timeout=2,
            patience=3,
            attempts=1,
        )
        yield World(block, vendor)


def test_a_message_is_posted_once_for_a_key(world: World) -> None:
    first = world.block.post("C0DEPLOYMENTS", "Release 7 begins", "release-7/begins")
    again = world.block.post("C0DEPLOYMENTS", "Release 7 begins", "release-7/begins")
    other = world.block.post("C0DEPLOYMENTS", "Release 8 begins", "release-8/begins")

    assert again == first
    assert other != first
    assert world.texts("#deployments") == ["Release 7 begins", "Release 8 begins"]


def test_e3_a_post_whose_answer_was_lost_is_not_repeated(world: World) -> None:
    """E3."""
    world.vendor.break_with("lost", path="chat.postMessage", times=1)

    message = world.block.post("C0DEPLOYMENTS", "Release 7 begins", "release-7/begins")

    assert world.block.find("C0DEPLOYMENTS", "release-7/begins") == message
    assert world.texts("#deployments") == ["Release 7 begins"]


def test_our_message_is_found_behind_many_others(world: World) -> None:
    message = world.block.post("C0DEPLOYMENTS", "Release 7 begins", "release-7/begins")
    for number in range(450):
        world.vendor.channels["C0DEPLOYMENTS"].messages.append(
            {"type": "message", "user": "U1", "text": f"chat {number}", "ts": f"{time.time() + number:.6f}"}
        )

    assert world.block.find("C0DEPLOYMENTS", "release-7/begins") == message


def test_a_reply_stands_in_its_thread_once(world: World) -> None:
    announcement = world.block.post("C0DEPLOYMENTS", "Release 7 begins", "release-7/begins")

    for _ in range(2):
        world.block.post("C0DEPLOYMENTS", "Release 7 is done", "release-7/done", thread=announcement)

    first, reply = world.vendor.messages("C0DEPLOYMENTS")
    assert reply["thread_ts"] == first["ts"]


def test_a_message_to_a_person_arrives_once(world: World) -> None:
    for _ in range(2):
        world.block.direct_message("U0TOMAS", "Your approval is asked", "release-7/gate")

    assert world.texts("U0TOMAS") == ["Your approval is asked"]


def test_what_is_written_to_us_and_in_the_thread_of_our_question_is_read(world: World) -> None:
    ours = world.block.direct_message("U0TOMAS", "Are you ready?", "release-7/told")
    world.vendor.say("U0TOMAS", "U0TOMAS", "a moment")
    world.vendor.say("U0TOMAS", "U0TOMAS", "yes", thread_ts=ours.stamp)
    world.vendor.say("U0TOMAS", "U0TOMAS", "no, wait", thread_ts=ours.stamp, subtype="thread_broadcast")

    told = world.block.read_replies("U0TOMAS", "release-7/told")

    assert told is not None
    assert [answer.text for answer in told.answers] == ["a moment", "yes", "no, wait"]


def test_an_alert_is_read_from_text_or_attachment_and_who_came_or_went_is_none(world: World) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    world.block.post("C0ALERTS", "Release 7 needs hands", "release-7/page")
    resolved = {"title": "[RESOLVED] HighErrorRate", "fallback": "[RESOLVED] HighErrorRate", "text": "web-1", "id": 1}
    world.vendor.say("C0ALERTS", "U0GRAFANA", "", subtype="bot_message", attachments=[resolved])
    both = [{"fallback": "[FIRING] disk", "id": 1}, {"text": "[FIRING] memory", "id": 2}]
    world.vendor.say("C0ALERTS", "U0GRAFANA", "", attachments=both)
    world.vendor.say("C0ALERTS", "U0GRAFANA", "[FIRING] cpu", attachments=[{"fallback": "more of it", "id": 1}])
    world.vendor.say("C0ALERTS", "U0TOMAS", "<@U0TOMAS> has joined the channel", subtype="channel_join")
    world.vendor.say("C0ALERTS", "U0TOMAS", "set the channel topic: x", subtype="channel_topic")

    alerts = world.block.list_alerts("C0ALERTS", since)

    said = ["[FIRING] cpu", "[FIRING] disk", "[FIRING] memory", "[RESOLVED] HighErrorRate"]
    assert sorted(alert.text for alert in alerts) == said
    stamp = world.vendor.messages("C0ALERTS")[1]["ts"].replace(".", "")
    assert f"https://holilabs.slack.com/archives/C0ALERTS/p{stamp}" in {alert.url for alert in alerts}


def test_an_update_changes_the_text_and_keeps_the_key(world: World) -> None:
    message = world.block.post("C0DEPLOYMENTS", "Release 7 begins", "release-7/begins")

    world.block.update(message, "Release 7 was rolled back")

    assert world.texts("#deployments") == ["Release 7 was rolled back"]
    assert world.block.find("C0DEPLOYMENTS", "release-7/begins") == message


def test_a_person_is_found_by_e_mail_and_a_message_by_its_link(world: World) -> None:
    message = world.block.post("C0DEPLOYMENTS", "Release 7 begins", "release-7/begins")

    assert world.block.find_user("tomas@holilabs.xyz") == "U0TOMAS"
    assert world.block.read_permalink(message).startswith("https://holilabs.slack.com/archives/C0DEPLOYMENTS/p")
    world.block.check()


def test_a_scheduled_message_is_posted_by_slack_alone_at_its_time(
    world: World, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    at = datetime.now(UTC) + timedelta(seconds=5)
    scheduled = world.block.schedule_message("C0ALERTS", "Servers differ", at)

    assert scheduled.at >= at
    assert world.block.list_scheduled_messages("C0ALERTS") == (scheduled,)
    assert world.texts("#alerts") == []
    wait_until(lambda: world.texts("#alerts") == ["Servers differ"])
    assert world.block.list_scheduled_messages("C0ALERTS") == ()


def test_what_slack_posted_by_itself_is_found_by_its_words(
    world: World, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    at = datetime.now(UTC) + timedelta(seconds=5)
    world.block.schedule_message("C0ALERTS", "Servers differ (release 7)", at)
    assert world.block.find_said("C0ALERTS", "(release 7)") is None

    wait_until(lambda: world.block.find_said("C0ALERTS", "(release 7)") is not None)

    found = world.block.find_said("C0ALERTS", "(release 7)")
    assert found is not None
    assert found.text == "Servers differ (release 7)"
    assert world.block.find_said("C0ALERTS", "(release 8)") is None


def test_a_scheduled_message_that_is_deleted_is_not_posted_and_its_last_minute_is_too_late(world: World) -> None:
    now = datetime.now(UTC)
    early = world.block.schedule_message("C0ALERTS", "Servers differ", now + timedelta(seconds=90))
    late = world.block.schedule_message("C0ALERTS", "Servers differ", now + timedelta(seconds=30))

    world.block.delete_scheduled_message(early)
    with pytest.raises(Refused, match=r"the message for #alerts \(C0ALERTS\) was posted, or will be within a minute"):
        world.block.delete_scheduled_message(late)

    assert world.block.list_scheduled_messages("C0ALERTS") == (late,)


def test_every_scheduled_message_is_listed_and_those_of_other_channels_are_not(world: World) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    for number in range(250):
        world.block.schedule_message("C0ALERTS", str(number), later + timedelta(minutes=number))
    world.block.schedule_message("C0DEPLOYMENTS", "elsewhere", later)

    texts = [message.text for message in world.block.list_scheduled_messages("C0ALERTS")]

    assert texts == [str(number) for number in range(250)]


def test_a_time_that_slack_cannot_keep_is_refused_in_a_sentence(world: World) -> None:
    now = datetime.now(UTC)
    with pytest.raises(Refused, match="at a time that has passed"):
        world.block.schedule_message("C0ALERTS", "x", now - timedelta(seconds=5))
    with pytest.raises(Refused, match="in more than 120 days"):
        world.block.schedule_message("C0ALERTS", "x", now + timedelta(days=121))


def test_a_scope_that_the_token_lacks_is_named(world: World) -> None:
    world.vendor.take_scope("users.lookupByEmail", "users:read.email")

    with pytest.raises(Refused, match=r"Slack refused: the token lacks the scope users:read\.email"):
        world.block.find_user("tomas@holilabs.xyz")


def test_the_scopes_of_the_token_are_read_and_a_lost_one_is_not_among_them(world: World) -> None:
    assert world.block.read_scopes() >= NEEDED_SCOPES

    world.vendor.take_scope("conversations.open", "im:write")

    assert NEEDED_SCOPES - world.block.read_scopes() == {"im:write"}


def test_a_person_whom_slack_does_not_know_cannot_be_told(world: World) -> None:
    world.block.check_person("U0TOMAS")

    with pytest.raises(Refused, match="there is no user U0NOBODY"):
        world.block.check_person("U0NOBODY")


def test_e1_a_bot_outside_the_channel_is_refused_in_a_sentence(world: World) -> None:
    """E1: already where our own message is looked for."""
    world.vendor.put_out("C0DEPLOYMENTS")

    with pytest.raises(Refused, match=r"Slack refused: the bot is not in #deployments \(C0DEPLOYMENTS\)"):
        world.block.post("C0DEPLOYMENTS", "Release 7 begins", "release-7/begins")
    assert len(world.vendor.calls) == 1


def test_unknown_channels_users_and_e_mails_are_refused(world: World) -> None:
    with pytest.raises(Refused, match="no channel C0NOWHERE"):
        world.block.post("C0NOWHERE", "Hello", "k")
    with pytest.raises(Refused, match="no user U0NOBODY"):
        world.block.direct_message("U0NOBODY", "Hello", "k")
    with pytest.raises(Refused, match="nobody has the e-mail nobody@holilabs"):
        world.block.find_user("nobody@holilabs.xyz")
    with pytest.raises(Refused, match="the message k for C0ALERTS is empty"):
        world.block.post("C0ALERTS", "", "k")


def test_e2_a_rate_limit_is_waited_for_and_then_given_up(world: World) -> None:
    """E2."""
    world.vendor.break_with("limited", path="chat.postMessage", seconds=1, times=1)
    began = time.monotonic()
    world.block.post("C0DEPLOYMENTS", "Release 7 begins", "release-7/begins")
    assert time.monotonic() - began >= 1
    assert world.texts("#deployments") == ["Release 7 begins"]

    world.vendor.break_with("limited", path="chat.postMessage", seconds=7)
    with pytest.raises(Unreachable, match="asked to wait 7 s"):
        world.block.post("C0DEPLOYMENTS", "Release 8 begins", "release-8/begins")


@pytest.mark.parametrize("kind", ["error", "html", "truncated", "empty", "down"])
def test_nonsense_and_silence_are_unreachable(world: World, kind: str) -> None:
    world.vendor.break_with(kind)

    with pytest.raises(Unreachable, match="Slack"):
        world.block.post("C0DEPLOYMENTS", "Release 7 begins", "release-7/begins")


def test_a_slow_answer_is_not_waited_for_without_end(world: World) -> None:
    world.vendor.break_with("slow", seconds=4, times=1)

    with pytest.raises(Unreachable, match="no usable answer"):
        world.block.find("C0DEPLOYMENTS", "k")


def test_a_wrong_or_missing_token_is_named_and_never_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-wrong")
    with pytest.raises(Refused, match="the token is not valid") as caught:
        world.block.check()
    assert "xoxb-wrong" not in str(caught.value)

    monkeypatch.delenv("SLACK_TOKEN")
    with pytest.raises(Misconfigured, match="secret SLACK_TOKEN"):
        world.block.check()


class TestStandard(BlockStandardTestSuite):
    """What Prefect asks of every block; ours carry no logo, since it would be fetched from the network."""

    @pytest.fixture
    def block(self) -> type[Block]:
        return Slack

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        assert block.get_block_type_slug() == "countersign-slack"
