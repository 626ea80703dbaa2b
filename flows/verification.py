"""3: verification. Minutes, then the rest of the hour; what stops here is asked of people, not rolled back blindly."""

import time
from collections.abc import Callable
from datetime import timedelta

from flows.choice import choose
from flows.phase import ChecksFailed, Report, phase, run_items
from flows.watch import Watch
from policy.judgement import Verdict
from policy.limits import Mode
from policy.record import Event
from policy.red_flags import Flag
from policy.verification import Meaning, conclude
from tasks.own_checks import own_checks
from tasks.run import Run, utc_now
from tasks.sign_off import no_incidents, no_new_errors, no_new_slow_query
from tasks.verification import (
    audit_log_written,
    dashboard_watched,
    final_health_check,
    health_checks_passing,
    key_features_functioning,
    metrics_normal,
    resources_within_limits,
    smoke_tests_after_deployment,
    version_confirmed,
)


@phase("3.1 Immediate verification")
def immediate_verification(run: Run) -> Report:
    """Health, version, key features and metrics of the new version, on every server."""
    return run_items(
        run,
        smoke_tests_after_deployment,
        health_checks_passing,
        version_confirmed,
        key_features_functioning,
        no_new_errors,
        metrics_normal,
        *own_checks(run, "3.1"),
    )


@phase("3.2 Extended monitoring")
def extended_monitoring(run: Run) -> Report:
    """Nothing worsened in the hour: metrics, audit log, resources."""
    return run_items(
        run,
        dashboard_watched,
        no_new_slow_query,
        audit_log_written,
        resources_within_limits,
        *own_checks(run, "3.2"),
    )


@phase("3.4 Sign-off")
def last_look(run: Run) -> Report:
    """The application's own figures are all normal and nothing happened, before anybody is told that it is done."""
    return run_items(run, final_health_check, no_incidents, *own_checks(run, "3.4"))


def verify(run: Run, watch: Watch, *more: Callable[[Run], Report]) -> None:
    """Return once every phase lets the release go on; raises what sends it home.

    The last look of 3.4.1 belongs here: what it finds is asked of people while the watch still looks. What is asked
    `more` is asked early, for a fix that mends nothing is taken back, and once more in the end.
    """
    keep_watch(run, watch, until=run.limits.immediate_watch)
    for phase_of in (immediate_verification, *more):
        settle(run, phase_of, watch)
    keep_watch(run, watch, until=run.release.watched_for)
    settle(run, extended_monitoring, watch)
    settle(run, last_look, watch)
    for phase_of in more:
        settle(run, phase_of, watch)
    if run.record.last(Event.VERIFIED) is None:
        run.record.append(Event.VERIFIED, item="3.2.1", facts={"sentence": watch.conclusion.sentence})


def keep_watch(run: Run, watch: Watch, *, until: timedelta) -> None:
    """Return when the fleet has been live for so long; what only people can weigh is asked as it appears."""
    while utc_now() - run.live_since < until:
        run.lookout.check()
        if watch.conclusion.flag is Flag.CONSIDER:
            choose(run, f"4.1 ({watch.conclusion.rule}): {watch.conclusion.sentence}")
        run.pause()


def settle(run: Run, phase_of: Callable[[Run], Report], watch: Watch | None = None) -> None:
    """Ask the phase until it lets the release go on; raise ChecksFailed where production is measured to be ill.

    Each asking takes what the watch, if there still is one, concludes by then.
    """
    # Evidence that begins anew covers a whole window first.
    patience = (run.limits.watch_window + run.limits.unknown_patience).total_seconds()
    patience_ends = time.monotonic() + patience
    while True:
        if watch is not None:
            run.watched = watch.conclusion
        report = phase_of(run)
        meaning = conclude({item.number: judgement for item, judgement in report.stopping})
        if meaning is Meaning.GO_ON or run.release.mode is Mode.OBSERVE:
            return
        if meaning is Meaning.GO_BACK:
            raise ChecksFailed(report.sentence)
        only_unknown = all(judgement.verdict is Verdict.UNKNOWN for _, judgement in report.stopping)
        if only_unknown and time.monotonic() < patience_ends:
            run.pause(run.limits.watch_interval.total_seconds())
            continue
        choose(run, report.sentence)
        patience_ends = time.monotonic() + patience
