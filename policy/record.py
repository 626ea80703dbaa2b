"""The rows of one release: what was asked, meant, done and answered, each bound to the row before."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Event(StrEnum):
    """What a row says happened."""

    OPENED = "opened"
    TOOK_OVER = "took over"
    JUDGED = "judged"
    BUILT = "built"
    WAY_BACK = "way back recorded"
    INTENDED = "intended"
    CONFIRMED = "confirmed"
    ASKED = "asked"
    ANSWERED = "answered"
    APPROVED = "approved"
    USED = "approval used"
    LIVE = "live on every server"
    VERIFIED = "verified"
    RED_FLAG = "red flag"
    GOING_HOME = "going home"
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `holder` is the number of the hold under which it was written."""

    number: int
    at: datetime
    holder: int
    event: Event
    item: str = ""
    subject: str = ""
    step: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    previous: str = ""

    def is_about(self, *, item: str, subject: str, step: str) -> bool:
        """Whether the row speaks of this step on this subject."""
        return (self.item, self.subject, self.step) == (item, subject, step)


class Unreadable(ValueError):
    """A row's bytes are not what was once written."""


def encode(row: Row) -> bytes:
    """Return the row as the bytes that are stored, its own digest among them."""
    content = {
        "number": row.number,
        "at": row.at.isoformat(),
        "holder": row.holder,
        "event": row.event.value,
        "item": row.item,
        "subject": row.subject,
        "step": row.step,
        "facts": dict(row.facts),
        "previous": row.previous,
    }
    digest = hashlib.sha256(_canonical(content)).hexdigest()
    return _canonical({**content, "digest": digest})


def decode(body: bytes) -> Row:
    """Return the row in `body`; raises Unreadable if it was altered or is none."""
    try:
        content = json.loads(body)
        digest = content.pop("digest")
        row = Row(
            number=content["number"],
            at=datetime.fromisoformat(content["at"]),
            holder=content["holder"],
            event=Event(content["event"]),
            item=content["item"],
            subject=content["subject"],
            step=content["step"],
            facts=content["facts"],
            previous=content["previous"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"not a row of a record: {error}") from error
    if hashlib.sha256(_canonical(content)).hexdigest() != digest or encode(row) != body:
        raise Unreadable(f"row {row.number} was altered after it was written")
    return row


def digest_of(body: bytes) -> str:
    """Return what the next row carries as `previous`."""
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True, slots=True)
class Verification:
    """What reading a record from its first row to its last showed."""

    rows: int
    sealed: bool
    fault: str | None

    @property
    def sentence(self) -> str:
        """Say it as a person would."""
        if self.fault:
            return self.fault
        return f"{self.rows} rows, unbroken, {'sealed' if self.sealed else 'open (not sealed)'}"


def verify(bodies: Mapping[int, bytes]) -> Verification:
    """Name the first altered or missing row of a record, if there is one; `bodies` maps number to bytes."""
    previous = ""
    sealed = False
    for position, number in enumerate(sorted(bodies), start=1):
        if number != position:
            return Verification(len(bodies), sealed, f"row {position} is missing")
        if sealed:
            return Verification(len(bodies), sealed, f"row {position} was written after the record was sealed")
        try:
            row = decode(bodies[number])
        except Unreadable as error:
            return Verification(len(bodies), sealed, f"row {position} is altered: {error}")
        if row.number != position:
            return Verification(len(bodies), sealed, f"row {position} is altered: it calls itself row {row.number}")
        if row.previous != previous:
            fault = f"row {position} does not follow row {position - 1}: one of the two was replaced"
            return Verification(len(bodies), sealed, fault)
        previous = digest_of(bodies[number])
        sealed = row.event is Event.SEALED
    return Verification(len(bodies), sealed, None if bodies else "the record has no rows")


def last(rows: Sequence[Row], event: Event) -> Row | None:
    """Return the newest row of this event, if there is one."""
    return next((row for row in reversed(rows) if row.event is event), None)


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
