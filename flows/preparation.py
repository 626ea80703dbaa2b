"""1: before the deployment. Nothing on any production server is changed here."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import replace

from prefect.logging import get_run_logger

from blocks.errors import BlockError
from flows.phase import Report, phase, require, run_items
from policy.change_set import draw_change_set, plain
from policy.checklist import ITEMS
from tasks.change import (
    branch_up_to_date,
    breaking_changes_identified,
    clean_history,
    feature_flags_configured,
    frequency_and_batching,
)
from tasks.change_facts import review_of_release
from tasks.conflicts import no_conflicting_deployment
from tasks.manual import manual_way_justified
from tasks.marks import show_beginning
from tasks.messages import tell
from tasks.own_checks import own_checks
from tasks.performance import staging_performance
from tasks.preparation import (
    commits_reviewed,
    dashboards_green,
    database_backup_recent,
    emergency_contacts_ready,
    inside_the_window,
    production_healthy,
    risk_assessed,
    way_back_known,
    window_selected,
)
from tasks.review import (
    automated_tests_pass,
    build_succeeds,
    code_review_completed,
    pull_request_created,
    security_checks_pass,
)
from tasks.run import Run
from tasks.sign_off import keep_statements
from tasks.staging import deployed_to_staging, is_tried_on_staging, say_deployment, staging_left_out, staging_smoke_test
from tasks.step import StepFailed, carry_out
from tasks.telling import (
    maintenance_announced,
    needs_maintenance,
    on_call_ready,
    on_call_told,
    status_page_updated,
    team_notified,
)


@phase("1.1 Code review and testing")
def code_review(run: Run) -> Report:
    """Pull requests, reviews, tests, scanners and build speak for the very commit."""
    return run_items(
        run,
        pull_request_created,
        code_review_completed,
        automated_tests_pass,
        security_checks_pass,
        build_succeeds,
        *own_checks(run, "1.1"),
    )


@phase("1.2 Change management")
def change_management(run: Run) -> Report:
    """The branch is up to date, what breaks is acknowledged, and the flags stand."""
    return run_items(
        run,
        branch_up_to_date,
        clean_history,
        breaking_changes_identified,
        feature_flags_configured,
        *own_checks(run, "1.2"),
    )


@phase("1.3 Pre-deployment preparation")
def preparation(run: Run) -> Report:
    """Staging serves the commit and works; the change set, its risk and its window are known."""
    questions = (
        staging_smoke_test,
        staging_performance,
        commits_reviewed,
        risk_assessed,
        window_selected,
        frequency_and_batching,
        no_conflicting_deployment,
        *own_checks(run, "1.3"),
    )
    if run.company.staging is None:
        return _with_changes(run, run_items(run, staging_left_out, *questions))
    if is_tried_on_staging(run):
        carry_out(deployed_to_staging(run), run)
    return _with_changes(run, run_items(run, *questions))


@phase("2.3 Manual deployment")
def manual_way(run: Run) -> Report:
    """Why the servers build what they run."""
    return run_items(run, manual_way_justified)


def _with_changes(run: Run, report: Report) -> Report:
    """Let the page show what became of staging, and every commit (1.3.4); where GitHub is silent, its item says so."""
    foot = [f"**{ITEMS['1.3.1'].name}**: {plain(sentence)}" for sentence in say_deployment(run)]
    with suppress(BlockError):
        drawn = draw_change_set(review_of_release(run))
        foot.append(f"<details><summary>Every commit</summary>\n\n{drawn}\n\n</details>")
    return replace(report, foot="\n\n".join(foot))


@phase("1.4 Final pre-deployment checks")
def final_checks(run: Run) -> Report:
    """Production is healthy, its backup is recent, the way back is known, the window is open."""
    return run_items(
        run,
        production_healthy,
        dashboards_green,
        database_backup_recent,
        emergency_contacts_ready,
        way_back_known,
        inside_the_window,
        *own_checks(run, "1.4"),
    )


def gather_evidence(run: Run) -> tuple[Report, ...]:
    """Ask everything of 1.1, 1.2 and 1.3 at once, for they do not need each other; and why the pipeline is left out."""
    phases = [code_review, change_management, preparation]
    if run.release.is_built_on_servers:
        phases.append(manual_way)
    pool = ThreadPoolExecutor(len(phases))
    try:
        return reports_of([pool.submit(copy_context().run, one, run) for one in phases])
    finally:
        # A run that is cancelled has half a minute to live: it does not wait for the watch of 1.3.3.
        pool.shutdown(wait=False, cancel_futures=True)


def reports_of(phases: Sequence[Future[Report]]) -> tuple[Report, ...]:
    """Return each phase's report; raises StepFailed with what stops in the others first, for it may be the cause."""
    reports = []
    step_failed: StepFailed | None = None
    for one in phases:
        try:
            reports.append(one.result())
        except StepFailed as error:
            step_failed = error
    if step_failed is not None:
        stopping = (report.sentence for report in reports if report.stopping)
        raise StepFailed("; ".join((*stopping, str(step_failed)))) from step_failed
    return tuple(reports)


def announcement(run: Run) -> None:
    """1.3.7 to 1.3.9: people are told; on the standard way nothing goes on without it."""
    tell(team_notified(run), run)
    for step in on_call_told(run):
        tell(step, run)
    if needs_maintenance(run):
        tell(maintenance_announced(run), run)
    require(run, people_told(run))
    show_beginning(run)


@phase("1.3 Telling people")
def people_told(run: Run) -> Report:
    """Whoever is on call is ready, and the status page names the maintenance where one is needed."""
    return run_items(run, on_call_ready, status_page_updated)


def remember_statements(run: Run) -> None:
    """What the database counted before the first change is kept; without it 3.2.2 will not be known."""
    try:
        keep_statements(run)
    except BlockError as error:
        get_run_logger().warning("3.2.2 will not be known: %s", error)
