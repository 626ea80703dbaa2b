"""The shapes of Slack's answers, what each of its refusals means, and how long one that asks to wait is waited for."""

from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryState
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from blocks.errors import Refused, Unreachable
from policy.next_step import Cause, Kind

_REFUSED_TOKENS = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_expired", "token_revoked"})
_MAY_HELP = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "external_channel_migrating",
    }
)
_SENTENCES = {
    "not_in_channel": "the bot is not in {channel}; invite it there",
    "channel_not_found": "there is no channel {channel} that the bot can see",
    "is_archived": "{channel} is archived",
    "invalid_auth": "the token is not valid",
    "token_revoked": "the token was revoked; install the app again and set the new one",
    "token_expired": "the token has expired; set a new one",
    "account_inactive": "the token is of a bot or workspace that is no more",
    "restricted_action": "the workspace lets the bot post nothing in {channel}",
    "msg_too_long": "the message for {channel} is too long",
    "not_authed": "no token was given",
    "missing_scope": "the token lacks the scope {needed}",
    "users_not_found": "nobody has the e-mail {channel}",
    "user_not_found": "there is no user {channel}",
    "time_in_past": "a message for {channel} was to be posted at a time that has passed",
    "time_too_far": "a message for {channel} was to be posted in more than 120 days",
    "restricted_too_many": "more than 30 messages would be posted in {channel} within five minutes",
    "invalid_scheduled_message_id": "the message for {channel} was posted, or will be within a minute",
}
# Slack's own words about the channel; "bot_message" and the like are messages as any other.
_ABOUT_CHANNEL = frozenset(
    f"{kind}_{what}"
    for kind in ("channel", "group")
    for what in ("join", "leave", "topic", "purpose", "name", "archive", "unarchive", "posting_permissions")
) | {"channel_convert_to_private", "pinned_item", "unpinned_item", "bot_add", "bot_remove", "reminder_add"}


class Metadata(BaseModel):
    """What a message carries for programs."""

    event_type: str
    event_payload: dict[str, Any]


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
        if response is not None and response.status_code == 429 and asked_wait(response) > self._longest:
            return False
        return super().can_retry(state=state, request=request, response=response, error=error)


class Empty(BaseModel):
    """An answer that says yes and no more."""

    ok: bool


class Emoji(BaseModel):
    """An emoji under a message, and who put it there."""

    name: str
    users: list[str] = []


class Attachment(BaseModel):
    """What hangs below a message; programs such as Alertmanager say everything in it."""

    title: str | None = None
    fallback: str | None = None
    text: str | None = None

    @property
    def words(self) -> str:
        """What it says."""
        return self.title or self.fallback or self.text or ""


class Listed(BaseModel):
    """A message in a list; the first one of a thread names itself as its thread."""

    ts: str
    thread_ts: str | None = None
    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    text: str = ""
    attachments: list[Attachment] = []
    reactions: list[Emoji] = []
    metadata: Metadata | None = None

    @property
    def at(self) -> datetime:
        """When it was posted."""
        return datetime.fromtimestamp(float(self.ts), UTC)

    @property
    def is_about_channel(self) -> bool:
        """Whether Slack itself says who came or went, or how the channel is called."""
        return self.subtype in _ABOUT_CHANNEL

    @property
    def words(self) -> tuple[str, ...]:
        """What it says: its text, or else each of its attachments."""
        if self.text.strip() or not self.attachments:
            return (self.text,)
        return tuple(one.words for one in self.attachments)

    def link_in(self, workspace: str, channel: str) -> str | None:
        """Return the address at which people see it, as Slack itself makes it."""
        return f"{workspace}archives/{channel}/p{self.ts.replace('.', '')}" if workspace else None


class Known(BaseModel):
    """Who the token belongs to, and where people see the workspace."""

    user_id: str
    url: str = ""


class Cursor(BaseModel):
    """Where the next page begins."""

    next_cursor: str = ""


class Page(BaseModel):
    """A page of messages."""

    messages: list[Listed]
    has_more: bool = False
    response_metadata: Cursor | None = None


class Sent(BaseModel):
    """A message that was posted or changed."""

    channel: str
    ts: str


class Identified(BaseModel):
    """A conversation or a person, by number."""

    id: str


class Opened(BaseModel):
    """A conversation."""

    channel: Identified


class Found(BaseModel):
    """A person."""

    user: Identified


class Link(BaseModel):
    """The address of a message."""

    permalink: str


class ToBeSent(BaseModel):
    """A message that was scheduled."""

    channel: str
    scheduled_message_id: str
    post_at: int


class Waiting(BaseModel):
    """A scheduled message in a list; its number is an integer in some of Slack's examples."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str
    channel_id: str
    post_at: int
    text: str = ""


class WaitingPage(BaseModel):
    """A page of scheduled messages."""

    scheduled_messages: list[Waiting]
    response_metadata: Cursor | None = None


def raise_said(error: SlackApiError, channel: str) -> NoReturn:
    """Raise what Slack said in a sentence: Unreachable where asking again may help, else Refused."""
    status = error.response.status_code
    data = error.response.data
    said = str(data.get("error") or "") if isinstance(data, dict) else ""
    if status == 429:
        wait = error.response.headers.get("Retry-After", "?")
        raise Unreachable(f"Slack: too many calls, asked to wait {wait} s; given up for now") from None
    if status >= 500 or not said or said in _MAY_HELP or " " in said:
        raise Unreachable(f"Slack: no usable answer (status {status}: {said[:100]})") from None
    needed = data.get("needed", "that this call needs") if isinstance(data, dict) else ""
    sentence = _SENTENCES.get(said, said).format(channel=channel, needed=needed)
    if said in _REFUSED_TOKENS:
        raise Refused(f"Slack refused: {sentence}", cause=Cause(Kind.TOKEN_REFUSED, "Slack")) from None
    lacking = Cause(Kind.SCOPE_LACKING, str(needed)) if said == "missing_scope" else None
    raise Refused(f"Slack refused: {sentence}", cause=lacking) from None


def asked_wait(response: HttpResponse) -> float:
    """Return the seconds that a rate limit asks to wait; one where it does not say."""
    headers = {name.lower(): values for name, values in response.headers.items()}
    values = headers.get("retry-after") or ["1"]
    return float(values[0]) if values[0].isdecimal() else 1.0
