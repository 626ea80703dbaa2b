"""Rows of a record as a release writes them, for the rules that read records."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from policy.record import Event, Row, digest_of, encode

BEGAN = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
OLD = "sha256:" + "a1" * 32
NEW = "sha256:" + "b2" * 32
THIRD = "sha256:" + "c3" * 32
FIRST, SECOND = "web-server-1", "web-server-2"


def row(event: Event, *, holder: int = 1, item: str = "", subject: str = "", step: str = "", **facts: Any) -> Row:
    """One row; `numbered` gives it its place."""
    return Row(number=0, at=BEGAN, holder=holder, event=event, item=item, subject=subject, step=step, facts=facts)


def numbered(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows in their places, a second apart, each bound to the one before."""
    placed: list[Row] = []
    previous = ""
    for number, one in enumerate(rows, start=1):
        placed.append(replace(one, number=number, at=BEGAN + timedelta(seconds=number), previous=previous))
        previous = digest_of(encode(placed[-1]))
    return tuple(placed)


def stored(rows: Iterable[Row]) -> dict[int, bytes]:
    """What the store holds of the rows."""
    return {one.number: encode(one) for one in numbered(rows)}


def built(digest: str = NEW) -> Row:
    """2.1.1."""
    return row(Event.BUILT, item="2.1.1", digest=digest)


def way_back(digests: Mapping[str, str] | None = None) -> Row:
    """1.4.5."""
    return row(Event.WAY_BACK, item="1.4.5", digests=dict(digests or {FIRST: OLD, SECOND: OLD}))


def touched(server: str = FIRST, *, item: str = "2.1.2", step: str = "drained") -> Row:
    """A step that means to change a server."""
    return row(Event.INTENDED, item=item, subject=server, step=step)


def under_way(*more: Row) -> tuple[Row, ...]:
    """A release that has begun with its first server, and whatever comes after."""
    return numbered((row(Event.OPENED), built(), way_back(), touched(), *more))
