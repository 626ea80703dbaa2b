"""4.3: may the database be rolled back, and the steps of it. The application stands still meanwhile."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from blocks.company import Company
from blocks.errors import BlockError, Refused, Unreachable
from blocks.fleet import ServerState as Running
from blocks.postgres import Postgres
from blocks.postgres_tables import is_migrating, read_applied, read_clock
from blocks.postgres_way_back import NoLockInTime, count_written, take_back
from policy.combined import combine
from policy.judgement import Judgement, Verdict, passed, spoken, unknown
from policy.migrations import MigrationReading
from policy.migrations.added import Addition, list_additions
from policy.migrations.history import Applied, Progress, progress_of
from policy.migrations.reached_back import judge_reached_back
from policy.migrations.schema_text import judge_same_schema
from policy.migrations.trial import judge_written
from policy.migrations.way_back import Written, is_only_silent, judge_database_rollback
from policy.plans import Migrating, ServerState
from policy.record import Event, last
from policy.way_home_database import TAKEN_BACK, judge_ready
from policy.wording import listed
from tasks.item import item
from tasks.migration_facts import new_readings, project_of, read_downs, texts_by_name
from tasks.run import Run, pause_after
from tasks.schema import read_kept_schema
from tasks.step import Seen, Step
from tasks.systems import DATABASE, PRISMA


@dataclass(frozen=True, slots=True)
class Found:
    """What 4.3.1 looked at: when the first of the migrations was applied, the database's time, and what was written."""

    applied_at: datetime | None
    now: datetime
    written: Written


@item("4.3.1")
def database_may_go_back(run: Run) -> Judgement:
    """The migrations only added, less than 15 minutes ago, nothing was written to it, and every server can go back."""
    found = look_for_data(run, DATABASE.required(run.company))
    rule = judge_database_rollback(readings_of(run), found.written, applied_at=found.applied_at, now=found.now)
    return combine((rule, *_what_else(run)))


def only_the_checklist_is_silent(run: Run) -> bool:
    """Whether all that 4.3.1 failed for is that it is between 15 and 60 minutes: the two leads may waive it."""
    if not combine(_what_else(run)).verdict.lets_pass or not all(one.down for one in readings_of(run)):
        return False
    found = look_for_data(run, DATABASE.required(run.company))
    now = judge_database_rollback(readings_of(run), found.written, applied_at=found.applied_at, now=found.now)
    return now.verdict is Verdict.FAILED and is_only_silent(
        readings_of(run), found.written, applied_at=found.applied_at, now=found.now
    )


def look_for_data(run: Run, database: Postgres) -> Found:
    """Look, by counts only, whether anybody wrote to what would be dropped, and read the database's clock."""
    names = run.release.takes_back
    rows = [row for row in _rows(run, database) if row.name in names and row.progress is Progress.APPLIED]
    finished = [row.finished_at for row in rows if row.finished_at is not None]
    return Found(
        applied_at=min(finished) if len(finished) == len(names) else None,
        now=read_clock(database),
        written=Written(count_written(database, additions_of(run))),
    )


def readings_of(run: Run) -> tuple[MigrationReading, ...]:
    """Return what the migrations that are to be taken back did, in the order in which they were applied."""
    return tuple(one for one in new_readings(run) if one.name in run.release.takes_back)


def additions_of(run: Run) -> tuple[Addition, ...]:
    """Return the tables and columns that the migrations added."""
    texts = texts_by_name(project_of(run))
    return list_additions(texts[name].decode("utf-8", "replace") for name in run.release.takes_back if name in texts)


def down_of(run: Run) -> tuple[str, ...]:
    """Return the SQL that takes the migrations back, as 6.1.2 tried it, the newest migration first."""
    downs = read_downs(run)
    return tuple(downs[one.name].sql.strip() for one in reversed(readings_of(run)) if one.name in downs)


def read_taking_back(run: Run) -> Migrating:
    """Return what the database says of the migrations that this roll-back takes back."""
    database = run.company.database
    if database is None or run.company.prisma is None:
        return Migrating.UNKNOWN
    try:
        # In this order: what ends between the two questions is then seen as it ended.
        if is_migrating(database):
            return Migrating.RUNNING
        rows = _rows(run, database)
    except BlockError:
        return Migrating.UNKNOWN
    standing = [progress_of(name, rows) for name in run.release.takes_back]
    if all(one is Progress.ROLLED_BACK for one in standing):
        return Migrating.DONE
    return Migrating.NOTHING if all(one is Progress.APPLIED for one in standing) else Migrating.FAILED


def taken_back(run: Run) -> Step:
    """Prisma's own table says that every migration is rolled back; what did it was one transaction."""
    names, statements = run.release.takes_back, down_of(run)
    tried: list[str] = []

    def look(company: Company) -> Seen:
        database = DATABASE.required(company)
        at_it = is_migrating(database)
        rows = _rows(run, database)
        waiting = [name for name in names if progress_of(name, rows) is not Progress.ROLLED_BACK]
        if waiting and tried and not at_it:
            raise Refused(f"{tried[-1]}; {listed(waiting)} is still applied, and nothing was changed")
        return Seen(not waiting, f"still applied: {listed(waiting)}" if waiting else f"rolled back: {listed(names)}")

    def act(company: Company, _number: int) -> None:
        try:
            _take_back(run, statements, DATABASE.required(company))
        except Unreachable as error:
            tried.append(str(error))
            raise

    return Step(
        number="4.3.2",
        subject="database",
        name=TAKEN_BACK,
        look=look,
        act=act,
        does="\n".join(statements),
        undo="prisma migrate deploy, with the release that brings them again",
        within=run.limits.migration_patience,
        facts={"migrations": ", ".join(names)},
    )


def _take_back(run: Run, statements: Sequence[str], database: Postgres) -> None:
    """Try until the locks are to be had, for as long as a server may take to boot: all the while nobody is served."""
    began = time.monotonic()
    while True:
        try:
            take_back(
                database,
                statements,
                run.release.takes_back,
                schema=PRISMA.required(run.company).database_schema,
                additions=additions_of(run),
                lock_timeout=run.limits.lock_timeout,
                statement_timeout=run.limits.migration,
                still_wanted=run.lookout.check,
            )
        except NoLockInTime as error:
            if time.monotonic() - began > run.limits.boot.total_seconds():
                raise Refused(f"{error}; tried for {spoken(run.limits.boot)}") from error
            run.lookout.check()
            time.sleep(pause_after(time.monotonic() - began))
        else:
            return


def schema_as_before(run: Run) -> Step:
    """The schema is, line by line, what it was before the release's first migration."""

    def look(company: Company) -> Seen:
        kept = read_kept_schema(run, run.release.kept_under)
        if kept is None:
            raise Refused("the schema of before the migration is not in the store, so nothing was compared")
        judgement = judge_same_schema(kept, DATABASE.required(company).read_schema())
        if not judgement.verdict.lets_pass:
            raise Refused(judgement.sentence)
        return Seen(done=True, sentence=judgement.sentence)

    return Step(
        number="4.3.2",
        subject="database",
        name="schema as before",
        look=look,
        act=lambda _company, _number: None,
        does="pg_dump --schema-only, compared with the one that was kept",
        undo="nothing to undo: it was only read",
        within=run.limits.boot,
    )


def _what_else(run: Run) -> tuple[Judgement, ...]:
    """What 4.3.1 asks besides the checklist's rule: that the SQL may run, and that servers and schema are ready."""
    downs = {name: down for name, down in read_downs(run).items() if name in run.release.takes_back}
    return (
        *judge_written(downs),
        *judge_reached_back(downs, additions_of(run)),
        *_judge_place(run),
        _judge_servers(run),
        _judge_kept_schema(run),
    )


def _judge_place(run: Run) -> Iterator[Judgement]:
    """A name without a schema is looked for in `public`: elsewhere another table of that name would be counted."""
    schema = PRISMA.required(run.company).database_schema
    if schema != "public":
        yield unknown(f"whether anything was written in the schema {schema} is not counted; only `public` is")


def _judge_servers(run: Run) -> Judgement:
    row, built = last(run.record.seen, Event.WAY_BACK), last(run.record.seen, Event.BUILT)
    known = {*run.digests_before.values(), *([built.facts["digest"]] if built else [])}
    if row is None:
        return unknown("the release to undo recorded no way back")
    states, kept = [], set()
    for server in run.servers:
        try:
            state = run.company.fleet.read_state(server)
            if run.company.fleet.read_kept(server, run.release.kept_under) is not None:
                kept.add(server.name)
        except Unreachable:
            states.append(_as_seen(server.name, None))
            continue
        states.append(_as_seen(server.name, state))
    return judge_ready(states, known=known, kept=kept)


def _as_seen(name: str, state: Running | None) -> ServerState:
    return ServerState(
        name=name,
        reachable=state is not None,
        digest=state.image_digest if state else None,
        health=Verdict.UNKNOWN,
        in_rotation=None,
        held=state is not None and state.held,
    )


def _judge_kept_schema(run: Run) -> Judgement:
    if read_kept_schema(run, run.release.kept_under) is None:
        return unknown(
            "the schema of before the migration is not in the store, so nothing could be compared afterwards"
        )
    return passed("the schema of before is kept")


def _rows(run: Run, database: Postgres) -> tuple[Applied, ...]:
    return read_applied(database, schema=PRISMA.required(run.company).database_schema)
