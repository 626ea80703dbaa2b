"""What the records say of a commit that was released before: it is asked before anything is touched."""

from collections.abc import Iterator
from datetime import datetime

from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.record import list_ends
from policy.judgement import Judgement
from policy.metrics import Ending
from policy.quarantine import Ended, judge_quarantine, short_reason
from policy.record import Event, Row, Unreadable, last
from policy.recorded import environment_of, release_of
from policy.release import HotfixRequest, Request
from tasks.records import read_rows


def judge_released_before(request: Request | HotfixRequest, company: Company, *, commit: str) -> Judgement:
    """Judge whether this commit, or its image, was rolled back the last time that it was released.

    Only what was rolled back is read whole, and what was signed off after it: a record has a row for everything.
    """
    rolled_back = list(list_endings(company, Ending.ROLLED_BACK, request.environment))
    digest = company.registry.find_digest(commit) if rolled_back else None
    gone = [one for one in rolled_back if one.brought(commit, digest)]
    since = max((one.at for one in gone), default=None)
    lifted = list_endings(company, Ending.SIGNED_OFF, request.environment, since=since) if since else ()
    return judge_quarantine(
        [*gone, *lifted],
        commit=commit,
        digest=digest,
        acknowledged=request.acknowledged,
        by=request.requested_by,
        zone=company.rules.time_zone,
    )


def list_endings(
    company: Company, outcome: Ending, environment: str, *, since: datetime | None = None
) -> Iterator[Ended]:
    """Yield every release of the environment whose record ends so; one that cannot be read is said in the log."""
    for key, row in list_ends(company.store):
        try:
            if not _ends_as(row, outcome, since):
                continue
            ended = read_ending(key, read_rows(company, key), environment)
        except Unreadable as error:
            get_run_logger().warning("Whether %s was %s is not known: %s", key, outcome, error)
            continue
        if ended is not None:
            yield ended


def _ends_as(row: Row | Unreadable, outcome: Ending, since: datetime | None) -> bool:
    """Whether the last row of a record says so; raises it where it cannot be read."""
    if isinstance(row, Unreadable):
        raise row
    return row.event is Event.SEALED and row.facts["outcome"] == outcome and (since is None or row.at > since)


def read_ending(key: str, rows: tuple[Row, ...], environment: str) -> Ended | None:
    """Return how a release ended; None for another environment, and for a record without an end.

    Raises Unreadable where the form of the release is not one of this version.
    """
    sealed, built, home = (last(rows, event) for event in (Event.SEALED, Event.BUILT, Event.GOING_HOME))
    if sealed is None or environment_of(rows) != environment or (release := release_of(rows)) is None:
        return None
    merged = {built.facts["commit"]} if built else set()
    return Ended(
        key=key,
        at=sealed.at,
        outcome=str(sealed.facts["outcome"]),
        why=short_reason(home.facts["cause"], home.facts["sentence"]) if home else str(sealed.facts["sentence"]),
        commits=frozenset({release.commit, *merged}),
        digest=str(built.facts["digest"]) if built else None,
    )
