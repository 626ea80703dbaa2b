"""The stand-in for Slack's scheduled messages: when they are posted, and what is refused."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from lab.vendors.slack import Slack
from tests.lab.deadline import reached
from tests.serving import served

TOKEN = "xoxb-right"


class World:
    """The stand-in, asked without our own client."""

    def __init__(self, vendor: Slack, client: httpx.Client) -> None:
        self.vendor, self._client = vendor, client

    def ask(self, method: str, **given: Any) -> dict[str, Any]:
        """The body of the answer."""
        body: dict[str, Any] = self._client.post(f"/api/{method}", json=given).json()
        return body

    def schedule(self, text: str, *, ahead: float, **given: Any) -> dict[str, Any]:
        """Schedule a message so many seconds ahead."""
        return self.ask("chat.scheduleMessage", channel="C1", text=text, post_at=int(time.time() + ahead), **given)

    def waiting(self) -> list[str]:
        """The texts that wait."""
        return [one["text"] for one in self.ask("chat.scheduledMessages.list", channel="C1")["scheduled_messages"]]

    def posted(self) -> list[str]:
        """The texts that stand in the channel."""
        return [one["text"] for one in self.ask("conversations.history", channel="C1")["messages"]]


def serving(last_chance: float) -> Iterator[World]:
    vendor = Slack(TOKEN, channels={"C1": "alerts"}, people={}, last_chance=last_chance)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with served(vendor.app) as url, httpx.Client(base_url=url, headers=headers) as client:
        yield World(vendor, client)


@pytest.fixture
def world() -> Iterator[World]:
    """Slack with its own last minute."""
    yield from serving(60)


@pytest.fixture
def hasty() -> Iterator[World]:
    """Slack whose last minute is a second."""
    yield from serving(1)


def test_a_message_is_posted_at_its_time_and_waits_no_longer(world: World) -> None:
    post_at = world.schedule("it burns", ahead=5)["post_at"]
    assert (world.waiting(), world.posted()) == (["it burns"], [])

    assert reached(lambda: world.posted() == ["it burns"])

    assert time.time() >= post_at
    assert float(world.vendor.messages("#alerts")[0]["ts"]) == post_at
    assert world.waiting() == []


def test_a_message_that_was_deleted_is_never_posted(hasty: World) -> None:
    first = hasty.schedule("first", ahead=8)["scheduled_message_id"]
    hasty.schedule("second", ahead=5)

    assert hasty.ask("chat.deleteScheduledMessage", channel="C1", scheduled_message_id=first) == {"ok": True}

    assert reached(lambda: hasty.posted() == ["second"])
    assert hasty.waiting() == []


def test_within_its_last_minute_a_message_cannot_be_deleted(world: World) -> None:
    soon = world.schedule("soon", ahead=50)["scheduled_message_id"]
    later = world.schedule("later", ahead=70)["scheduled_message_id"]

    refused = world.ask("chat.deleteScheduledMessage", channel="C1", scheduled_message_id=soon)

    assert refused == {"ok": False, "error": "invalid_scheduled_message_id"}
    assert world.ask("chat.deleteScheduledMessage", channel="C1", scheduled_message_id=later)["ok"]
    assert world.waiting() == ["soon"]


@pytest.mark.parametrize(
    ("method", "given", "error"),
    [
        ("chat.scheduleMessage", {"text": "x", "post_at": 4102444800}, "channel_not_found"),
        ("chat.scheduleMessage", {"channel": "C1", "text": "x"}, "invalid_time"),
        ("chat.scheduleMessage", {"channel": "C1", "text": "x", "post_at": "soon"}, "invalid_time"),
        ("chat.scheduleMessage", {"channel": "C1", "text": "x", "post_at": 1}, "time_in_past"),
        ("chat.scheduleMessage", {"channel": "C1", "text": "x", "post_at": 4102444800}, "time_too_far"),
        (
            "chat.deleteScheduledMessage",
            {"channel": "C1", "scheduled_message_id": "Q9"},
            "invalid_scheduled_message_id",
        ),
        ("chat.scheduledMessages.list", {"channel": "C9"}, "channel_not_found"),
        ("chat.scheduledMessages.list", {"channel": "C1", "cursor": "x"}, "invalid_cursor"),
    ],
)
def test_what_slack_refuses_is_refused(world: World, method: str, given: dict[str, Any], error: str) -> None:
    assert world.ask(method, **given) == {"ok": False, "error": error}


def test_a_message_without_text_is_refused(world: World) -> None:
    assert world.schedule("", ahead=90)["error"] == "no_text"


def test_more_than_thirty_messages_within_five_minutes_are_refused(world: World) -> None:
    for number in range(30):
        assert world.schedule(str(number), ahead=100 + number)["ok"]

    assert world.schedule("one more", ahead=200)["error"] == "restricted_too_many"
    assert world.schedule("much later", ahead=1000)["ok"]


def test_a_message_with_metadata_is_taken_and_never_posted_as_with_slack_itself(world: World) -> None:
    metadata = {"event_type": "e", "event_payload": {"key": "k"}}
    assert world.schedule("with metadata", ahead=5, metadata=metadata)["ok"]
    world.schedule("without", ahead=6)

    assert reached(lambda: "without" in world.posted())
    assert world.posted() == ["without"]


def test_what_waits_is_listed_in_pages(world: World) -> None:
    for number in range(3):
        world.schedule(str(number), ahead=100 + number)

    first = world.ask("chat.scheduledMessages.list", channel="C1", limit=2)
    cursor = first["response_metadata"]["next_cursor"]
    rest = world.ask("chat.scheduledMessages.list", channel="C1", limit=2, cursor=cursor)

    assert [one["text"] for one in first["scheduled_messages"] + rest["scheduled_messages"]] == ["0", "1", "2"]


def test_a_reset_forgets_what_waits(world: World) -> None:
    world.schedule("x", ahead=90)

    world.vendor.reset()

    assert world.waiting() == []
