"""6 by itself: the migrations of a commit, while the servers go on serving what they serve."""

from prefect import flow
from prefect.client.schemas.objects import State

from blocks.company import Company
from flows.approval import require_approval
from flows.hold import holding, refuse_while_held
from flows.migration import migrate, migration_prepared
from flows.opening import open_release, release_key, require_sound_form
from flows.plan import show_plan
from flows.production import before_the_first_change
from flows.sign_off import sign_off
from flows.verification import immediate_verification, settle
from flows.way_home import way_home
from policy.database_rows import migrations_begun
from policy.items import Way
from policy.limits import Mode
from policy.record import Event
from policy.release import Build, Request
from tasks.old_code import image_in_production
from tasks.run import Run
from tasks.run_log import ends_planned, ends_sealed, ends_with_its_sentence


@flow(
    name="Database migration",
    flow_run_name="Migrate: {request.summary} ({request.named}, {request.requested_by})",
    persist_result=False,
)
@ends_with_its_sentence
def database_migration(request: Request) -> State[None]:
    """Apply what the database lacks of a commit's migrations; no server is updated, and people decide before it."""
    require_sound_form(request)
    with Company.load(request.environment) as company:
        refuse_while_held(company, request, key=release_key())
        release = open_release(request, company, way=Way.MIGRATION)
        if release.mode is Mode.PLAN:
            show_plan(company, release)
            return ends_planned()
        with holding(company, release) as run, way_home(run):
            run.build = serving_build(run)
            approved_before_it_began(run)
            migrate(run)
            verified(run)
            sign_off(run)
            return ends_sealed(run)


def approved_before_it_began(run: Run) -> None:
    """What was begun was approved (2.1.4), and a retry does not ask about the schema of before."""
    if migrations_begun(run.record.rows()):
        return
    before_the_first_change(run)
    require_approval(run, migration_prepared)


def verified(run: Run) -> None:
    """The version that the servers serve works on the new schema."""
    settle(run, immediate_verification)
    if run.record.last(Event.VERIFIED) is None:
        run.record.append(Event.VERIFIED, item="3.1.3", facts={"sentence": run.verdicts["3.1.3"].sentence})


def serving_build(run: Run) -> Build:
    """Return what the servers serve, which this release leaves as it is."""
    _, digest = image_in_production(run)
    name = run.company.registry.name
    return Build(commit=run.release.previous_commit, image=name, digest=digest, merged_at=None, run_url=None)
