"""The whole checklist: phases in order, the gate between them. The table of contents of the project."""

from collections.abc import Callable

from prefect import flow
from prefect.client.schemas.objects import State

from blocks.company import Company
from flows.approval import require_approval
from flows.approvers import require_an_approver
from flows.hold import holding, refuse_while_held
from flows.migration import (
    backfill_after_the_last_server,
    migrate_after_the_last_server,
    migrate_before_the_first_server,
    migration_prepared,
)
from flows.opening import open_release, release_key, require_sound_form
from flows.phase import Report
from flows.plan import show_plan
from flows.preparation import announcement, final_checks, gather_evidence, remember_statements
from flows.prepare import find_prepared
from flows.rollout import (
    build_on_servers,
    everything_is_live,
    first_server_evidence,
    secure_the_way_back,
    split_next_batch,
    update,
    watch_until_clear,
)
from flows.sign_off import sign_off
from flows.verification import verify
from flows.waivers import require_or_waive
from flows.watch import watching
from flows.way_home import way_home
from policy.items import Way
from policy.limits import Mode
from policy.release import Request
from policy.way_home import touched_servers
from tasks.backfill import backfills_of
from tasks.marks import show_updates
from tasks.preparation import merge_and_build
from tasks.run import Run
from tasks.run_log import ends_planned, ends_sealed, ends_with_its_sentence


@flow(
    name="Production deployment",
    flow_run_name="{request.summary} ({request.named}, {request.requested_by})",
    persist_result=False,
)
@ends_with_its_sentence
def production_deployment(request: Request) -> State[None]:
    """Release a commit of main to production, by the whole checklist; whatever goes wrong, it ends well."""
    return carry_through(request, way=Way.STANDARD)


def carry_through(request: Request, *, way: Way) -> State[None]:
    """Judge, roll out and sign off, or show in a plan what would be done."""
    require_sound_form(request)
    with Company.load(request.environment) as company:
        refuse_while_held(company, request, key=release_key())
        release = open_release(request, company, way=way)
        if release.mode is Mode.PLAN:
            show_plan(company, release)
            return ends_planned()
        with holding(company, release) as run, way_home(run):
            before_the_first_change(run)
            roll_out(run)
            sign_off(run)
            return ends_sealed(run)


def before_the_first_change(run: Run) -> None:
    """1: every check before the first change; a retry that finds servers changed already does not repeat it."""
    if touched_servers(run.record.rows()):
        return
    require_an_approver(run)
    run.kept = find_prepared(run)
    require_or_waive(run, gather_evidence)
    announcement(run)
    require_or_waive(run, final_evidence)
    remember_statements(run)


def final_evidence(run: Run) -> tuple[Report, ...]:
    """All that must hold just before the first change; section 6 where the release migrates the database."""
    migrating = (migration_prepared(run),) if run.release.migrations or backfills_of(run) else ()
    return (final_checks(run), *migrating)


def roll_out(run: Run, *more: Callable[[Run], Report]) -> None:
    """2 and 3: build, first server, decision, remaining servers, verification, all under the watch."""
    if run.release.is_built_on_servers:
        build_on_servers(run)
    else:
        run.build = merge_and_build(run)
        secure_the_way_back(run)
    migrate_before_the_first_server(run)
    with watching(run) as watch:
        first, remaining = run.servers[:1], list(run.servers[1:])
        update(run, first)
        watch_until_clear(run, watch, at_least=run.limits.first_server_watch)
        show_updates(run)
        require_approval(run, first_server_evidence, watch)
        while remaining:
            watch_until_clear(run, watch, at_least=run.limits.watch_interval)
            batch, remaining = split_next_batch(run, remaining)
            update(run, batch)
        backfill_after_the_last_server(run)
        migrate_after_the_last_server(run)
        everything_is_live(run)
        verify(run, watch, *more)
