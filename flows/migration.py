"""6: database migrations within a release. What is added before the first server, what is taken away after the last."""

from collections.abc import Sequence
from dataclasses import replace

from flows.old_code import try_old_code
from flows.phase import Report, phase, require, run_items
from policy.migrations.drawing import draw_migrations
from policy.migrations.order import plan_order
from tasks.backfill import backfilled, backfills_of
from tasks.migrating import migrated
from tasks.migration import (
    application_connects,
    backup_before_migration,
    code_before_migration,
    duration_estimated,
    keep_row_counts,
    key_queries_work,
    no_missing_data,
    reversibility_known,
    safety_class,
    tried_on_staging,
)
from tasks.migration_facts import new_readings, second_opinion
from tasks.run import Run
from tasks.schema import keep_schema, say_closing
from tasks.step import carry_out


@phase("6.1 Pre-migration preparation")
def migration_prepared(run: Run) -> Report:
    """Each migration was read, tried and timed; its class, its way back and its place in the order are known."""
    try_old_code(run)
    report = run_items(
        run, tried_on_staging, reversibility_known, duration_estimated, safety_class, code_before_migration
    )
    return replace(report, foot=f"{say_closing(run)}\n\n{draw_migrations(new_readings(run), second_opinion(run))}")


@phase("6.1.4 Backup before the migration")
def backed_up(run: Run) -> Report:
    """A dump of now was read back from where it is kept."""
    return run_items(run, backup_before_migration)


@phase("6.3 Post-migration verification")
def migration_verified(run: Run) -> Report:
    """The application connects, the queries that matter answer, and no row is missing."""
    return run_items(run, application_connects, key_queries_work, no_missing_data)


def migrate_before_the_first_server(run: Run) -> None:
    """6.3.2 for what is added: the version in production lives on with it."""
    if run.release.migrations:
        _migrate(run, plan_order(new_readings(run)).before)


def backfill_after_the_last_server(run: Run) -> None:
    """6.3.1: every server writes the new shape by now, so what was there before is filled, and nothing is missed."""
    backfills = backfills_of(run)
    if backfills and not run.release.migrations:
        require(run, backed_up(run))
    for backfill in backfills:
        carry_out(backfilled(run, backfill), run)


def migrate_after_the_last_server(run: Run) -> None:
    """6.3.2 for what is taken away: from here on the version before cannot come back."""
    if run.release.migrations:
        _migrate(run, plan_order(new_readings(run)).after)


def migrate(run: Run) -> None:
    """6.3.2 for a migration alone: no server is updated, so nothing has to wait for one."""
    order = plan_order(new_readings(run))
    _migrate(run, order.before)
    backfill_after_the_last_server(run)
    _migrate(run, order.after)


def _migrate(run: Run, names: Sequence[str]) -> None:
    if not names:
        return
    require(run, backed_up(run))
    keep_row_counts(run)
    keep_schema(run)
    carry_out(migrated(run, names), run)
    require(run, migration_verified(run))
