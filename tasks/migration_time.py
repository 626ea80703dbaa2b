"""6.1.3: how long the migrations of a release will take, and whether people have to be told of it."""

from blocks.errors import BlockError
from blocks.postgres_tables import count_rows, read_applied
from policy.migrations.duration import Estimate, estimate_duration, time_on_staging
from tasks.migration_facts import name_of, new_readings
from tasks.run import Run
from tasks.systems import DATABASE, PRISMA, STAGING_DATABASE


def expected_time(run: Run) -> Estimate | None:
    """Return how long they take in production, by staging's time and the rows of both; None where that is not known."""
    staging, production = STAGING_DATABASE.required(run.company), DATABASE.required(run.company)
    names = {name_of(path) for path in run.release.migrations}
    schema = PRISMA.required(run.company).database_schema
    applied = read_applied(staging, schema=schema)
    took = time_on_staging(applied, names)
    if took is None:
        return None
    tables = sorted({lock.table for reading in new_readings(run) for lock in reading.locks})
    return estimate_duration(
        took,
        staging_rows={name: found.rows for name, found in count_rows(staging, tables, schema=schema).items()},
        production_rows={name: found.rows for name, found in count_rows(production, tables, schema=schema).items()},
    )


def long_migration(run: Run) -> Estimate | None:
    """Return how long the migrations take where that is over the limit, so that a maintenance has to be announced.

    Whatever is not known here, 6.1.3 says so, and it stops the release.
    """
    if not run.release.migrations or run.company.staging is None or run.company.staging.database is None:
        return None
    try:
        estimate = run.once.fetch("expected time", lambda: expected_time(run))
    except BlockError:
        return None
    return estimate if estimate is not None and estimate.takes > run.limits.migration else None
