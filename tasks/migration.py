"""6: database migrations. Read, tried on staging, backed up, carried out, and looked at afterwards."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from time import monotonic

from pydantic import TypeAdapter

from blocks.backup_store import BackupStore
from blocks.errors import Absent, Refused
from blocks.postgres import Postgres
from blocks.postgres_tables import STATISTICS_LATE, answers, count_inserted, count_rows, list_invalid_indexes
from policy.combined import combine
from policy.health import judge_every_server
from policy.items import Way
from policy.judgement import Judgement, failed, not_applicable, passed, unknown
from policy.migrations import Safety
from policy.migrations.alone import judge_order_alone
from policy.migrations.duration import judge_duration
from policy.migrations.history import judge_applied, judge_history, judge_unchanged
from policy.migrations.judging import NONE, judge_safety, worst_of_release
from policy.migrations.order import judge_order
from policy.migrations.row_counts import Counted, judge_row_counts, list_unexplained
from policy.wording import listed
from tasks.backfill import say_backfills
from tasks.backup import take_backup, take_proved_backup
from tasks.item import item
from tasks.migration_facts import applied_rows, name_of, new_readings, project_of, texts_by_name
from tasks.migration_time import expected_time
from tasks.migration_trial import judge_way_back
from tasks.old_code import meeting_of, old_code_proved
from tasks.run import Run
from tasks.systems import BACKUPS, DATABASE, PRISMA


@item("6.1.1")
def tried_on_staging(run: Run) -> Judgement:
    """Every migration of the release has finished in the database of staging, with the text that it has now."""
    if not run.release.migrations:
        return not_applicable(NONE)
    staging = run.company.staging
    if staging is None or staging.database is None:
        return unknown("there is no [staging_database] in the settings, so nothing shows that they were tried")
    rows, texts = applied_rows(run, staging.database), texts_by_name(project_of(run))
    wanted = {name: texts[name] for name in _names(run) if name in texts}
    applied = judge_applied(rows, _names(run), zone=run.company.rules.time_zone)
    return combine((applied, *judge_unchanged(rows, wanted)))


@item("6.1.2")
def reversibility_known(run: Run) -> Judgement:
    """It is known how each migration is taken back, and was tried; what cannot be is the CTO's decision."""
    return judge_way_back(run)


@item("6.1.3")
def duration_estimated(run: Run) -> Judgement:
    """By its time on staging and the rows of both, production takes less than the limit, or it is off-hours."""
    if not run.release.migrations:
        return not_applicable(NONE)
    staging = run.company.staging
    if staging is None or staging.database is None:
        return unknown("there is no [staging_database] in the settings, so nothing was timed")
    estimate = expected_time(run)
    return judge_duration(
        estimate,
        limit=run.limits.migration,
        risk=run.release.risk,
        maintenance=run.company.statuspage is not None,
    )


@item("6.2.1")
def safety_class(run: Run) -> Judgement:
    """Every statement was read, none fails on the data of today, and the risk of the release is the class's."""
    return combine((judge_safety(new_readings(run), risk=run.release.risk), *say_backfills(run)))


@item("6.3.1")
def code_before_migration(run: Run) -> Judgement:
    """What is added comes first, the old version was seen to live with it, and what is taken away comes last."""
    if not run.release.migrations:
        return not_applicable(NONE)
    rows, texts = applied_rows(run, DATABASE.required(run.company)), texts_by_name(project_of(run))
    history = judge_history(rows, texts, zone=run.company.rules.time_zone)
    meeting = meeting_of(run)
    proved = (old_code_proved(run, meeting),) if meeting else ()
    order = judge_order_alone if run.release.way is Way.MIGRATION else judge_order
    return combine((order(new_readings(run)), history, *proved))


@item("6.1.4", needs=BACKUPS)
def backup_before_migration(run: Run, _backups: BackupStore) -> Judgement:
    """A dump of now was read back whole; before a dangerous migration a scratch database got every row back from it."""
    if worst_of_release(new_readings(run)) is not Safety.DANGEROUS:
        return take_backup(run.company)
    if run.company.scratch is None:
        left_out = "not restored into a scratch database, for there is no [scratch_database]"
        return combine((take_backup(run.company), passed(left_out)))
    return take_proved_backup(run.company)


@item("6.3.3")
def application_connects(run: Run) -> Judgement:
    """Every server is healthy and says that its database is connected, whatever version it serves."""
    if not run.release.migrations:
        return not_applicable(NONE)
    return judge_every_server(
        [run.company.fleet.read_health(server) for server in run.servers], servers=run.release.servers, version=None
    )


@item("6.3.4", needs=DATABASE)
def key_queries_work(run: Run, database: Postgres) -> Judgement:
    """Every query of the settings answers, and no index was left half built."""
    if not run.release.migrations:
        return not_applicable(NONE)
    parts = [_try_query(database, name, query) for name, query in database.key_queries.items()]
    if invalid := list_invalid_indexes(database):
        parts.append(failed(f"left half built: {listed(invalid)}; drop it and build it again"))
    return combine(parts) if parts else not_applicable("not configured: no [database.key_queries] in the settings")


@item("6.3.5", needs=DATABASE)
def no_missing_data(run: Run, database: Postgres) -> Judgement:
    """No table lost a row since before the migration, by the primary."""
    if not run.release.migrations:
        return not_applicable(NONE)
    if not _known_tables(run):
        return passed("no table that was there before is touched")
    before = _counts_before(run)
    dropped = frozenset(
        one.removesuffix(" dropped").removesuffix(" renamed") for reading in new_readings(run) for one in reading.breaks
    )
    counted = count_rows(database, [table for table in before if table not in dropped], schema=_schema(run))
    after = with_late_statistics(database, before, counted, pause=run.pause, schema=_schema(run))
    return judge_row_counts(before, after, from_primary=database.is_primary(), dropped=dropped)


def with_late_statistics(
    database: Postgres,
    before: Mapping[str, Counted],
    after: Mapping[str, Counted],
    *,
    pause: Callable[[], None],
    schema: str,
) -> Mapping[str, Counted]:
    """Return the rows as they were counted, with the insertions that explain them as soon as PostgreSQL tells them."""
    until = monotonic() + STATISTICS_LATE.total_seconds()
    while (late := list_unexplained(before, after)) and monotonic() < until:
        pause()
        inserted = count_inserted(database, late, schema=schema)
        after = {**after, **{table: replace(after[table], inserted=inserted[table]) for table in late}}
    return after


def keep_row_counts(run: Run) -> None:
    """The store has how many rows each table had before the first migration; a retry keeps the first."""
    tables = _known_tables(run)
    if not tables or _counts_before(run):
        return
    counts = count_rows(DATABASE.required(run.company), tables, schema=_schema(run))
    body = json.dumps({table: asdict(found) for table, found in counts.items()}).encode()
    run.company.store.create(_counts_key(run), body)


def _schema(run: Run) -> str:
    return PRISMA.required(run.company).database_schema


def _known_tables(run: Run) -> tuple[str, ...]:
    """The tables that were there before and that a migration of the release touches."""
    return tuple(sorted({table for reading in new_readings(run) for table in reading.known_tables}))


def _counts_before(run: Run) -> Mapping[str, Counted]:
    try:
        found = run.company.store.read(_counts_key(run))
    except Absent:
        return {}
    return TypeAdapter(dict[str, Counted]).validate_json(found.body)


def _counts_key(run: Run) -> str:
    return f"counts/{run.release.key}.json"


def _try_query(database: Postgres, name: str, query: str) -> Judgement:
    try:
        answers(database, query)
    except Refused as error:
        return failed(f"{name}: {error}")
    return passed(f"{name} answers")


def _names(run: Run) -> tuple[str, ...]:
    return tuple(sorted(name_of(path) for path in run.release.migrations))
