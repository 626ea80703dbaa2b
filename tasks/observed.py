"""What the watch measured is kept with the record, and found again by the hash that its seal holds."""

from collections.abc import Sequence
from hashlib import sha256

from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.errors import Absent, BlockError
from blocks.store import Exists
from policy.observed import WATCHED, Observed, decode_observed, encode_observed
from policy.record import Event, Row, Unreadable, last
from tasks.run import Run


def keep_observed(run: Run) -> dict[str, dict[str, str]]:
    """Keep what this process watched and return the facts of the seal about it; nothing waits for the store."""
    if run.observed is None or run.record.waits_in_spool:
        return {}
    body = encode_observed(run.observed)
    key = f"snapshots/{run.release.key}/watch-{run.number:06}.json"
    try:
        run.company.store.create(key, body)
    except Exists:
        return {}
    except BlockError as error:
        get_run_logger().warning("What the watch measured of %s is not kept: %s", run.release.key, error)
        return {}
    return {WATCHED: {"key": key, "sha256": sha256(body).hexdigest()}}


def read_observed(company: Company, rows: Sequence[Row]) -> Observed | None:
    """Return what the watch of a sealed release measured, None if nothing was kept; raises Unreadable if altered."""
    sealed = last(rows, Event.SEALED)
    kept = sealed.facts.get(WATCHED) if sealed else None
    if kept is None:
        return None
    try:
        body = company.store.read(kept["key"]).body
    except Absent as error:
        raise Unreadable(f"the measurements are gone: {error}") from error
    if sha256(body).hexdigest() != kept["sha256"]:
        raise Unreadable(f"{kept['key']} was altered after the record was sealed")
    return decode_observed(body)
