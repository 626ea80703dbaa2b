"""The rows of one release: what was asked, meant, done and answered, each bound to the row before."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from policy.record_signature import (
    KEY_BYTES,
    NO_KEYS,
    SIGNATURE_BYTES,
    Signature,
    name_of,
    read_spelled,
    say_who_signed,
    spelled,
)
from policy.wording import counted

HEAD_DIGITS = 16
NOT_SIGNED = "not signed"
_SIGNATURE = "signature"
_SIGNED_FOR = b"countersign: the seal of a record, 1\n"


class Event(StrEnum):
    """What a row says happened."""

    OPENED = "opened"
    TOOK_OVER = "took over"
    JUDGED = "judged"
    BUILT = "built"
    WAY_BACK = "way back recorded"
    INTENDED = "intended"
    CONFIRMED = "confirmed"
    WAIVED = "waived"
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
    content = _content(row)
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
        as_written = hashlib.sha256(_canonical(content)).hexdigest() == digest and encode(row) == body
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"not a row of a record: {error}") from error
    if not as_written:
        raise Unreadable(f"row {row.number} was altered after it was written")
    return row


def digest_of(body: bytes) -> str:
    """Return what the next row carries as `previous`."""
    return hashlib.sha256(body).hexdigest()


def signed_bytes(row: Row, key: bytes) -> bytes:
    """Return exactly what the holder of `key` signs: the row in its place, so the hash of the row before it too."""
    return _SIGNED_FOR + _canonical({"key": spelled(key), "row": _content(_without(row, _SIGNATURE))})


def with_signature(row: Row, signature: Signature) -> Row:
    """Return the row with who signed it, and the signature, in its facts."""
    return replace(row, facts={**row.facts, _SIGNATURE: _written(signature)})


def not_signed(row: Row, reason: str) -> Row:
    """Return the row with the reason why nobody signed it in its facts."""
    return replace(row, facts={**row.facts, NOT_SIGNED: reason})


def without_signature(row: Row) -> Row:
    """Return the row as it was before anybody signed it."""
    return _without(row, _SIGNATURE, NOT_SIGNED)


def read_signature(row: Row) -> Signature | None:
    """Return who signed the row and how, None if nobody did; raises Unreadable if that cannot be told."""
    if _SIGNATURE not in row.facts:
        return None
    written = row.facts[_SIGNATURE]
    try:
        key, value = read_spelled(written["key"], KEY_BYTES), read_spelled(written["value"], SIGNATURE_BYTES)
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"its signature cannot be read: {error}") from error
    signature = Signature(key, value)
    # Another spelling of the same bytes, or a word beside them, would be a change that the signature does not cover.
    if written != _written(signature):
        raise Unreadable("its signature cannot be read: it is not written as it was")
    return signature


@dataclass(frozen=True, slots=True)
class Verification:
    """What reading a record from its first row to its last showed; `head` is the hash of the last row."""

    rows: int
    sealed: bool
    fault: str | None
    head: str = ""
    signed: str = "not signed"
    signer: str | None = None

    @property
    def sentence(self) -> str:
        """Say it as a person would."""
        if self.fault:
            return self.fault
        if not self.sealed:
            return f"{counted(self.rows, 'row')}, unbroken, open (not sealed)"
        return f"{counted(self.rows, 'row')}, unbroken, sealed, {self.signed}"

    def proves_itself(self, known: Mapping[str, bytes]) -> bool:
        """Whether nothing is wrong and, where keys are known and the record has ended, one of them signed it."""
        return self.fault is None and (not self.sealed or not known or self.signer is not None)


def verify(
    bodies: Mapping[int, bytes], *, known: Mapping[str, bytes] = NO_KEYS, release: str = "", head: str = ""
) -> Verification:
    """Name the first altered, missing or misplaced row of a record, if there is one, and say who signed its seal.

    `bodies` maps number to bytes and `known` names to public keys; `release` is whose record it should be, `head`
    the beginning of its head hash as people were told it: only that shows that the end was cut off.
    """
    rows, fault = _read_chain(bodies)
    sealed = bool(rows) and rows[-1].event is Event.SEALED
    found = Verification(len(bodies), sealed, fault, digest_of(bodies[len(rows)]) if rows else "")
    if fault is None:
        found = replace(found, fault=_misplaced(rows[0], release))
    if found.fault is None and sealed:
        found = _read_seal(rows[-1], found, known)
    if found.fault is None and not found.head.startswith(head):
        found = replace(found, fault=_other_end(found, head))
    return found


def _read_chain(bodies: Mapping[int, bytes]) -> tuple[list[Row], str | None]:
    """Return the rows up to the first that is wrong, and what is wrong with it."""
    rows: list[Row] = []
    previous = ""
    for position, number in enumerate(sorted(bodies), start=1):
        if number != position:
            return rows, f"row {position} is missing"
        if rows and rows[-1].event is Event.SEALED:
            return rows, f"row {position} was written after the record was sealed"
        try:
            row = decode(bodies[number])
        except Unreadable as error:
            return rows, f"row {position} is altered: {error}"
        if row.number != position:
            return rows, f"row {position} is not in its place: it calls itself row {row.number}"
        if row.previous != previous:
            return rows, f"row {position} does not follow row {position - 1}: one of the two was replaced"
        rows.append(row)
        previous = digest_of(bodies[number])
    return rows, None if rows else "the record has no rows"


def _misplaced(first: Row, release: str) -> str | None:
    """Say so if the record as a whole is another release's."""
    opened = first.facts.get("release")
    key = opened.get("key") if isinstance(opened, Mapping) else None
    if not release or key in (None, release):
        return None
    return f"row 1 is not in its place: it opens release {key}, this is the record of {release}"


def _read_seal(seal: Row, found: Verification, known: Mapping[str, bytes]) -> Verification:
    try:
        signature = read_signature(seal)
    except Unreadable as error:
        return replace(found, fault=f"row {seal.number} is altered: {error}")
    if signature is None:
        return found
    if not signature.fits(signed_bytes(seal, signature.key)):
        fault = f"row {seal.number} is altered: its signature does not fit it; it or rows before it were rewritten"
        return replace(found, fault=fault)
    return replace(found, signed=say_who_signed(signature, known), signer=name_of(signature.key, known))


def _other_end(found: Verification, head: str) -> str:
    ends = f"it ends with {found.head[:HEAD_DIGITS]}, people were told {head[:HEAD_DIGITS]}"
    if found.sealed:
        return f"row {found.rows} is not the seal that people were told of: {ends}"
    return f"the end is cut off after row {found.rows}: {ends}"


def last(rows: Sequence[Row], event: Event) -> Row | None:
    """Return the newest row of this event, if there is one."""
    return next((row for row in reversed(rows) if row.event is event), None)


def _without(row: Row, *names: str) -> Row:
    return replace(row, facts={name: row.facts[name] for name in row.facts if name not in names})


def _written(signature: Signature) -> dict[str, str]:
    return {"key": spelled(signature.key), "value": spelled(signature.value)}


def _content(row: Row) -> dict[str, Any]:
    return {
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


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
