"""A stand-in for Slack's Web API.

Follows Slack's own pages for each method (docs.slack.dev: chat.postMessage, chat.update, chat.getPermalink,
conversations.history, conversations.replies, conversations.open, users.lookupByEmail, auth.test, metadata)
and "Rate limits"; its last OpenAPI description (slack-api-specs, 2021) for the argument names.
"""

import threading
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from lab.vendors.core import Answer, Call, Operation, Vendor
from lab.vendors.slack_schedule import LAST_CHANCE, Schedule
from lab.vendors.slack_shapes import Channel, content, refuse

_BOT = "U0COUNTERSIGN"
_BOT_ID = "B0COUNTERSIGN"
_TO_BOTH = "thread_broadcast"
_SCOPES = ("chat:write", "im:write", "channels:history", "groups:history", "im:history", "users:read.email")
_POST = frozenset(
    {"channel", "text", "thread_ts", "metadata", "blocks", "mrkdwn", "unfurl_links", "unfurl_media"}
    | {"reply_broadcast", "link_names"}
)
Method = Callable[[Mapping[str, Any]], dict[str, Any]]


class Slack(Vendor):
    """One workspace: channels by number and name, people by number and e-mail, one bot."""

    def __init__(
        self,
        token: str,
        *,
        channels: Mapping[str, str],
        people: Mapping[str, str],
        last_chance: float = LAST_CHANCE,
    ) -> None:
        self._first = dict(channels)
        self.people = dict(people)
        self.agreeing: frozenset[str] = frozenset()  # who says yes to every direct message
        self._clock = threading.Lock()
        self._last_stamp = 0.0
        self.schedule = Schedule(self._channel, last_chance=last_chance)
        self.reset()
        super().__init__(token)

    def reset(self) -> None:
        """An empty workspace with no fault."""
        self.channels = {number: Channel(number, name) for number, name in self._first.items()}
        self.schedule.clear()
        self._missing: dict[str, str] = {}
        self.faults: list[Any] = []
        self.calls: list[Any] = []

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """Every message of a channel (by number, `#name` or person), oldest first, replies too."""
        self._post_what_is_due()
        wanted = channel.removeprefix("#")
        direct = f"D{wanted.removeprefix('U')}"
        for place in self.channels.values():
            if wanted in (place.number, place.name) or place.number == direct:
                return list(place.messages)
        return []

    def say(self, channel: str, person: str, text: str, **more: Any) -> None:
        """Let somebody write into a channel, or into their own conversation with the bot.

        `more` is what else Slack puts into the message: `thread_ts`, `subtype`, `attachments`.
        """
        place = self._channel({"channel": channel})
        message = {"type": "message", "user": person, "text": text, "ts": self._stamp()} | more
        if thread := more.get("thread_ts"):
            message |= _place_in_thread(place, thread)
        place.messages.append(message)

    def put_out(self, channel: str) -> None:
        """The bot is no longer in the channel."""
        self.channels[channel].member = False

    def take_scope(self, method: str, scope: str) -> None:
        """The token may no longer call this method, for want of this scope."""
        self._missing[method] = scope

    def operations(self) -> tuple[Operation, ...]:
        """Slack's methods; each is asked by POST or GET, with a form, JSON or a query."""
        place, page = frozenset({"channel"}), frozenset({"cursor", "limit", "oldest", "latest", "inclusive"})
        table: tuple[tuple[str, Method, frozenset[str]], ...] = (
            ("auth.test", self._auth_test, frozenset()),
            ("chat.postMessage", self._post, _POST),
            ("chat.update", self._update, place | {"ts", "text", "blocks", "metadata"}),
            ("chat.scheduleMessage", self.schedule.schedule, _POST | {"post_at"}),
            ("chat.deleteScheduledMessage", self.schedule.delete, place | {"scheduled_message_id", "as_user"}),
            ("chat.scheduledMessages.list", self.schedule.list, place | {"cursor", "limit", "oldest", "latest"}),
            ("chat.getPermalink", self._permalink, place | {"message_ts"}),
            ("conversations.history", self._history, place | page | {"include_all_metadata"}),
            ("conversations.replies", self._replies, place | page | {"include_all_metadata", "ts"}),
            ("conversations.open", self._open, frozenset({"users", "return_im"})),
            ("users.lookupByEmail", self._lookup, frozenset({"email"})),
        )
        return tuple(
            Operation(http, f"/api/{name}", _method(act, fields), fields)
            for name, act, fields in table
            for http in ("POST", "GET")
        )

    def check_caller(self, call: Call) -> None:
        """Refuse as Slack does: no token, or one it does not know."""
        token = call.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not token:
            raise refuse("not_authed")
        if token != self.token:
            raise refuse("invalid_auth")
        if needed := self._missing.get(call.path.removeprefix("/api/")):
            raise refuse("missing_scope", needed=needed, provided="chat:write")
        if "" in call.body:
            raise refuse("invalid_json" if call.body[""].startswith("{") else "invalid_form_data")

    def standing_headers(self) -> Mapping[str, str]:
        """What the token may, as Slack says with each answer."""
        lost = self._missing.values()
        return {"X-OAuth-Scopes": ",".join(scope for scope in _SCOPES if scope not in lost)}

    def unknown(self, call: Call) -> Answer:
        """An unknown method."""
        return refuse("unknown_method", req_method=call.path.removeprefix("/api/")).answer

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """Slack itself is silent here; the stand-in is not, so that a slip of the pen is found."""
        del call
        return refuse("invalid_arguments", response_metadata={"messages": names}).answer

    def limited(self, seconds: float) -> Answer:
        """Too many calls of this method."""
        return Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": f"{seconds:.0f}"})

    def _stamp(self) -> str:
        with self._clock:
            self._last_stamp = max(time.time(), self._last_stamp + 0.000002)
            return f"{self._last_stamp:.6f}"

    def _post_what_is_due(self) -> None:
        with self._clock:
            for one in self.schedule.due():
                message = {"type": "message", "user": _BOT, "bot_id": _BOT_ID, "ts": f"{one.post_at:.6f}"}
                one.place.messages.append(message | one.content)

    def _channel(self, given: Mapping[str, Any]) -> Channel:
        self._post_what_is_due()
        wanted = str(given.get("channel", ""))
        if wanted in self.people.values():
            return self._direct(wanted)
        for place in self.channels.values():
            if wanted in (place.number, f"#{place.name}"):
                if not place.member:
                    raise refuse("not_in_channel")
                return place
        raise refuse("channel_not_found")

    def _direct(self, person: str) -> Channel:
        number = f"D{person.removeprefix('U')}"
        return self.channels.setdefault(number, Channel(number, f"direct-{person}"))

    def _auth_test(self, given: Mapping[str, Any]) -> dict[str, Any]:
        del given
        place = {"url": "https://holilabs.slack.com/", "team": "Holi Labs", "team_id": "T0HOLILABS"}
        return place | {"user": "countersign", "user_id": _BOT, "bot_id": _BOT_ID}

    def _post(self, given: Mapping[str, Any]) -> dict[str, Any]:
        place = self._channel(given)
        message: dict[str, Any] = {"type": "message", "user": _BOT, "bot_id": _BOT_ID, "ts": self._stamp()}
        message |= content(given)
        if thread := given.get("thread_ts"):
            message |= _place_in_thread(place, thread)
        person = f"U{place.number.removeprefix('D')}"
        if place.number.startswith("D") and person in self.agreeing:
            message["reactions"] = [{"name": "white_check_mark", "users": [person], "count": 1}]
        place.messages.append(message)
        return {"channel": place.number, "ts": message["ts"], "message": message}

    def _update(self, given: Mapping[str, Any]) -> dict[str, Any]:
        place = self._channel(given)
        message = _found(place, given.get("ts"))
        message |= content(given) | {"edited": {"user": _BOT, "ts": self._stamp()}}
        return {"channel": place.number, "ts": message["ts"], "text": message["text"], "message": message}

    def _permalink(self, given: Mapping[str, Any]) -> dict[str, Any]:
        place = self._channel(given)
        stamp = _found(place, given.get("message_ts"))["ts"]
        link = f"https://holilabs.slack.com/archives/{place.number}/p{stamp.replace('.', '')}"
        return {"channel": place.number, "permalink": link}

    def _history(self, given: Mapping[str, Any]) -> dict[str, Any]:
        place = self._channel(given)
        top = [one for one in place.messages if "thread_ts" not in one or one.get("subtype") == _TO_BOTH]
        return _page([place.shown(one) for one in top[::-1]], given)

    def _replies(self, given: Mapping[str, Any]) -> dict[str, Any]:
        place = self._channel(given)
        first = _found(place, given.get("ts"), error="thread_not_found")
        return _page([place.shown(first), *place.replies(first["ts"])], given)

    def _open(self, given: Mapping[str, Any]) -> dict[str, Any]:
        person = str(given.get("users", ""))
        if person not in self.people.values():
            raise refuse("user_not_found")
        return {"channel": {"id": self._direct(person).number}}

    def _lookup(self, given: Mapping[str, Any]) -> dict[str, Any]:
        email = str(given.get("email", ""))
        if email not in self.people:
            raise refuse("users_not_found")
        return {"user": {"id": self.people[email], "profile": {"email": email}}}


def _method(act: Method, fields: frozenset[str]) -> Callable[[Call], Answer]:
    @wraps(act)
    def carry_out(call: Call) -> Answer:
        if strange := sorted(set(call.query) - fields):
            raise refuse("invalid_arguments", response_metadata={"messages": strange})
        return Answer(body={"ok": True} | act(dict(call.query) | dict(call.body)))

    return carry_out


def _found(place: Channel, stamp: Any, *, error: str = "message_not_found") -> dict[str, Any]:
    for message in place.messages:
        if message["ts"] == str(stamp):
            return message
    raise refuse(error)


def _place_in_thread(place: Channel, stamp: Any) -> dict[str, Any]:
    first = _found(place, stamp, error="thread_not_found")
    return {"thread_ts": first["ts"], "parent_user_id": first["user"]}


def _page(messages: list[dict[str, Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    oldest = float(given.get("oldest") or 0)
    wanted = [message for message in messages if float(message["ts"]) > oldest]
    limit, cursor = int(given.get("limit") or 100), str(given.get("cursor") or "0")
    if not 0 < limit <= 999:
        raise refuse("invalid_limit")
    if not cursor.isdecimal():
        raise refuse("invalid_cursor")
    start, end = int(cursor), int(cursor) + limit
    shown = wanted[start:end]
    if str(given.get("include_all_metadata", "")).lower() not in ("true", "1"):
        shown = [{name: value for name, value in one.items() if name != "metadata"} for one in shown]
    following = str(end) if end < len(wanted) else ""
    more = {"has_more": bool(following), "response_metadata": {"next_cursor": following}}
    return {"messages": shown} | more
