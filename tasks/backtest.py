"""The releases on which other limits can be tried, from their sealed records."""

from dataclasses import replace
from datetime import datetime

from blocks.company import Company
from policy.backtest import Past
from policy.metrics import has_failed
from policy.observed import Observed
from policy.record import Event, Row, Unreadable, last
from policy.recorded import release_of
from policy.release import Release
from policy.way_home import UPDATE_ITEMS
from tasks.metrics_report import PLANNED_AHEAD, list_keys, read_own_rows, read_undone, release_fact
from tasks.observed import read_observed


def read_pasts(company: Company, *, since: datetime | None, until: datetime) -> tuple[list[Past], list[str]]:
    """Return the ended releases of this time that changed a server, and what of the records cannot be read."""
    pasts: dict[str, Past] = {}
    unreadable: list[str] = []
    for key in list_keys(company, since - PLANNED_AHEAD if since else None):
        try:
            rows = read_own_rows(company, key)
            fact, release = release_fact(key, rows), release_of(rows)
        except Unreadable as error:
            unreadable.append(f"{key}: {error}")
            continue
        if (undone := read_undone(rows)) in pasts and undone is not None:
            before = pasts[undone]
            pasts[undone] = replace(before, failed=True, stopped_at=before.stopped_at or rows[0].at)
            continue
        if fact is None or release is None or not fact.touched or fact.ended is None:
            continue
        if not (since or fact.began) <= fact.began < until:
            continue
        try:
            observed = read_observed(company, rows)
        except Unreadable as error:
            unreadable.append(f"{key}: {error}")
            observed = None
        pasts[key] = _past(release, rows, failed=has_failed(fact), observed=observed)
    return list(pasts.values()), unreadable


def _past(release: Release, rows: tuple[Row, ...], *, failed: bool, observed: Observed | None) -> Past:
    stopped = next((row for row in rows if row.event in (Event.RED_FLAG, Event.GOING_HOME)), None)
    live = last(rows, Event.LIVE)
    touched: dict[str, datetime] = {}
    for row in rows:
        if row.event is Event.INTENDED and row.item in UPDATE_ITEMS:
            touched.setdefault(row.subject, row.at)
    return Past(
        key=release.key,
        began=release.opened_at,
        failed=failed,
        stopped_at=stopped.at if stopped else None,
        by_watch=stopped is not None and stopped.event is Event.RED_FLAG,
        live_at=live.at if live else None,
        touched=touched,
        servers=release.servers,
        limits=release.limits,
        observed=observed,
    )
