"""Slack's stand-in as people read Slack: each channel, the newest message last, the answers of a thread below it."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from lab.processes import LabError
from lab.settings_file import CHANNELS, PEOPLE, find_name, spelt

Messages = Callable[[str], Sequence[Mapping[str, Any]]]
NAMES = {slack: name for name, _, _, _, slack, _ in PEOPLE}
# By what a channel is asked for, and under which number it is known; a person stands for what was written to them.
PLACES = {f"#{name}": number for number, name in CHANNELS.items()} | {name: slack for slack, name in NAMES.items()}
_MENTION = re.compile(r"<@(\w+)>")
_LINK = re.compile(r"<(https?://[^|>]+)\|([^>]+)>")
_BARE_LINK = re.compile(r"<(https?://[^>]+)>")
_MARGIN = " " * 4


def read_slack(messages: Messages, channel: str = "") -> list[str]:
    """Return what was written, line by line: in one channel or to one person, or wherever something was written."""
    known = {spelt(word): number for place, number in PLACES.items() for word in (place, place.removeprefix("#"))}
    asked = spelt(find_name(channel) or channel)
    if asked and asked not in known:
        raise LabError(f"Slack has no channel {channel!r}; expected one of {', '.join(PLACES)}")
    lines: list[str] = []
    for place, number in PLACES.items():
        if asked and known[asked] != number:
            continue
        found = messages(number)
        if found or asked:
            lines += [place if place.startswith("#") else f"to {place}", *_tell(found), ""]
    return lines[:-1] or ["Nothing was written yet."]


def _tell(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    if not messages:
        return [f"{_MARGIN}nothing yet"]
    lines = []
    for first in (one for one in messages if "thread_ts" not in one or one["thread_ts"] == one["ts"]):
        lines += _tell_one(first, _MARGIN)
        for answer in messages:
            if answer.get("thread_ts") == first["ts"] and answer is not first:
                lines += _tell_one(answer, _MARGIN * 2)
    return lines


def _tell_one(message: Mapping[str, Any], margin: str) -> list[str]:
    at = datetime.fromtimestamp(float(message["ts"])).astimezone()
    text = _MENTION.sub(lambda found: f"@{NAMES.get(found[1], found[1])}", str(message.get("text", "")))
    text = _BARE_LINK.sub(r"\1", _LINK.sub(r"\2 (\1)", text))
    edited = " (edited)" if "edited" in message else ""
    head = f"{margin}{at:%H:%M:%S}  {NAMES.get(str(message['user']), 'Countersign')}{edited}"
    reactions = [
        f":{one['name']}: {', '.join(NAMES.get(person, person) for person in one['users'])}"
        for one in message.get("reactions", ())
    ]
    return [head, *(f"{margin}  {line}" for line in [*_plain(text).splitlines(), *reactions])]


def _plain(text: str) -> str:
    for written, meant in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(written, meant)
    return text
