"""1.3.3: staging is watched since it began to run the commit, under the load that k6 sends where there is one."""

from blocks.company import Staging
from blocks.prometheus import Prometheus
from policy.checklist import ITEMS
from policy.items import Asked
from policy.judgement import Judgement, unknown
from policy.limits import Mode
from policy.load_test import LoadTest
from policy.performance import judge_performance
from tasks.item import item
from tasks.run import Run, utc_now
from tasks.systems import STAGING, STAGING_METRICS

MEMORY_POINTS = 60


@item("1.3.3", needs=STAGING_METRICS)
def staging_performance(run: Run, metrics: Prometheus) -> Judgement:
    """Staging was fast and its memory level over the window, and bore the load test, which high risk requires."""
    staging, limits = STAGING.required(run.company), run.limits
    server = staging.fleet.servers[0].name
    began = metrics.read_starts((server,)).get(server)
    if began is None:
        return unknown(f"{server}: since when it runs is not known")
    warm = began + limits.warm_up
    load = _test_load(run, staging)
    while _is_thorough(run) and utc_now() < warm + limits.staging_watch:
        run.pause()
    now = utc_now()
    since = max(warm, now - limits.staging_watch)
    (window,) = metrics.read_samples((server,), at=now, span=now - since)
    return judge_performance(
        window,
        metrics.read_memory_series((server,), since, now, (now - since) / MEMORY_POINTS),
        load,
        risk=run.release.risk,
        now=now,
        watched=limits.staging_watch,
        wanted_rate=run.company.load_test.rate if run.company.load_test else 0,
        limits=limits,
    )


def _test_load(run: Run, staging: Staging) -> LoadTest | None:
    if run.company.load_test is None or not _is_thorough(run):
        return None
    return run.company.load_test.run(staging.application, meanwhile=run.lookout.check)


def _is_thorough(run: Run) -> bool:
    """A hotfix waits for no window and no load test, and a plan deploys nothing to staging that could be watched."""
    return ITEMS["1.3.3"].asked[run.release.way] is Asked.REQUIRED and run.release.mode is not Mode.PLAN
