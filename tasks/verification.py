"""3: is production well on the new version, and does it stay well."""

from datetime import timedelta

from blocks.postgres import Postgres
from blocks.prometheus import Prometheus
from policy.audit_log import judge_audit_log
from policy.health import judge_every_server, judge_health
from policy.health_metrics import judge_health_metrics
from policy.judgement import Judgement, not_configured, worst_of
from policy.red_flags import judge_conclusion
from policy.resources import judge_connections, judge_usage
from policy.samples import judge_numbers
from policy.traffic import judge_traffic
from policy.trend import judge_trend
from tasks.item import item
from tasks.run import Run, utc_now
from tasks.smoke_tests import judge_smoke_tests
from tasks.systems import DATABASE, PROMETHEUS

TREND_STEP = timedelta(seconds=1)


@item("2.1.6")
def smoke_tests_after_deployment(run: Run) -> Judgement:
    """The smoke tests pass on every server, asked directly."""
    return worst_of(judge_smoke_tests(run.company.application, at=server.health) for server in run.servers)


@item("3.1.1")
def health_checks_passing(run: Run) -> Judgement:
    """Production is healthy through the balancer, its database connected."""
    return judge_health(run.company.application.read_health())


@item("3.1.2")
def version_confirmed(run: Run) -> Judgement:
    """Every server serves the new version."""
    answers = [run.company.fleet.read_health(server) for server in run.servers]
    return judge_every_server(answers, servers=run.release.servers, version=run.built.commit)


@item("3.1.3")
def key_features_functioning(run: Run) -> Judgement:
    """Login, patient record, appointment and prescription work through the balancer for the demo account."""
    return judge_smoke_tests(run.company.application)


@item("3.1.5", needs=PROMETHEUS)
def metrics_normal(run: Run, prometheus: Prometheus) -> Judgement:
    """Error rate and p95 are below their limits, and the traffic is as usual for the time of day."""
    now = utc_now()
    samples = prometheus.read_samples(run.release.servers, at=now, span=run.limits.watch_window)
    traffic = prometheus.read_traffic(at=now, span=run.limits.watch_window)
    return worst_of(
        (
            judge_numbers(samples, now=now, limits=run.limits, servers=run.release.servers),
            judge_traffic(traffic.now, traffic.last_week, share=run.limits.traffic_share),
        )
    )


@item("3.2.1")
def dashboard_watched(run: Run) -> Judgement:
    """No red flag was up when the watch ended, and the memory of no server grew all along where it is measured."""
    watched, prometheus = judge_conclusion(run.watched), run.company.prometheus
    if prometheus is None or not watched.verdict.lets_pass:
        return watched
    now = utc_now()
    step = max(run.limits.watch_interval, TREND_STEP)
    series = prometheus.read_memory_series(run.release.servers, run.live_since, now, step)
    trend = judge_trend(series, now=now, limits=run.limits)
    return worst_of((watched, trend))


@item("3.2.3", needs=DATABASE)
def audit_log_written(run: Run, database: Postgres) -> Judgement:
    """The audit log of the primary grew within the last minutes, by as much as the requests ask for."""
    span, prometheus = run.limits.audit_window, run.company.prometheus
    return judge_audit_log(
        database.count_audit_rows(span),
        database.count_own_audit_rows(span),
        prometheus.read_audited_requests(utc_now(), span) if prometheus is not None else None,
        primary=database.is_primary(),
        window=span,
        share=run.limits.audit_share,
    )


@item("3.2.4")
def resources_within_limits(run: Run) -> Judgement:
    """CPU, memory, disk and database connections are below their limits."""
    prometheus, database = run.company.prometheus, run.company.database
    return worst_of(
        (
            judge_usage(prometheus.read_usage(run.release.servers), limits=run.limits)
            if prometheus
            else not_configured(PROMETHEUS.section),
            judge_connections(database.count_connections(), limits=run.limits)
            if database
            else not_configured(DATABASE.section),
        )
    )


@item("3.4.1")
def final_health_check(run: Run) -> Judgement:
    """The application's own metrics are all normal."""
    answer = run.company.application.read_health_metrics()
    return judge_health_metrics(answer, version=run.built.commit, limits=run.limits)
