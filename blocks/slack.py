"""Slack: messages in channels, threads and to one person, each sent exactly once.

Follows Slack's Web API pages (docs.slack.dev). Slack takes no idempotency key, so every message carries our
key in its metadata, and is looked for before it is sent.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPException
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field, HttpUrl, ValidationError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from blocks import slack_answers as answers
from blocks.company_block import CompanyBlock
from blocks.credentials import read_secret
from blocks.errors import Refused, Unreachable
from policy.incidents import Alert
from policy.next_step import Cause, Kind
from policy.on_call import Answer as Reply
from policy.on_call import Reaction, Told

Shape = TypeVar("Shape", bound=BaseModel)
Ask = Callable[[WebClient], SlackResponse]
_EVENT = "countersign_message"
# What the client cannot send it raises, too: said once, by us.
_QUIET = logging.getLogger("countersign.slack_sdk")
_QUIET.setLevel(logging.CRITICAL)
_PAGE = 200
_SCOPES = "x-oauth-scopes"
# Channels that are private need groups:history instead.
NEEDED_SCOPES = frozenset({"chat:write", "im:write", "im:history"})


@dataclass(frozen=True, slots=True)
class Message:
    """A message that Slack has: where it is, its name there, and what it said when it was found."""

    channel: str
    stamp: str
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A message that Slack will post by itself at `at`, whatever became of us."""

    channel: str
    number: str
    at: datetime
    text: str


class Slack(CompanyBlock):
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
    engineering: str = Field(
        default="", description="Number of the channel of all engineers; empty: that for deployments."
    )
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
            sent = self._ask(answers.Sent, channel, lambda client: client.chat_postMessage(**given))
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

    def read_replies(self, user: str, key: str) -> Told | None:
        """Our message with this key to the user, its emojis, and what was written after it or in its thread."""
        conversation = self._conversation_with(user)
        listed = list(self._listed(conversation, None))
        ours = next((one for one in listed if self._is_ours(one, key)), None)
        if ours is None:
            return None
        reactions = tuple(Reaction(who, one.name) for one in ours.reactions for who in one.users)
        # What was sent to thread and conversation stands in both.
        after = {one.ts: one for one in listed if one.at > ours.at}
        if ours.thread_ts is not None:
            thread = self._listed(conversation, Message(conversation, ours.ts))
            after |= {one.ts: one for one in thread if one.at > ours.at}
        said = tuple(Reply(one.user or "", one.at, one.text) for _, one in sorted(after.items()))
        return Told(user, ours.at, reactions, said)

    def list_alerts(self, channel: str, since: datetime) -> tuple[Alert, ...]:
        """Everything that others posted in a channel since a moment; who came or went is not said by anybody."""
        own = self._ask(answers.Known, channel, lambda client: client.auth_test())
        return tuple(
            Alert(one.user or one.bot_id or "?", one.at, words, one.link_in(own.url, channel))
            for one in self._listed(channel, None, since=since)
            if one.user != own.user_id and not one.is_about_channel
            for words in one.words
        )

    def update(self, message: Message, text: str) -> None:
        """The message says `text` now."""
        self._ask(
            answers.Sent,
            message.channel,
            lambda client: client.chat_update(channel=message.channel, ts=message.stamp, text=text),
        )

    def find(self, channel: str, key: str, thread: Message | None = None) -> Message | None:
        """Our message with this key, or None where it was not sent within `look_back`."""
        for listed in self._listed(channel, thread):
            if self._is_ours(listed, key):
                return Message(channel, listed.ts, listed.text)
        return None

    def find_said(self, channel: str, words: str) -> Message | None:
        """The newest message there with these words: what Slack posted by itself carries no key."""
        for listed in self._listed(channel, None):
            if words in listed.text:
                return Message(channel, listed.ts, listed.text)
        return None

    def schedule_message(self, channel: str, text: str, at: datetime) -> Scheduled:
        """Slack posts the message at `at` by itself; it has no key, since one with metadata is never posted."""
        given: dict[str, Any] = {"channel": channel, "text": text, "post_at": ceil(at.timestamp())}
        sent = self._ask(answers.ToBeSent, channel, lambda client: client.chat_scheduleMessage(**given))
        return Scheduled(sent.channel, sent.scheduled_message_id, datetime.fromtimestamp(sent.post_at, UTC), text)

    def list_scheduled_messages(self, channel: str) -> tuple[Scheduled, ...]:
        """What we scheduled for the channel and Slack has not posted yet."""
        found: list[Scheduled] = []
        given: dict[str, Any] = {"channel": channel, "limit": _PAGE}
        while True:
            page = self._ask(answers.WaitingPage, channel, partial(_list_scheduled, given))
            found += [
                Scheduled(one.channel_id, one.id, datetime.fromtimestamp(one.post_at, UTC), one.text)
                for one in page.scheduled_messages
            ]
            cursor = page.response_metadata.next_cursor if page.response_metadata else ""
            if not cursor:
                return tuple(found)
            given = given | {"cursor": cursor}

    def delete_scheduled_message(self, message: Scheduled) -> None:
        """The message will not be posted; Slack refuses within the last minute before it is due."""
        given: dict[str, Any] = {"channel": message.channel, "scheduled_message_id": message.number}
        self._ask(answers.Empty, message.channel, lambda client: client.chat_deleteScheduledMessage(**given))

    def find_user(self, email: str) -> str:
        """The number of the user with this e-mail."""
        return self._ask(answers.Found, email, lambda client: client.users_lookupByEmail(email=email)).user.id

    def read_permalink(self, message: Message) -> str:
        """The address at which people see the message."""
        given = {"channel": message.channel, "message_ts": message.stamp}
        return self._ask(answers.Link, message.channel, lambda client: client.chat_getPermalink(**given)).permalink

    def check(self) -> None:
        """Return when Slack knows the token; else say what is wrong."""
        self.read_scopes()

    def read_scopes(self) -> frozenset[str]:
        """The scopes of the token, as Slack says them beside each answer; none where it does not say."""
        told: dict[str, str] = {}

        def ask(client: WebClient) -> SlackResponse:
            answer = client.auth_test()
            told.update({str(name).lower(): str(value) for name, value in answer.headers.items()})
            return answer

        self._ask(answers.Empty, "", ask)
        return frozenset(scope.strip() for scope in told.get(_SCOPES, "").split(",") if scope.strip())

    def check_person(self, user: str) -> None:
        """Return when a message can be sent to this person; opening the conversation shows nobody anything."""
        self._conversation_with(user)

    def _conversation_with(self, user: str) -> str:
        opened = self._ask(answers.Opened, user, lambda client: client.conversations_open(users=user))
        return opened.channel.id

    def _is_ours(self, listed: answers.Listed, key: str) -> bool:
        found = listed.metadata
        return found is not None and found.event_type == _EVENT and found.event_payload.get("key") == key

    def _listed(
        self, channel: str, thread: Message | None, *, since: datetime | None = None
    ) -> Iterator[answers.Listed]:
        given: dict[str, Any] = {"channel": channel, "limit": _PAGE, "include_all_metadata": True}
        if thread:
            given["ts"] = thread.stamp
        else:
            given["oldest"] = f"{(since or datetime.now(UTC) - self.look_back).timestamp():.6f}"
        while True:
            page = self._ask(answers.Page, channel, partial(_list, given))
            yield from page.messages
            cursor = page.response_metadata.next_cursor if page.response_metadata else ""
            if page.has_more and not cursor:
                raise Unreachable(f"Slack: {self._called(channel)} has more messages than came, and names no next page")
            if not cursor:
                return
            given = given | {"cursor": cursor}

    def _client(self) -> WebClient:
        folder = Path(self.secrets_folder) if self.secrets_folder else None
        return WebClient(
            token=read_secret(self.token, folder).get_secret_value(),
            base_url=self.url,
            timeout=max(round(self.timeout.total_seconds()), 1),
            logger=_QUIET,
            retry_handlers=[answers.PatientRateLimit(longest=self.patience, attempts=self.attempts)],
        )

    def _called(self, number: str) -> str:
        """A channel of the settings by the checklist's name for it, too: nobody knows channels by number."""
        known = {self.engineering: "#engineering", self.alerts: "#alerts", self.deployments: "#deployments"}
        return f"{known[number]} ({number})" if number and number in known else number

    def _ask(self, shape: type[Shape], channel: str, call: Ask) -> Shape:
        client = self._client()
        try:
            return shape.model_validate(call(client).data)
        except SlackApiError as error:
            answers.raise_said(error, self._called(channel))
        except ValidationError as error:
            raise Unreachable(f"Slack: the answer is not as expected ({error.errors()[0]['msg']})") from None
        except (OSError, HTTPException, ValueError) as error:
            silent = Cause(Kind.NO_ANSWER, "Slack")
            raise Unreachable(f"Slack: no usable answer ({type(error).__name__}: {error})", cause=silent) from None


def _list(given: dict[str, Any], client: WebClient) -> SlackResponse:
    return client.conversations_replies(**given) if "ts" in given else client.conversations_history(**given)


def _list_scheduled(given: dict[str, Any], client: WebClient) -> SlackResponse:
    return client.chat_scheduledMessages_list(**given)
