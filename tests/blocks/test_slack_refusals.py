"""E1: Slack says no with a status of 200, or less than it knows; what it says becomes a sentence."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from blocks.errors import BlockError, Refused, Unreachable
from blocks.slack import Slack
from tests.serving import served


class Workspace:
    """A Slack that lists no message and gives every new one the same answer."""

    listed: Mapping[str, Any] = MappingProxyType({"messages": []})

    def __init__(self, body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.posted = 0
        self._answer: Callable[[], JSONResponse] = lambda: JSONResponse(body, status, headers)
        self.app = Starlette(
            routes=[
                Route("/api/conversations.history", self._history, methods=["GET", "POST"]),
                Route("/api/chat.postMessage", self._post, methods=["POST"]),
            ]
        )

    async def _history(self, _request: Request) -> JSONResponse:
        return JSONResponse({"ok": True, **self.listed})

    async def _post(self, _request: Request) -> JSONResponse:
        self.posted += 1
        return self._answer()


def post(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> BlockError:
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-right")
    with served(workspace.app) as url:
        slack = Slack(
            url=f"{url}/api/", deployments="C0DEPLOYMENTS", alerts="C0ALERTS", timeout=2, patience=3, attempts=1
        )
        with pytest.raises(BlockError) as caught:
            slack.post("C0DEPLOYMENTS", "Release 7 begins", "release-7/begins")
    return caught.value


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        pytest.param(
            {"error": "not_in_channel"}, "the bot is not in #deployments (C0DEPLOYMENTS); invite it there", id="E1"
        ),
        pytest.param(
            {"error": "channel_not_found"},
            "there is no channel #deployments (C0DEPLOYMENTS) that the bot can see",
            id="E1 no such channel",
        ),
        pytest.param({"error": "is_archived"}, "#deployments (C0DEPLOYMENTS) is archived", id="E1 archived"),
        pytest.param(
            {"error": "restricted_action"},
            "the workspace lets the bot post nothing in #deployments (C0DEPLOYMENTS)",
            id="E1 only some may post there",
        ),
        pytest.param({"error": "invalid_auth"}, "the token is not valid", id="E1 wrong token"),
        pytest.param(
            {"error": "token_revoked"},
            "the token was revoked; install the app again and set the new one",
            id="E1 revoked token",
        ),
        pytest.param(
            {"error": "account_inactive"},
            "the token is of a bot or workspace that is no more",
            id="E1 bot that is gone",
        ),
        pytest.param(
            {"error": "missing_scope", "needed": "chat:write", "provided": "im:write"},
            "the token lacks the scope chat:write",
            id="E1 missing scope",
        ),
        pytest.param({"error": "some_new_error"}, "some_new_error", id="E1 a word that nobody knew"),
    ],
)
def test_a_no_within_a_success_is_a_refusal_and_is_not_asked_again(
    said: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace({"ok": False, **said})

    error = post(workspace, monkeypatch)

    assert isinstance(error, Refused)
    assert str(error) == f"Slack refused: {sentence}"
    assert workspace.posted == 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"ok": False, "error": "ratelimited"}, id="E1 too many calls"),
        pytest.param({"ok": False, "error": "rate_limited"}, id="E1 too many messages"),
        pytest.param({"ok": False, "error": "internal_error"}, id="E1 Slack is ill"),
        pytest.param({"ok": False}, id="E1 a no without a word"),
        pytest.param({}, id="E1 neither yes nor no"),
        pytest.param({"ok": True}, id="E1 a yes without a message"),
    ],
)
def test_what_may_be_better_later_is_no_refusal_and_never_a_message_that_was_sent(
    body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(post(Workspace(body), monkeypatch), Unreachable)


@pytest.mark.parametrize(
    ("wait", "said", "posted"),
    [
        pytest.param("7", "asked to wait 7 s; given up", 1, id="E2 longer than the limit"),
        pytest.param("1", "asked to wait 1 s; given up", 2, id="E2 for ever"),
        pytest.param("Fri, 27 Nov 2026 10:00:00 GMT", "no usable answer", 1, id="E2 a date"),
    ],
)
def test_a_rate_limit_that_does_not_end_is_given_up(
    wait: str, said: str, posted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": wait})

    error = post(workspace, monkeypatch)

    assert isinstance(error, Unreachable)
    assert said in str(error)
    assert workspace.posted == posted


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"has_more": True}, id="E4 no next page"),
        pytest.param({"has_more": True, "response_metadata": {"next_cursor": ""}}, id="E4 an empty next page"),
    ],
)
def test_messages_of_which_some_did_not_come_are_not_taken_for_all_and_nothing_is_sent_twice(
    more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace({"ok": True, "channel": "C0DEPLOYMENTS", "ts": "1.2"})
    workspace.listed = {"messages": [], **more}

    error = post(workspace, monkeypatch)

    assert isinstance(error, Unreachable)
    assert "#deployments (C0DEPLOYMENTS) has more messages than came" in str(error)
    assert workspace.posted == 0
