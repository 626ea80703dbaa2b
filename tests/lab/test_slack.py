"""The stand-in for Slack: what it refuses, always under HTTP 200, and in which words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from lab.vendors.slack import Slack
from tests.serving import served

TOKEN = "xoxb-right"


@dataclass(slots=True)
class World:
    """The stand-in, asked without our own client."""

    vendor: Slack
    client: httpx.Client

    def ask(self, method: str, **given: Any) -> dict[str, Any]:
        """The body of the answer."""
        answer = self.client.post(f"/api/{method}", json=given)
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        return body


@pytest.fixture
def world() -> Iterator[World]:
    vendor = Slack(TOKEN, channels={"C1": "deployments"}, people={"tomas@holilabs.xyz": "U1"})
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with served(vendor.app) as url, httpx.Client(base_url=url, headers=headers) as client:
        yield World(vendor, client)


@pytest.mark.parametrize(
    ("token", "error"), [("", "not_authed"), ("Bearer xoxb-wrong", "invalid_auth")], ids=["none", "wrong"]
)
def test_a_caller_without_the_right_token_is_refused(world: World, token: str, error: str) -> None:
    answer = world.client.post("/api/auth.test", headers={"Authorization": token})

    assert answer.json() == {"ok": False, "error": error}


@pytest.mark.parametrize(
    ("method", "given", "error"),
    [
        ("chat.postMessage", {"text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C9", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C1"}, "no_text"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "thread_ts": "1.0"}, "thread_not_found"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "chanel": "C1"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "metadata": {"a": 1}}, "invalid_metadata_schema"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "metadata": "{"}, "invalid_metadata_format"),
        ("chat.postMessage", {"channel": "C1", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ("chat.update", {"channel": "C1", "ts": "1.0", "text": "x"}, "message_not_found"),
        ("chat.getPermalink", {"channel": "C1", "message_ts": "1.0"}, "message_not_found"),
        ("conversations.history", {"channel": "C1", "limit": 1000}, "invalid_limit"),
        ("conversations.history", {"channel": "C1", "cursor": "x"}, "invalid_cursor"),
        ("conversations.replies", {"channel": "C1", "ts": "1.0"}, "thread_not_found"),
        ("conversations.open", {"users": "U9"}, "user_not_found"),
        ("users.lookupByEmail", {"email": "x@y.z"}, "users_not_found"),
        ("chat.shout", {}, "unknown_method"),
    ],
)
def test_what_slack_refuses_is_refused(world: World, method: str, given: dict[str, Any], error: str) -> None:
    answer = world.ask(method, **given)

    assert (answer["ok"], answer["error"]) == (False, error)


def test_a_bot_that_is_not_in_the_channel_is_refused(world: World) -> None:
    world.vendor.put_out("C1")

    assert world.ask("chat.postMessage", channel="C1", text="x")["error"] == "not_in_channel"


def test_metadata_is_shown_only_when_asked_for(world: World) -> None:
    metadata = {"event_type": "e", "event_payload": {"key": "k"}}
    world.ask("chat.postMessage", channel="C1", text="x", metadata=metadata)

    plain = world.ask("conversations.history", channel="C1")["messages"]
    whole = world.ask("conversations.history", channel="C1", include_all_metadata=True)["messages"]

    assert "metadata" not in plain[0]
    assert whole[0]["metadata"] == metadata


def test_history_comes_newest_first_in_pages_without_replies(world: World) -> None:
    stamps = [world.ask("chat.postMessage", channel="C1", text=str(number))["ts"] for number in range(5)]
    world.ask("chat.postMessage", channel="C1", text="reply", thread_ts=stamps[0])

    first = world.ask("conversations.history", channel="C1", limit=3)
    rest = world.ask("conversations.history", channel="C1", limit=3, cursor=first["response_metadata"]["next_cursor"])
    newer = world.ask("conversations.history", channel="C1", oldest=stamps[3])

    assert [message["text"] for message in first["messages"] + rest["messages"]] == ["4", "3", "2", "1", "0"]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert [message["text"] for message in newer["messages"]] == ["4"]
    assert len(world.ask("conversations.replies", channel="C1", ts=stamps[0])["messages"]) == 2


def test_the_first_message_of_a_thread_counts_its_replies(world: World) -> None:
    first = world.ask("chat.postMessage", channel="C1", text="first")["ts"]
    assert "thread_ts" not in world.ask("conversations.history", channel="C1")["messages"][0]
    world.vendor.say("C1", "U1", "in the thread", thread_ts=first)
    world.vendor.say("C1", "U1", "in both", thread_ts=first, subtype="thread_broadcast")

    shown = world.ask("conversations.history", channel="C1")["messages"]
    below = world.ask("conversations.replies", channel="C1", ts=first)["messages"]

    assert [message["text"] for message in shown] == ["in both", "first"]
    assert (shown[1]["thread_ts"], shown[1]["reply_count"], shown[1]["reply_users"]) == (first, 2, ["U1"])
    assert [message["text"] for message in below] == ["first", "in the thread", "in both"]
    assert below[1]["parent_user_id"] == below[0]["user"]


def test_a_text_that_is_too_long_is_cut_not_refused(world: World) -> None:
    world.ask("chat.postMessage", channel="C1", text="x" * 50_000)

    assert len(world.vendor.messages("#deployments")[0]["text"]) == 40_000


def test_too_many_calls_are_answered_with_429_and_the_seconds_to_wait(world: World) -> None:
    world.vendor.break_with("limited", path="chat.postMessage", seconds=7)

    answer = world.client.post("/api/chat.postMessage", json={"channel": "C1", "text": "x"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert world.ask("auth.test")["ok"]


def test_a_lost_answer_stores_the_message_and_breaks_the_connection(world: World) -> None:
    world.vendor.break_with("lost", times=1)

    with pytest.raises(httpx.RemoteProtocolError):
        world.ask("chat.postMessage", channel="C1", text="x")
    assert [message["text"] for message in world.vendor.messages("C1")] == ["x"]


def test_a_reset_empties_the_workspace(world: World) -> None:
    world.ask("chat.postMessage", channel="C1", text="x")
    world.vendor.break_with("error")

    world.vendor.reset()

    assert world.vendor.messages("C1") == []
    assert world.ask("auth.test")["ok"]
