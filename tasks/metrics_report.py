"""9.1: from the records of releases to facts that can be measured."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from blocks.company import Company
from blocks.record import list_records, row_key
from policy.bottleneck import read_not_passed, read_waits
from policy.first_bad_sign import first_bad_sign
from policy.limits import Mode
from policy.metrics import Ending, ReleaseFact
from policy.record import Event, Row, Unreadable, decode, last
from policy.recorded import environment_of, release_of, undone_by
from policy.release import PREPARE_SUFFIX, REVERT_SUFFIX, Release
from policy.way_home import touched_servers
from tasks.records import read_rows

# A key begins with the day on which somebody planned the release, which may be some days before it begins.
PLANNED_AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class History:
    """What the records of an environment say, oldest first, since when there are any, and which cannot be read."""

    releases: tuple[ReleaseFact, ...]
    begins: datetime | None
    unreadable: tuple[str, ...]


def read_history(company: Company, *, since: datetime) -> History:
    """Return the releases that began since then; a record that cannot be read is named, and stops nothing."""
    facts: dict[str, ReleaseFact] = {}
    unreadable: list[str] = []
    keys = list_keys(company, since - PLANNED_AHEAD)
    for key in keys:
        try:
            _gather(facts, key, read_own_rows(company, key))
        except Unreadable as error:
            unreadable.append(f"{key}: {error}")
    earlier = [key for key in list_records(company.store) if not keys or key < keys[0]]
    begins = next(_list_beginnings(company, earlier), None) or min((one.began for one in facts.values()), default=None)
    inside = tuple(fact for fact in facts.values() if fact.began >= since)
    return History(inside, begins, tuple(unreadable))


def read_release_facts(company: Company, *, since: datetime | None = None) -> tuple[ReleaseFact, ...]:
    """Return what each record of a release says about its times and its end, oldest first.

    With `since`, records of earlier days are not read. Raises Unreadable for a record that was altered.
    """
    facts: dict[str, ReleaseFact] = {}
    for key in list_keys(company, since):
        _gather(facts, key, read_own_rows(company, key))
    return tuple(facts.values())


def release_fact(key: str, rows: Sequence[Row]) -> ReleaseFact | None:
    """Return the facts of one record; None for one that undoes another or holds no release.

    Raises Unreadable where the form of the release is not one of this version.
    """
    if key.endswith((PREPARE_SUFFIX, REVERT_SUFFIX)):
        return None
    release = release_of(rows)
    if release is None or release.undoes:
        return None
    sealed = last(rows, Event.SEALED)
    live = last(rows, Event.LIVE)
    first_bad = first_bad_sign(rows)
    went_back = sealed is not None and sealed.facts["outcome"] == Ending.ROLLED_BACK
    merged_at = _merged_at(rows)
    return ReleaseFact(
        key=key,
        began=release.opened_at,
        merged_at=merged_at,
        first_commit_at=min((one.authored_at for one in release.commits if one.authored_at), default=None),
        live_at=live.at if live else None,
        ended=sealed.at if sealed else None,
        outcome=str(sealed.facts["outcome"]) if sealed else "open",
        risk=release.risk,
        touched=bool(touched_servers(rows)),
        first_bad_at=first_bad.at if first_bad else None,
        recovered_at=sealed.at if sealed and went_back else None,
        own_approval=_own_approval(rows),
        waits=read_waits(rows, merged_at=merged_at),
        not_passed=read_not_passed(rows, release.way),
        waived=_waived(rows),
        excepted=_excepted(rows, release),
        observed_only=release.mode is Mode.OBSERVE,
    )


def read_undone(rows: Sequence[Row]) -> str | None:
    """Return the key of the release that this record rolled back after its end; None for any other record."""
    return (undone_by(rows) or None) if touched_servers(rows) else None


def with_undo(fact: ReleaseFact, rows: Sequence[Row]) -> ReleaseFact:
    """Return the facts of a release that was rolled back later: it went bad, and recovered if that roll-back did."""
    sealed = last(rows, Event.SEALED)
    went_back = sealed is not None and sealed.facts["outcome"] == Ending.ROLLED_BACK
    return replace(
        fact,
        first_bad_at=fact.first_bad_at or rows[0].at,
        recovered_at=sealed.at if sealed and went_back else fact.recovered_at,
        undone=fact.undone or went_back,
    )


def list_keys(company: Company, since: datetime | None) -> tuple[str, ...]:
    """List the records of this day and later; a key begins with the day of its release in UTC."""
    first = f"{since.astimezone(UTC):%Y%m%d}" if since else ""
    return tuple(key for key in list_records(company.store) if key >= first)


def read_own_rows(company: Company, key: str) -> tuple[Row, ...]:
    """Return the rows of a record of this environment, none of another's; raises Unreadable for an altered one."""
    rows = read_rows(company, key)
    return rows if environment_of(rows) == company.rules.environment else ()


def _gather(facts: dict[str, ReleaseFact], key: str, rows: Sequence[Row]) -> None:
    """Add what one record says: of a release, or of the roll-back of an earlier one."""
    if (fact := release_fact(key, rows)) is not None:
        facts[key] = fact
    elif (undone := read_undone(rows)) is not None and undone in facts:
        facts[undone] = with_undo(facts[undone], rows)


def _list_beginnings(company: Company, keys: Sequence[str]) -> Iterator[datetime]:
    """Yield when each record of this environment was opened; its first row is enough."""
    for key in keys:
        try:
            opened = decode(company.store.read(row_key(key, 1)).body)
        except Unreadable:
            continue
        if environment_of([opened]) == company.rules.environment:
            yield opened.at


def _own_approval(rows: Sequence[Row]) -> str | None:
    """Say who approved, or let pass, what they had requested or written."""
    approved = last(rows, Event.APPROVED)
    if approved and approved.facts.get("own"):
        return str(approved.facts["sentence"])
    waived = [f"{row.facts['name']} waived {row.item}" for row in rows if row.facts.get("own")]
    return "; ".join(waived) or None


def _waived(rows: Sequence[Row]) -> tuple[str, ...]:
    """Say which items were waived by whom and why, each as it was waived last."""
    newest = {row.item: row for row in rows if row.event is Event.WAIVED}
    return tuple(f"{row.item} by {row.facts['name']}: {row.facts['reason']}" for row in newest.values())


def _excepted(rows: Sequence[Row], release: Release) -> tuple[str, ...]:
    """Name the findings that were let pass until a day, and what the request acknowledged."""
    newest = {row.item: row for row in rows if row.event is Event.JUDGED}
    dated = [f"{row.item} {name}" for row in newest.values() for name in row.facts.get("excepted", ())]
    return (*dict.fromkeys(dated), *(f"acknowledged: {name}" for name in release.request.acknowledged))


def _merged_at(rows: Sequence[Row]) -> datetime | None:
    built = last(rows, Event.BUILT)
    merged = built.facts.get("merged_at") if built else None
    return datetime.fromisoformat(merged) if merged else None
