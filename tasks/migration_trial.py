"""6.1.2: the way back of each migration is tried on a scratch database that has production's schema and no row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from blocks.errors import BlockError, Refused
from blocks.postgres_tables import read_applied
from blocks.scratch_host import Scratch
from policy.judgement import Judgement
from policy.migrations import MigrationReading
from policy.migrations.history import Progress, progress_of
from policy.migrations.reach import say_what_reaches_out
from policy.migrations.schema_text import find_difference, read_schema
from policy.migrations.trial import Down, Outcome, Source, Trial, judge_tried
from tasks.migration_facts import new_readings, project_of, read_downs, texts_by_name
from tasks.run import Run
from tasks.scratch import scratch_database
from tasks.systems import DATABASE, PRISMA

_APPLIED = "it is applied already"
_AFTER = "one before it did not come back"
_UNTRIED = "one before it was not tried"


def judge_way_back(run: Run) -> Judgement:
    """6.1.2: it is known how each migration is taken back, and where there is a scratch database it was tried."""
    readings = new_readings(run)
    downs = read_downs(run) if readings else {}
    trials = try_all(run, downs) if readings and run.company.scratch is not None else None
    return judge_tried(readings, downs, trials, risk=run.release.risk)


def try_all(run: Run, downs: Mapping[str, Down]) -> tuple[Trial, ...]:
    """Return what came of each migration, in order, on production's schema of now."""
    production, prisma = DATABASE.required(run.company), PRISMA.required(run.company)
    rows = read_applied(production, schema=prisma.database_schema)
    waiting = [one for one in new_readings(run) if progress_of(one.name, rows) is not Progress.APPLIED]
    applied = [Trial(one.name, Outcome.NOT_TRIED, _APPLIED) for one in new_readings(run) if one not in waiting]
    if not waiting:
        return tuple(applied)
    ups = {name: text.decode("utf-8", "replace") for name, text in texts_by_name(project_of(run)).items()}
    with scratch_database(run.company) as scratch:
        with production.start_schema_dump() as dump:
            scratch.restore(iter(lambda: dump.read(65_536), b""))
        ground = _Ground(scratch, prisma.database_schema, lambda name: _write_way_back(run, name, scratch))
        return (*applied, *_try_in_order(ground, waiting, ups, downs))


def _write_way_back(run: Run, name: str, scratch: Scratch) -> str:
    """Return what Prisma itself would do to take the migration back."""
    prisma = PRISMA.required(run.company)
    return prisma.write_way_back(name, project_of(run), scratch.database, patience=run.limits.migration_patience)


@dataclass(frozen=True, slots=True)
class _Ground:
    """The scratch database with production's schema, on which everything is tried."""

    scratch: Scratch
    schema: str
    write_way_back: Callable[[str], str]

    def run(self, text: str) -> None:
        self.scratch.run(text, schema=self.schema)

    def look(self) -> tuple[str, ...]:
        return read_schema(self.scratch.database.read_schema())


def _try_in_order(
    ground: _Ground, readings: Sequence[MigrationReading], ups: Mapping[str, str], downs: Mapping[str, Down]
) -> Iterator[Trial]:
    for number, reading in enumerate(readings):
        rest = [one.name for one in readings[number + 1 :]]
        if out := _reaches_out(ups[reading.name], downs.get(reading.name)):
            yield Trial(reading.name, Outcome.NOT_TRIED, f"it reaches beyond its database: {out}")
            yield from (Trial(name, Outcome.NOT_TRIED, _UNTRIED) for name in rest)
            return
        trial = _try_one(ground, reading.name, ups[reading.name], downs.get(reading.name))
        yield trial
        if trial.outcome not in (Outcome.CAME_BACK, Outcome.NOT_TRIED):
            yield from (Trial(name, Outcome.NOT_TRIED, _AFTER) for name in rest)
            return


def _reaches_out(up: str, down: Down | None) -> str:
    """Say what of a migration, or of its way back, would change more than the scratch database, before people agreed.

    What Prisma offers is written from tables alone.
    """
    return say_what_reaches_out(up) or (say_what_reaches_out(down.sql) if down else "")


def _try_one(ground: _Ground, name: str, up: str, down: Down | None) -> Trial:
    """The migration is applied in the end, so that the next one finds what it builds on."""
    before = ground.look()
    try:
        ground.run(up)
    except Refused as error:
        return Trial(name, Outcome.UP_FAILED, str(error))
    if down is not None:
        return _try_down(ground, name, up, down.sql, before)
    try:
        offered = ground.write_way_back(name)
    except BlockError as error:
        return Trial(name, Outcome.NOT_TRIED, f"nothing takes it back; {error}")
    tried = _try_down(ground, name, up, offered, before)
    if tried.outcome is Outcome.DOWN_FAILED:
        return Trial(name, Outcome.NOT_TRIED, f"nothing takes it back; {Source.DIFF} does not run: {tried.words}")
    return replace(tried, offered=offered)


def _try_down(ground: _Ground, name: str, up: str, down: str, before: tuple[str, ...]) -> Trial:
    try:
        ground.run(down)
    except Refused as error:
        return Trial(name, Outcome.DOWN_FAILED, str(error))
    if difference := find_difference(before, ground.look()):
        return Trial(name, Outcome.DIFFERS, difference)
    try:
        ground.run(up)
    except Refused as error:
        return Trial(name, Outcome.AGAIN_FAILED, str(error))
    return Trial(name, Outcome.CAME_BACK)
