"""9.1: from the records of releases to facts that can be measured."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from blocks.company import Company
from blocks.record import Record, list_records
from policy.first_bad_sign import first_bad_sign
from policy.metrics import Ending, ReleaseFact
from policy.record import Event, Row, last
from policy.release import Release
from policy.way_home import touched_servers


def read_release_facts(company: Company, *, since: datetime | None = None) -> tuple[ReleaseFact, ...]:
    """Return what each record of a release says about its times and its end, oldest first.

    With `since`, records of earlier days are not read; a key begins with the day of its release in UTC.
    """
    first = f"{since.astimezone(UTC):%Y%m%d}" if since else ""
    facts: dict[str, ReleaseFact] = {}
    for key in list_records(company.store):
        if key < first:
            continue
        rows = Record(company.store, key, holder=0, spool=company.spool).rows()
        if not _is_of(company.rules.environment, rows):
            continue
        if (fact := release_fact(key, rows)) is not None:
            facts[key] = fact
        elif (undone := read_undone(rows)) is not None and undone in facts:
            facts[undone] = with_undo(facts[undone], rows)
    return tuple(facts.values())


def _is_of(environment: str, rows: Sequence[Row]) -> bool:
    """Several environments may keep their records in one store."""
    opened = last(rows, Event.OPENED)
    return opened is None or opened.facts["release"]["environment"] == environment


def release_fact(key: str, rows: Sequence[Row]) -> ReleaseFact | None:
    """Return the facts of one record; None for one that undoes another or holds no release."""
    opened = last(rows, Event.OPENED)
    if opened is None:
        return None
    release = Release.model_validate(opened.facts["release"])
    if release.undoes:
        return None
    sealed = last(rows, Event.SEALED)
    live = last(rows, Event.LIVE)
    first_bad = first_bad_sign(rows)
    went_back = sealed is not None and sealed.facts["outcome"] == Ending.ROLLED_BACK
    return ReleaseFact(
        key=key,
        began=release.opened_at,
        merged_at=_merged_at(rows),
        first_commit_at=min((one.authored_at for one in release.commits if one.authored_at), default=None),
        live_at=live.at if live else None,
        ended=sealed.at if sealed else None,
        outcome=str(sealed.facts["outcome"]) if sealed else "open",
        risk=release.risk,
        touched=bool(touched_servers(rows)),
        first_bad_at=first_bad.at if first_bad else None,
        recovered_at=sealed.at if sealed and went_back else None,
        own_approval=_own_approval(rows),
    )


def read_undone(rows: Sequence[Row]) -> str | None:
    """Return the key of the release that this record rolled back after its end; None for any other record."""
    opened = last(rows, Event.OPENED)
    if opened is None or not touched_servers(rows):
        return None
    return str(opened.facts["release"].get("undoes") or "") or None


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


def _own_approval(rows: Sequence[Row]) -> str | None:
    """Say who approved, or let pass, what they had requested or written."""
    approved = last(rows, Event.APPROVED)
    if approved and approved.facts.get("own"):
        return str(approved.facts["sentence"])
    waived = [f"{row.facts['name']} waived {row.item}" for row in rows if row.facts.get("own")]
    return "; ".join(waived) or None


def _merged_at(rows: Sequence[Row]) -> datetime | None:
    built = last(rows, Event.BUILT)
    merged = built.facts.get("merged_at") if built else None
    return datetime.fromisoformat(merged) if merged else None
