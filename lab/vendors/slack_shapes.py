"""What Slack's stand-in says no with, where messages stand, and what a message may hold."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.vendors.core import Answer, RefusalError

_LONGEST = 40_000
_MOST_BLOCKS = 50
_LONGEST_SECTION = 3_000


@dataclass(slots=True)
class Channel:
    """A conversation: a public channel, or a direct message with one person."""

    number: str
    name: str
    member: bool = True
    messages: list[dict[str, Any]] = field(default_factory=list)

    def replies(self, stamp: str) -> list[dict[str, Any]]:
        """What stands in the thread below a message."""
        return [message for message in self.messages if message.get("thread_ts") == stamp]

    def shown(self, message: dict[str, Any]) -> dict[str, Any]:
        """A message as lists show it: the first one of a thread counts its replies."""
        below = self.replies(message["ts"])
        if not below:
            return message
        people = sorted({one["user"] for one in below})
        counted = {"reply_count": len(below), "reply_users": people, "reply_users_count": len(people)}
        return message | {"thread_ts": message["ts"], "latest_reply": below[-1]["ts"], "subscribed": False} | counted


def refuse(error: str, **more: Any) -> RefusalError:
    """Slack says no under HTTP 200."""
    return RefusalError(Answer(200, {"ok": False, "error": error} | more))


def content(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a message holds, read from the arguments of a call."""
    text, blocks = str(given.get("text") or ""), _parsed(given.get("blocks"), "invalid_blocks")
    if not text and not blocks:
        raise refuse("no_text")
    if blocks and (
        len(blocks) > _MOST_BLOCKS
        or any(len(str(block.get("text", {}).get("text", ""))) > _LONGEST_SECTION for block in blocks)
    ):
        raise refuse("invalid_blocks")
    held: dict[str, Any] = {"text": text[:_LONGEST]}
    if blocks:
        held["blocks"] = blocks
    metadata = _parsed(given.get("metadata"), "invalid_metadata_format")
    if metadata is not None:
        if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
            raise refuse("invalid_metadata_schema")
        held["metadata"] = metadata
    return held


def _parsed(value: Any, error: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise refuse(error) from None
