"""A roll-back by itself is about another release: what people are told of it stands in both records."""

from datetime import datetime

from prefect.logging import get_run_logger

from blocks.errors import BlockError
from policy.record import Event, Row, Unreadable
from policy.served import first_served
from tasks.records import read_rows
from tasks.run import Run


def rows_of_incident(run: Run) -> tuple[Row, ...]:
    """Return the rows of this record, after those of the release that it undoes."""
    own = run.record.rows()
    if not run.release.undoes:
        return own
    return (*read_rows(run.company, run.release.undoes), *own)


def served_since(run: Run) -> datetime | None:
    """Return when the version that is rolled back was first served; None where no record says so."""
    return first_served(_known_rows(run))


def requesters(run: Run) -> tuple[str, ...]:
    """Return who asked for this release, and for the one that it undoes."""
    asked = [
        str(row.facts["release"]["request"]["requested_by"])
        for row in _known_rows(run)
        if row.event in (Event.OPENED, Event.TOOK_OVER)
    ]
    return tuple(dict.fromkeys((run.release.request.requested_by, *asked)))


def _known_rows(run: Run) -> tuple[Row, ...]:
    """Telling people waits for no record: one that cannot be read now says nothing."""
    try:
        return rows_of_incident(run)
    except (BlockError, Unreadable) as error:
        get_run_logger().warning("The record of %s is not known: %s", run.release.undoes or run.release.key, error)
        return run.record.seen
