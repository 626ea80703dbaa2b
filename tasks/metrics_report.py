"""9.1: from the records of releases to facts that can be measured."""

from collections.abc import Sequence
from datetime import UTC, datetime

from blocks.company import Company
from blocks.record import Record, list_records
from policy.metrics import ReleaseFact
from policy.record import Event, Row, last
from policy.release import Release
from policy.way_home import touched_servers


def read_release_facts(company: Company, *, since: datetime | None = None) -> tuple[ReleaseFact, ...]:
    """Return what each record of a release says about its times and its end, oldest first.

    With `since`, records of earlier days are not read; a key begins with the day of its release in UTC.
    """
    first = f"{since.astimezone(UTC):%Y%m%d}" if since else ""
    facts = []
    for key in list_records(company.store):
        if key < first:
            continue
        rows = Record(company.store, key, holder=0, spool=company.spool).rows()
        if (fact := release_fact(key, rows)) is not None:
            facts.append(fact)
    return tuple(facts)


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
    first_bad = next((row.at for row in rows if row.event in (Event.RED_FLAG, Event.GOING_HOME)), None)
    touched = bool(touched_servers(rows))
    went_back = sealed is not None and sealed.facts["outcome"] == "rolled back"
    return ReleaseFact(
        key=key,
        began=release.opened_at,
        merged_at=_merged_at(rows),
        first_commit_at=min((one.authored_at for one in release.commits if one.authored_at), default=None),
        live_at=live.at if live else None,
        ended=sealed.at if sealed else None,
        outcome=str(sealed.facts["outcome"]) if sealed else "open",
        risk=release.risk,
        touched=touched,
        first_bad_at=first_bad if touched else None,
        recovered_at=sealed.at if sealed and went_back else None,
        own_approval=_own_approval(rows),
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
