"""6.3.2: Prisma carries the migrations out. It waits for a lock briefly, and nobody waits behind it for longer."""

import time
from collections.abc import Sequence

from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.errors import BlockError, Refused
from blocks.postgres import Postgres
from blocks.postgres_sessions import WaitWatch, list_holders
from blocks.postgres_tables import is_migrating
from policy.judgement import spoken
from policy.migrations import MigrationReading
from policy.migrations.closing import list_taken_away
from policy.migrations.history import Progress, judge_applied, progress_of
from policy.migrations.trying_again import list_to_try_again, lock_timeout_for, say_left_behind
from policy.migrations.waiting import find_in_the_way, pause_after_time_out
from policy.plans import Migrating
from policy.record import Event
from policy.troubleshooting import advice_for
from policy.wording import listed
from tasks.migration_facts import applied_rows, name_of, new_readings, project_of
from tasks.run import Run, pause_after
from tasks.step import Seen, Step
from tasks.systems import DATABASE, PRISMA

APPLIED = "applied"
LOG_SECONDS = 10.0


def migrated(run: Run, names: Sequence[str]) -> Step:
    """6.3.2: Prisma's own table says that these migrations have finished."""
    database, watch = DATABASE.required(run.company), WaitWatch()

    def look(company: Company) -> Seen:
        database = DATABASE.required(company)
        # In this order: what ends between the two questions is then seen as it ended.
        at_it = is_migrating(database)
        rows = applied_rows(run, database)
        standing = {name: progress_of(name, rows) for name in names}
        waiting = [name for name, progress in standing.items() if progress is not Progress.APPLIED]
        if Progress.HALF_DONE in standing.values() and not at_it:
            left = say_left_behind(rows, new_readings(run))
            found = judge_applied(rows, names, zone=company.rules.time_zone)
            said = (found.sentence, *((left,) if left else ()), advice_for("10.4"))
            raise Refused(". ".join(said))
        if waiting:
            return Seen(done=False, sentence=f"not applied yet: {listed(waiting)}")
        seen = f"; {watch.waits.sentence}" if watch.has_looked else ""
        return Seen(done=True, sentence=f"applied: {listed(names)}{seen}")

    def act(_company: Company, _number: int) -> None:
        with watch.watching(database):
            _deploy(run, names)

    return Step(
        number="6.3.2",
        subject="database",
        name=APPLIED,
        look=look,
        act=act,
        does=f"prisma migrate deploy, in {database.name}: {listed(names)}",
        undo=_say_undo(new_readings(run), names),
        within=run.limits.migration_patience,
        facts={"migrations": ", ".join(names), "takes_away": _say_taken_away(new_readings(run), names)},
    )


def read_migrating(run: Run) -> Migrating:
    """Return what the database says of the migrations that this release meant to apply last."""
    database = run.company.database
    begun = [row for row in run.record.seen if row.item == "6.3.2" and row.event is Event.INTENDED]
    if not begun or database is None or run.company.prisma is None:
        return Migrating.UNKNOWN
    names = str(begun[-1].facts.get("migrations", "")).split(", ")
    try:
        if is_migrating(database):
            return Migrating.RUNNING
        rows = applied_rows(run, database)
    except BlockError:
        return Migrating.UNKNOWN
    standing = [progress_of(name, rows) for name in names]
    if Progress.HALF_DONE in standing:
        return Migrating.FAILED
    return Migrating.DONE if all(one is Progress.APPLIED for one in standing) else Migrating.NOTHING


def _deploy(run: Run, names: Sequence[str]) -> None:
    """Apply them, again after each lock time-out; whatever else goes wrong, looking tells."""
    prisma, database, limits = PRISMA.required(run.company), DATABASE.required(run.company), run.limits
    new = {name_of(path) for path in run.release.migrations}
    files = {path: text for path, text in project_of(run).items() if name_of(path) in names or name_of(path) not in new}
    deadline = time.monotonic() + limits.migration_patience.total_seconds()
    attempt = 0
    while True:
        _wait_for_the_way_to_be_clear(run, database, names, deadline)
        prisma.deploy(
            files,
            database,
            lock_timeout=lock_timeout_for(
                [one for one in new_readings(run) if one.name in names],
                usual=limits.lock_timeout,
                patience=limits.migration_patience,
            ),
            statement_timeout=limits.migration_patience,
            patience=limits.migration_patience,
        )
        stopped = _stopped_by_a_lock(run, database, names)
        if not stopped:
            return
        for name in stopped:
            prisma.resolve_rolled_back(name, files, database, patience=limits.migration_patience)
        attempt += 1
        pause = pause_after_time_out(attempt, lock_timeout=limits.lock_timeout)
        if _stopped_by_a_lock(run, database, names) or time.monotonic() + pause.total_seconds() > deadline:
            return
        get_run_logger().warning(
            "6.3.2: %s did not have its lock within %s; the application goes on for %s, then it is tried again",
            listed(stopped), spoken(limits.lock_timeout), spoken(pause),
        )  # fmt: skip
        run.pause(pause.total_seconds())


def _wait_for_the_way_to_be_clear(run: Run, database: Postgres, names: Sequence[str], deadline: float) -> None:
    """Return when no session keeps for long what the migrations need; nobody waits behind us meanwhile.

    Raises Refused with who is in the way, and nothing was begun, when the patience is over.
    """
    locks = [lock for reading in new_readings(run) if reading.name in names for lock in reading.locks]
    tables, schema = sorted({lock.table for lock in locks}), PRISMA.required(run.company).database_schema
    began, said = time.monotonic(), 0.0
    while in_the_way := find_in_the_way(
        list_holders(database, tables, schema=schema), locks, longer_than=run.limits.lock_timeout
    ):  # fmt: skip
        who = listed(holder.sentence for holder in in_the_way)
        now = time.monotonic()
        if now > deadline:
            raise Refused(f"{listed(names)} was not begun: {who}. End that session, or try again when it has ended")
        if now - said > LOG_SECONDS:
            get_run_logger().info("6.3.2 waits, and nobody behind it: %s", who)
            said = now
        run.pause(pause_after(now - began))


def _stopped_by_a_lock(run: Run, database: Postgres, names: Sequence[str]) -> list[str]:
    return [name for name in list_to_try_again(applied_rows(run, database), new_readings(run)) if name in names]


def _say_taken_away(readings: Sequence[MigrationReading], names: Sequence[str]) -> str:
    return ", ".join(what for one in readings if one.name in names for what in list_taken_away(one))


def _say_undo(readings: Sequence[MigrationReading], names: Sequence[str]) -> str:
    found = [one for one in readings if one.name in names]
    if lasting := [f"{one.name}: {listed(one.irreversible)}" for one in found if one.irreversible]:
        return f"nothing: {'; '.join(lasting)}"
    return "; ".join(statement for one in reversed(found) for statement in one.down)
