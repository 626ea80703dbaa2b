"""A retry goes on with the release that an earlier process of its run opened."""

from blocks.company import Company
from blocks.record import Record
from policy.broken_hold import read_break
from policy.record import Event, Unreadable
from policy.recorded import release_of
from policy.release import Release
from policy.way_home import decided_home
from tasks.resolve import BadRequest


def resume(company: Company, key: str) -> Release | None:
    """Return the release that was opened under this key before; raises BadRequest if it cannot go on."""
    record = Record(company.store, key, holder=0, spool=company.spool)
    try:
        return _opened(record)
    except Unreadable as error:
        raise BadRequest(
            f"release {key} cannot go on, for its record cannot be read: {error};"
            " a retry changes nothing, and recovery tells whoever is on call"
        ) from error


def _opened(record: Record) -> Release | None:
    rows = record.rows()
    if not rows:
        return None
    if record.sealed:
        sealed = record.last(Event.SEALED)
        why = sealed.facts["sentence"] if sealed else ""
        raise BadRequest(f"release {record.key} has ended ({why}); a retry changes nothing, start a new release")
    if broken := read_break(rows):
        said = "recovery ends it, then start a new release"
        raise BadRequest(f"release {record.key} goes on no further: {broken}; {said}")
    if decided_home(rows):
        raise BadRequest(f"release {record.key} was being rolled back when its process ended; recovery finishes that")
    return release_of(rows)
