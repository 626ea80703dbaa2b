"""When a release first went bad: the mean time to recovery (9.1) and the incident report (4.2.5) begin there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from policy.items import Kind
from policy.judgement import Verdict
from policy.metrics import Ending
from policy.own_checks import item_of
from policy.record import Event, Row
from policy.reminders import is_reminder
from policy.silence import read_silence
from policy.way_home import UPDATE_ITEMS

# Under this subject the record has what was sent to PagerDuty.
INCIDENT_SUBJECT = "PagerDuty"


@dataclass(frozen=True, slots=True)
class BadSign:
    """When something first was wrong, as a row of the record says it, and what that was in words of ours."""

    at: datetime
    what: str


def first_bad_sign(rows: Sequence[Row]) -> BadSign | None:
    """Return the earliest sign of a release that went home, was told to, or was left to people; None for any other.

    A check that failed, was asked again and then passed is none, unless the release went home after all; nor is a
    process that died and whose release another one brought to its end.
    """
    ended_badly = any(row.event in (Event.RED_FLAG, Event.GOING_HOME) or _is_left_to_people(row) for row in rows)
    return earliest_sign(rows) if ended_badly else None


def earliest_sign(rows: Sequence[Row]) -> BadSign | None:
    """Return the earliest sign in the record of what ended badly, or is about to; None if no server was changed."""
    # By place, not by number: a row that waits in the spool has no number yet.
    changed = next((at for at, row in enumerate(rows) if _is_change(row)), None)
    if changed is None:
        return None
    # A dead process is noticed later than it died, perhaps after people were paged.
    return min(_signs(rows, changed), key=attrgetter("at"), default=None)


def _signs(rows: Sequence[Row], changed: int) -> Iterator[BadSign]:
    for place, row in enumerate(rows):
        if place < changed and row.event is not Event.GOING_HOME:
            continue
        if row.event is Event.RED_FLAG:
            yield BadSign(row.at, "red flag")
        elif (silence := read_silence(row)) is not None:
            yield BadSign(silence.at, silence.what)
        elif row.event is Event.GOING_HOME:
            yield BadSign(row.at, f"sent home: {row.facts.get('cause', 'no cause named')}")
        elif row.event is Event.JUDGED and row.facts.get("verdict") == Verdict.FAILED and (name := _gate(row)):
            yield BadSign(row.at, f"{name} failed")
        elif row.event is Event.INTENDED and row.subject == INCIDENT_SUBJECT and not is_reminder(row):
            yield BadSign(row.at, "an incident was opened")
        elif _is_left_to_people(row):
            yield BadSign(row.at, "it was left to people")


def _is_change(row: Row) -> bool:
    return row.event is Event.INTENDED and row.item in UPDATE_ITEMS


def _is_left_to_people(row: Row) -> bool:
    return row.event is Event.SEALED and row.facts.get("outcome") == Ending.STUCK


def _gate(row: Row) -> str:
    item = item_of(row)
    return item.name if item is not None and item.kind is not Kind.ADVICE else ""
