"""Messages that Slack's stand-in posts by itself at their time.

Follows Slack's pages for chat.scheduleMessage, chat.deleteScheduledMessage and chat.scheduledMessages.list. Those do
not say whether a deleted message still counts among the 30 of five minutes; here it does not.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lab.vendors.slack_shapes import Channel, content, refuse

LAST_CHANCE = 60.0
_FURTHEST = 120 * 24 * 3600
_MOST_IN_WINDOW = 30
_WINDOW = 300


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is not posted yet."""

    number: str
    place: Channel
    post_at: int
    created: int
    content: dict[str, Any]


class Schedule:
    """What waits for its time; `last_chance` is how many seconds before it a message cannot be deleted any more."""

    def __init__(self, find: Callable[[Mapping[str, Any]], Channel], *, last_chance: float = LAST_CHANCE) -> None:
        self._find = find
        self._last_chance = last_chance
        self._waiting: list[Waiting] = []
        self._given = 0

    def clear(self) -> None:
        """Nothing waits."""
        self._waiting.clear()

    def due(self) -> Iterator[Waiting]:
        """Yield what is to be posted by now, earliest first; it waits no longer."""
        for one in sorted(self._waiting, key=lambda waiting: waiting.post_at):
            if one.post_at <= time.time():
                self._waiting.remove(one)
                # A message with metadata is taken and never posted: so it is with Slack's own.
                if "metadata" not in one.content:
                    yield one

    def waiting(self, channel: str = "") -> list[dict[str, Any]]:
        """What waits for a channel, or for all, as Slack lists it."""
        return [
            {
                "id": one.number,
                "channel_id": one.place.number,
                "post_at": one.post_at,
                "date_created": one.created,
                "text": one.content["text"],
            }
            for one in sorted(self._waiting, key=lambda waiting: waiting.post_at)
            if channel in ("", one.place.number)
        ]

    def schedule(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """chat.scheduleMessage."""
        place, post_at = self._find(given), _moment(given.get("post_at"))
        now = time.time()
        if post_at <= now:
            raise refuse("time_in_past")
        if post_at > now + _FURTHEST:
            raise refuse("time_too_far")
        near = [one for one in self._waiting if one.place is place and abs(one.post_at - post_at) < _WINDOW]
        if len(near) >= _MOST_IN_WINDOW:
            raise refuse("restricted_too_many")
        self._given += 1
        one = Waiting(f"Q{self._given:08}", place, post_at, int(now), content(given))
        self._waiting.append(one)
        message = {"type": "delayed_message", "bot_id": "B0COUNTERSIGN", "text": one.content["text"]}
        return {"channel": place.number, "scheduled_message_id": one.number, "post_at": post_at, "message": message}

    def delete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """chat.deleteScheduledMessage."""
        place, wanted = self._find(given), str(given.get("scheduled_message_id", ""))
        for one in self._waiting:
            if one.place is place and one.number == wanted and one.post_at - time.time() > self._last_chance:
                self._waiting.remove(one)
                return {}
        raise refuse("invalid_scheduled_message_id")

    def list(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """chat.scheduledMessages.list."""
        place = self._find(given).number if given.get("channel") else ""
        cursor, limit = str(given.get("cursor") or "0"), int(given.get("limit") or 100)
        if not cursor.isdecimal():
            raise refuse("invalid_cursor")
        found = self.waiting(place)
        start, end = int(cursor), int(cursor) + limit
        following = str(end) if end < len(found) else ""
        return {"scheduled_messages": found[start:end], "response_metadata": {"next_cursor": following}}


def _moment(value: Any) -> int:
    text = str(value if value is not None else "")
    if not text.isdecimal():
        raise refuse("invalid_time")
    return int(text)
