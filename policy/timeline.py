"""What happened, in words of our own: the timeline of an incident report (4.2.5).

The record also holds what people typed, what systems answered and what logs said; any of it may name a patient. So a
row is told by what it is, and only what was measured in numbers is quoted, redacted like a log line.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from policy.checklist import ITEMS
from policy.clock import show_times
from policy.database_rows import MIGRATION_ITEM
from policy.items import Kind
from policy.judgement import Verdict
from policy.own_checks import item_of
from policy.record import Event, Row
from policy.silence import read_silence
from policy.troubleshooting import redact
from policy.way_home import UPDATE_ITEMS
from policy.wording import short

# Their sentences are arithmetic: rates, times, shares, and names of servers.
MEASURED = frozenset({"2.1.3", "3.1.5", "3.2.1", "3.2.4"})
BEGINNING, MOST = 12, 60
CHANGES = UPDATE_ITEMS | {MIGRATION_ITEM, "1.4.5"}


def list_timeline(rows: Sequence[Row], *, zone: str) -> list[str]:
    """Return a line for each thing that happened, oldest first; what is left out in the middle is counted."""
    told = [one for place, row in enumerate(rows) for one in _told(row, rows[:place], rows[place + 1 :])]
    times = show_times((at for at, _ in told), zone)
    lines = [f"{at} {text}" for at, (_, text) in zip(times, told, strict=True)]
    if len(lines) <= MOST:
        return lines
    left = len(lines) - MOST + 1
    return [*lines[:BEGINNING], f"({left} more rows stand in the record)", *lines[BEGINNING + left :]]


def _told(row: Row, earlier: Sequence[Row], later: Sequence[Row]) -> Iterator[tuple[datetime, str]]:
    """Yield what a row says happened, and when; nothing for what belongs in no timeline."""
    if (silence := read_silence(row)) is not None:
        yield silence.at, silence.what
    if text := _tell(row, earlier, later):
        yield row.at, text


def _tell(row: Row, earlier: Sequence[Row], later: Sequence[Row]) -> str:
    if row.event is Event.INTENDED:
        return _begun(row, later) if row.item in CHANGES else ""
    if row.event is Event.CONFIRMED:
        return _done(row, earlier) if row.item in CHANGES else ""
    say = _SAID.get(row.event)
    return say(row) if say else ""


def measured(row: Row) -> str:
    """Return what was measured, without what could be a person's; nothing but the fact where it is no number."""
    said = " ".join(redact(str(row.facts.get("sentence", "")).splitlines()))
    return said if row.item in MEASURED and said else "what was found stands in the record"


def _opened(row: Row) -> str:
    release = row.facts.get("release", {})
    by = release.get("request", {}).get("requested_by", "nobody named")
    if release.get("undoes"):
        return f"the roll-back of {release['undoes']} was asked for by {by}"
    return f"the release of {short(str(release.get('commit', '')))} was begun by {by}"


def _judged(row: Row) -> str:
    verdict, item = row.facts.get("verdict"), item_of(row)
    if row.item == "4.2.3":
        return f"{_titled(row.item)}: {verdict}"
    if verdict != Verdict.FAILED or item is None or item.kind is Kind.ADVICE:
        return ""
    return f"{item.name} failed: {measured(row)}"


def _begun(intent: Row, later: Sequence[Row]) -> str:
    """What was confirmed later is told then, once."""
    about = {"item": intent.item, "subject": intent.subject, "step": intent.step}
    if any(row.event is Event.CONFIRMED and row.is_about(**about) for row in later):
        return ""
    return f"{_step(intent)}: begun, and not seen to be done"


def _done(row: Row, earlier: Sequence[Row]) -> str:
    """What was only seen again, by whoever looked before acting, was told already."""
    about = {"item": row.item, "subject": row.subject, "step": row.step}
    same = [one.event for one in earlier if one.is_about(**about)]
    if Event.CONFIRMED not in same:
        return f"{_step(row)}: done"
    return f"{_step(row)}: done again" if same[-1] is Event.INTENDED else ""


def _step(row: Row) -> str:
    return " ".join(part for part in (row.item, row.subject, row.step) if part)


def _titled(number: str) -> str:
    return ITEMS[number].name if number in ITEMS else number


def _by(row: Row) -> str:
    return str(row.facts.get("name", "nobody named"))


_SAID: Mapping[Event, Callable[[Row], str]] = {
    Event.OPENED: _opened,
    Event.TOOK_OVER: lambda _row: "another process took the release over",
    Event.BUILT: lambda row: f"{short(str(row.facts.get('commit', '')))} was there as an image",
    Event.WAY_BACK: lambda _row: "the way back was recorded",
    Event.JUDGED: _judged,
    Event.WAIVED: lambda row: f"{_titled(row.item)} was waived by {_by(row)}",
    Event.ASKED: lambda row: f"people were asked ({_titled(row.item)})",
    Event.ANSWERED: lambda row: f"answered: {row.facts.get('outcome', 'not known')} ({_titled(row.item)})",
    Event.APPROVED: lambda row: f"approved by {_by(row)}",
    Event.LIVE: lambda _row: "the new version was live on every server",
    Event.VERIFIED: lambda _row: "the new version was verified",
    Event.RED_FLAG: lambda row: f"red flag ({row.facts.get('rule', row.item)}): {measured(row)}",
    Event.GOING_HOME: lambda row: f"sent home: {row.facts.get('cause', 'no cause named')} ({row.facts.get('plan')})",
}
