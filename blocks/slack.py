"""Slack: messages in channels, threads and to one person, each sent exactly once.

Follows Slack's Web API pages (docs.slack.dev). Slack takes no idempotency key, so every message carries our
key in its metadata, and is looked for before it is sent.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from prefect.blocks.core import Block
from pydantic import BaseModel, Field, HttpUrl, ValidationError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryState
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.web import SlackResponse

from blocks.credentials import read_secret
from blocks.errors import Refused, Unreachable

Shape = TypeVar("Shape", bound=BaseModel)
Ask = Callable[[WebClient], SlackResponse]
_EVENT = "countersign_message"
_PAGE = 200
_MAY_HELP = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_SENTENCES = {
    "not_in_channel": "the bot is not in {channel}; invite it there",
    "channel_not_found": "there is no channel {channel} that the bot can see",
    "is_archived": "{channel} is archived",
    "invalid_auth": "the token is not valid",
    "not_authed": "no token was given",
    "missing_scope": "the token lacks a permission (scope)",
    "users_not_found": "nobody has the e-mail {channel}",
    "user_not_found": "there is no user {channel}",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message that Slack has: where it is, and its name there."""

    channel: str
    stamp: str


class _Metadata(BaseModel):
    event_type: str
    event_payload: dict[str, Any]


class _Empty(BaseModel):
    ok: bool


class _Listed(BaseModel):
    ts: str
    metadata: _Metadata | None = None


class _Cursor(BaseModel):
    next_cursor: str = ""


class _Page(BaseModel):
    messages: list[_Listed]
    response_metadata: _Cursor | None = None


class _Sent(BaseModel):
    channel: str
    ts: str


class _Identified(BaseModel):
    id: str


class _Opened(BaseModel):
    channel: _Identified


class _Found(BaseModel):
    user: _Identified


class _Link(BaseModel):
    permalink: str


class PatientRateLimit(RateLimitErrorRetryHandler):
    """Waits where Slack asks for it, unless it asks for more than the limit."""

    def __init__(self, *, longest: timedelta, attempts: int) -> None:
        super().__init__(max_retry_count=attempts)
        self._longest = longest.total_seconds()

    def can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        """Whether one more attempt is worth its waiting."""
        if response is not None and response.status_code == 429 and _asked_wait(response) > self._longest:
            return False
        return super().can_retry(state=state, request=request, response=response, error=error)


class Slack(Block):
    """One workspace, as our bot sees it."""

    _block_type_name = "Countersign Slack"
    _block_type_slug = "countersign-slack"
    _description = "Messages in channels, in threads and to one person."
    _documentation_url = HttpUrl("https://docs.slack.dev/apis/web-api/")
    _code_example = """
    ```python
    from blocks.slack import Slack

    slack = Slack.load("BLOCK_NAME")
    slack.post(slack.deployments, "Release 7 begins", "release-7/begins")
    ```"""

    url: str = Field(default="https://slack.com/api/", description="Address of Slack's Web API.")
    token: str = Field(default="SLACK_TOKEN", description="Name of the secret that holds the bot's token.")
    secrets_folder: str | None = Field(default=None, description="Folder of the files that hold secrets.")
    deployments: str = Field(description="Number of the channel for deployments, such as C0123456789.")
    alerts: str = Field(description="Number of the channel for alerts.")
    timeout: timedelta = Field(default=timedelta(seconds=15), description="How long one call may take, in seconds.")
    patience: timedelta = Field(
        default=timedelta(seconds=30), description="The longest wait that Slack may ask for, in seconds."
    )
    attempts: int = Field(default=2, ge=0, description="How often a call is repeated after a rate limit.")
    look_back: timedelta = Field(
        default=timedelta(days=7), description="How far back our own message is looked for, in seconds."
    )

    def post(self, channel: str, text: str, key: str, thread: Message | None = None) -> Message:
        """The message stands in the channel once, however often this is called with the same key."""
        if not text.strip():
            raise Refused(f"the message {key} for {channel} is empty")
        if seen := self.find(channel, key, thread):
            return seen
        given: dict[str, Any] = {
            "channel": channel,
            "text": text,
            "metadata": {"event_type": _EVENT, "event_payload": {"key": key}},
            "unfurl_links": False,
        }
        if thread:
            given["thread_ts"] = thread.stamp
        try:
            sent = self._ask(_Sent, channel, lambda client: client.chat_postMessage(**given))
        except Unreachable:
            # The answer may be lost and the message sent: only looking can tell.
            if seen := self.find(channel, key, thread):
                return seen
            raise
        return Message(sent.channel, sent.ts)

    def direct_message(self, user: str, text: str, key: str) -> Message:
        """The message stands once in the conversation with the user."""
        return self.post(self._conversation_with(user), text, key)

    def find_direct(self, user: str, key: str) -> Message | None:
        """Our message with this key in the conversation with the user, or None."""
        return self.find(self._conversation_with(user), key)

    def update(self, message: Message, text: str) -> None:
        """The message says `text` now."""
        self._ask(
            _Sent,
            message.channel,
            lambda client: client.chat_update(channel=message.channel, ts=message.stamp, text=text),
        )

    def find(self, channel: str, key: str, thread: Message | None = None) -> Message | None:
        """Our message with this key, or None where it was not sent within `look_back`."""
        for listed in self._listed(channel, thread):
            found = listed.metadata
            if found and found.event_type == _EVENT and found.event_payload.get("key") == key:
                return Message(channel, listed.ts)
        return None

    def find_user(self, email: str) -> str:
        """The number of the user with this e-mail."""
        return self._ask(_Found, email, lambda client: client.users_lookupByEmail(email=email)).user.id

    def read_permalink(self, message: Message) -> str:
        """The address at which people see the message."""
        given = {"channel": message.channel, "message_ts": message.stamp}
        return self._ask(_Link, message.channel, lambda client: client.chat_getPermalink(**given)).permalink

    def check(self) -> None:
        """Return when Slack knows the token; else say what is wrong."""
        self._ask(_Empty, "", lambda client: client.auth_test())

    def _conversation_with(self, user: str) -> str:
        opened = self._ask(_Opened, user, lambda client: client.conversations_open(users=user))
        return opened.channel.id

    def _listed(self, channel: str, thread: Message | None) -> Iterator[_Listed]:
        given: dict[str, Any] = {"channel": channel, "limit": _PAGE, "include_all_metadata": True}
        if thread:
            given["ts"] = thread.stamp
        else:
            given["oldest"] = f"{(datetime.now(UTC) - self.look_back).timestamp():.6f}"
        while True:
            page = self._ask(_Page, channel, partial(_list, given))
            yield from page.messages
            cursor = page.response_metadata.next_cursor if page.response_metadata else ""
            if not cursor:
                return
            given = given | {"cursor": cursor}

    def _client(self) -> WebClient:
        folder = Path(self.secrets_folder) if self.secrets_folder else None
        return WebClient(
            token=read_secret(self.token, folder).get_secret_value(),
            base_url=self.url,
            timeout=max(round(self.timeout.total_seconds()), 1),
            retry_handlers=[PatientRateLimit(longest=self.patience, attempts=self.attempts)],
        )

    def _ask(self, shape: type[Shape], channel: str, call: Ask) -> Shape:
        client = self._client()
        try:
            return shape.model_validate(call(client).data)
        except SlackApiError as error:
            _raise_said(error, channel)
        except ValidationError as error:
            raise Unreachable(f"Slack: the answer is not as expected ({error.errors()[0]['msg']})") from None
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(f"Slack: no usable answer ({type(error).__name__}: {error})") from None


def _list(given: dict[str, Any], client: WebClient) -> SlackResponse:
    return client.conversations_replies(**given) if "ts" in given else client.conversations_history(**given)


def _asked_wait(response: HttpResponse) -> float:
    headers = {name.lower(): values for name, values in response.headers.items()}
    values = headers.get("retry-after") or ["1"]
    return float(values[0]) if values[0].isdecimal() else 1.0


def _raise_said(error: SlackApiError, channel: str) -> NoReturn:
    status = error.response.status_code
    data = error.response.data
    said = str(data.get("error") or "") if isinstance(data, dict) else ""
    if status == 429:
        wait = error.response.headers.get("Retry-After", "?")
        raise Unreachable(f"Slack: too many calls, asked to wait {wait} s; given up for now") from None
    if status >= 500 or not said or said in _MAY_HELP or " " in said:
        raise Unreachable(f"Slack: no usable answer (status {status}: {said[:100]})") from None
    sentence = _SENTENCES.get(said, said).format(channel=channel)
    raise Refused(f"Slack refused: {sentence}") from None
