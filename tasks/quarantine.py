"""What the records say of a commit that was released before: it is asked before anything is touched."""

from collections.abc import Iterator
from datetime import datetime

from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.record import Record, list_ends
from policy.judgement import Judgement
from policy.metrics import Ending
from policy.quarantine import Ended, judge_quarantine, short_reason
from policy.record import Event, Row, Unreadable, last
from policy.release import HotfixRequest, Release, Request


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
        if isinstance(row, Unreadable):
            get_run_logger().warning("Whether %s was a roll-back is not known: %s", key, row)
        elif row.event is Event.SEALED and row.facts["outcome"] == outcome and (since is None or row.at > since):
            rows = Record(company.store, key, holder=0, spool=company.spool).rows()
            if (ended := read_ending(key, rows, environment)) is not None:
                yield ended


def read_ending(key: str, rows: tuple[Row, ...], environment: str) -> Ended | None:
    """Return how a release ended; None for another environment, and for a record without an end."""
    opened, sealed, built = (last(rows, event) for event in (Event.OPENED, Event.SEALED, Event.BUILT))
    home = last(rows, Event.GOING_HOME)
    if opened is None or sealed is None or opened.facts["release"]["environment"] != environment:
        return None
    release = Release.model_validate(opened.facts["release"])
    merged = {built.facts["commit"]} if built else set()
    return Ended(
        key=key,
        at=sealed.at,
        outcome=str(sealed.facts["outcome"]),
        why=short_reason(home.facts["cause"], home.facts["sentence"]) if home else str(sealed.facts["sentence"]),
        commits=frozenset({release.commit, *merged}),
        digest=str(built.facts["digest"]) if built else None,
    )
