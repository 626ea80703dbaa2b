"""4.3: people take the migrations of a release back, and production goes to the version before it.

The application stands still meanwhile, so the CTO or the DevOps lead decides, and nothing of it happens by itself.
"""

from collections.abc import Iterable, Sequence

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from blocks.company import Company
from blocks.errors import BlockError
from blocks.hold import Holds
from blocks.postgres_tables import read_applied
from blocks.record import Record
from flows.database_approval import evidence_of, require_database_approval
from flows.hold import held_run, pre_empt
from flows.opening import release_key
from flows.phase import ChecksFailed, Report, phase, run_items
from flows.recovery import borrow_way_back, recover
from flows.recovery_schedule import recovery_awake
from flows.rollback import NotRolledBack, read_release, servers_now
from flows.way_home import go_home, way_home
from policy.checklist import ITEMS
from policy.database_rows import MIGRATION_ITEM
from policy.items import Way
from policy.limits import Mode
from policy.migrations.history import Applied, Progress, progress_of
from policy.migrations.way_back import say_safer
from policy.plans import Back, Cause, Stuck, Why
from policy.record import Event, Row
from policy.recorded import environment_of
from policy.release import Release
from policy.way_back_forms import DatabaseRollbackRequest
from policy.wording import listed, short
from tasks.database_rollback import database_may_go_back, only_the_checklist_is_silent, readings_of, taken_back
from tasks.item import answer
from tasks.messages import inform
from tasks.records import list_newest_first
from tasks.resolve import BadRequest, require_person
from tasks.run import Run, utc_now
from tasks.run_log import ends_planned, ends_with_its_sentence
from tasks.standstill import emptied, outage_announced, stopped
from tasks.step import carry_out
from tasks.systems import DATABASE, PRISMA


@flow(name="Database rollback", flow_run_name="{request.requested_by}: {request.reason}", persist_result=False)
@ends_with_its_sentence
def database_rollback(request: DatabaseRollbackRequest) -> State[None]:
    """Take back what a release added to the schema, by the rule of 4.3.1 and a decision; it ends on one version."""
    why = Why(Cause.ROLLBACK_ASKED, f"{request.requested_by}: {request.reason}: {request.what_was_seen}")
    with Company.load(request.environment) as company:
        require_person(company, request.requested_by)
        if request.mode is Mode.PLAN:
            show_database_way_back(company, request)
            return ends_planned("database-way-back")
        make_room(company, request, why)
        release = taking_back(company, request, key=release_key())
        holds = Holds(company.store, request.environment)
        with recovery_awake(request.environment), held_run(company, holds, release, over=None) as run:
            with way_home(run):
                borrow_way_back(run)
                require_database_approval(run, may_go_back)
                stand_still(run)
                carry_out(taken_back(run), run)
            plan = go_home(run, why)
    if not isinstance(plan, Back):
        raise NotRolledBack(plan.sentence)
    return Completed(message=plan.sentence)


def make_room(company: Company, request: DatabaseRollbackRequest, why: Why) -> None:
    """A release that is under way goes home first: its images, by the rules of 4.2; then the schema can follow."""
    dead = pre_empt(company, request.environment, why=why.sentence)
    if dead is not None and isinstance(ended := recover(company, dead, asked=why.sentence), Stuck):
        raise NotRolledBack(ended.sentence)


@phase("4.3.1 May the database be rolled back")
def way_back_judged(run: Run) -> Report:
    """The clause that decides is named: what was done, how long ago, and whether anybody wrote to it."""
    return run_items(run, database_may_go_back)


def may_go_back(run: Run) -> tuple[Report, bool]:
    """Return what 4.3.1 says, and whether both leads have to decide; raises ChecksFailed with the safer choice."""
    report = way_back_judged(run)
    if not report.stopping:
        return report, False
    try:
        if only_the_checklist_is_silent(run):
            return report, True
        safer = say_safer(readings_of(run))
    except BlockError as error:
        safer = f"what is safer could not be read: {error}"
    raise ChecksFailed(f"{report.sentence}; {safer}")


def stand_still(run: Run) -> None:
    """4.3.2: people are told, then the application is emptied and stopped on every server."""
    if run.company.statuspage is not None:
        inform(outage_announced(run), run)
    for server in run.servers:
        if run.company.balancer is not None:
            carry_out(emptied(server, run), run)
        carry_out(stopped(server, run), run)


def taking_back(company: Company, request: DatabaseRollbackRequest, *, key: str) -> Release:
    """Return the release that takes the migrations of another one back; raises BadRequest if there is none."""
    original, names = find_migrated(company, request)
    servers = servers_now(original, company)
    if came_since := [name for name in servers if name not in original.servers]:
        raise BadRequest(
            f"release: {listed(came_since)} came after {original.key} and keeps nothing of it, so the version before"
            " cannot be put back there; take it out at the balancer and out of the settings, then start this again"
        )
    asked = original.request.model_copy(
        update={
            "requested_by": request.requested_by,
            "summary": f"Take back {listed(names)} of {short(original.commit)}",
        }
    )
    return original.model_copy(
        update={
            "key": key,
            "way": Way.HOMEWARD,
            "request": asked,
            "servers": servers,
            "opened_at": utc_now(),
            "undoes": original.key,
            "takes_back": names,
        }
    )


def find_migrated(company: Company, request: DatabaseRollbackRequest) -> tuple[Release, tuple[str, ...]]:
    """Return the newest release of which a migration stands in the database, or the one asked for, and their names."""
    applied = read_applied(DATABASE.required(company), schema=PRISMA.required(company).database_schema)
    for key, rows in _list_asked(company, request.release):
        if environment_of(rows) != request.environment:
            continue
        names = [name for name in _migrated_by(rows) if progress_of(name, applied) is Progress.APPLIED]
        if not names:
            continue
        if newer := _applied_after(names, applied):
            raise BadRequest(f"release: {listed(newer)} was applied after {listed(names)}; that has to go back first")
        return read_release(company, key)[0], tuple(sorted(names))
    if request.release:
        raise BadRequest(
            f"release: {request.release} brought no migration to {request.environment} that stands in the database;"
            " there is nothing to take back"
        )
    raise BadRequest(
        "release: none of the records brought a migration that stands in the database; there is nothing to take back"
    )


def _list_asked(company: Company, named: str) -> Iterable[tuple[str, tuple[Row, ...]]]:
    """Return the record that was named; where none was, every record, newest first."""
    return [(named, read_release(company, named)[1])] if named else list_newest_first(company)


def _migrated_by(rows: Sequence[Row]) -> tuple[str, ...]:
    meant = [row for row in rows if row.item == MIGRATION_ITEM and row.event is Event.INTENDED]
    return tuple(name for row in meant for name in str(row.facts.get("migrations", "")).split(", ") if name)


def _applied_after(names: Sequence[str], applied: Sequence[Applied]) -> list[str]:
    standing = [row for row in applied if row.progress is Progress.APPLIED]
    first = min(row.started_at for row in standing if row.name in names)
    return sorted(row.name for row in standing if row.started_at > first and row.name not in names)


def show_database_way_back(company: Company, request: DatabaseRollbackRequest) -> None:
    """mode: plan. Leave a page with what 4.3.1 says now, every statement, and the commands by hand."""
    release = taking_back(company, request, key=release_key())
    record = Record(company.store, release.undoes, holder=0, spool=company.spool)
    record.rows()
    run = Run(release=release, company=company, record=record, number=0)
    judgement = answer(database_may_go_back, run)
    report = Report(entries=((ITEMS["4.3.1"], judgement),), way=release.way)
    well = judgement.verdict.lets_pass
    try:
        page = evidence_of(run, report, both=not well and only_the_checklist_is_silent(run))
        page += "" if well else f"\n\n{say_safer(readings_of(run)).capitalize()}."
    except BlockError as error:
        page = f"{judgement.sentence}\n\nWhat would be done could not be read: {error}"
    create_markdown_artifact(
        key="database-way-back", markdown=f"{page}\n", description=f"{judgement.verdict}: {judgement.sentence}"[:200]
    )
