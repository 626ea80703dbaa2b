"""1.3.3: staging is watched since it began to run the commit, under the load that k6 sends where there is one."""

import time
from datetime import datetime, timedelta

from blocks.company import Staging
from blocks.prometheus import Prometheus
from policy.clock import exact_clock
from policy.judgement import Judgement, not_applicable, unknown
from policy.limits import Mode
from policy.load_test import LoadTest
from policy.performance import judge_performance
from policy.record import Event
from policy.wording import short
from tasks.item import item
from tasks.run import Run, pause_after, utc_now
from tasks.staging import deployed_to_staging, goes_over_staging, is_tried_on_staging, of_this_commit
from tasks.systems import STAGING, STAGING_METRICS

MEMORY_POINTS = 60


@item("1.3.3", needs=STAGING_METRICS)
def staging_performance(run: Run, metrics: Prometheus) -> Judgement:
    """Staging was fast and its memory level over the window, and bore the load test, which high risk requires."""
    if (ahead := _is_ahead_of_staging(run)) is not None:
        return ahead
    staging, limits = STAGING.required(run.company), run.limits
    server = staging.fleet.servers[0].name
    began = _read_start(run, metrics, server)
    if isinstance(began, Judgement):
        return began
    load = _test_load(run, staging)
    # Whatever the clock of staging says, nobody waits for longer than the window.
    until = min(began, utc_now()) + limits.warm_up + limits.staging_watch
    while is_tried_on_staging(run) and utc_now() < until:
        run.pause()
    now = utc_now()
    since = max(began + limits.warm_up, now - limits.staging_watch)
    if since >= now:
        return unknown(f"{server}: it has only just begun, so there is nothing to judge yet")
    (window,) = metrics.read_samples((server,), at=now, span=now - since)
    judgement = judge_performance(
        window,
        metrics.read_memory_series((server,), since, now, (now - since) / MEMORY_POINTS),
        load,
        risk=run.release.risk,
        now=now,
        watched=limits.staging_watch,
        wanted_rate=run.company.load_test.rate if run.company.load_test else 0,
        limits=limits,
    )
    if not _is_the_same(metrics.read_starts((server,)).get(server), began):
        return unknown(f"{server}: it began anew while it was watched")
    return of_this_commit(run, judgement)


def _is_ahead_of_staging(run: Run) -> Judgement | None:
    """A plan deploys nothing, so what staging serves is as a rule another version, without any load."""
    if run.release.mode is not Mode.PLAN or not goes_over_staging(run):
        return None
    if deployed_to_staging(run).look(run.company).done:
        return None
    return not_applicable(f"a plan deploys nothing: asked once staging serves {short(run.release.commit)}")


def _read_start(run: Run, metrics: Prometheus, server: str) -> datetime | Judgement:
    """When staging began to run this commit; an older start is one that the metrics system has yet to see end."""
    meant = [row.at for row in run.record.rows() if row.item == "1.3.1" and row.event is Event.INTENDED]
    began_waiting = time.monotonic()
    while True:
        began = metrics.read_starts((server,)).get(server)
        if began is not None and (not meant or began > max(meant)):
            return began
        if (waited := time.monotonic() - began_waiting) > run.limits.unknown_patience.total_seconds():
            said = (
                f"began at {exact_clock(began, run.company.rules.time_zone)}, before it was deployed"
                if began
                else "began nobody knows when"
            )
            return unknown(f"{server}: by its metrics it {said}; are they measured, and is its clock right?")
        run.pause(pause_after(waited))


def _is_the_same(start: datetime | None, began: datetime) -> bool:
    """Two readings of one start differ by rounding."""
    return start is not None and abs(start - began) < timedelta(seconds=1)


def _test_load(run: Run, staging: Staging) -> LoadTest | None:
    if run.company.load_test is None or not is_tried_on_staging(run):
        return None
    return run.company.load_test.run(staging.application, meanwhile=run.lookout.check)
