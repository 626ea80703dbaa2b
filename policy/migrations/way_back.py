"""May the database be rolled back (4.3.1): the clause that decides, by the database's clock and by looking for data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy.combined import combine
from policy.judgement import Judgement, failed, passed, spoken, unknown
from policy.migrations.closing import list_taken_away
from policy.migrations.findings import Finding, Stage
from policy.migrations.reading import MigrationReading
from policy.wording import counted, listed

JUST_APPLIED = timedelta(minutes=15)
TOO_LATE = timedelta(hours=1)
SILENT = "the checklist is silent between 15 and 60 minutes"


@dataclass(frozen=True, slots=True)
class Written:
    """Data in what would be dropped: for each table or column by name, rows that hold some; None if not counted."""

    rows: Mapping[str, int | None]


def judge_database_rollback(
    readings: Sequence[MigrationReading], written: Written, *, applied_at: datetime | None, now: datetime
) -> Judgement:
    """Pass when the migrations only added, less than 15 minutes ago, and nothing was written to what they added.

    `now` is the database's own time, as `applied_at` is; later than one hour the answer is no whatever else holds.
    """
    if not readings:
        return failed("this release applied no migration; there is no schema to roll back")
    if lasting := [f"{one.name}: {listed(one.irreversible)}" for one in readings if one.irreversible]:
        return failed(f"cannot be taken back ({'; '.join(lasting)})")
    if more := _list_more(readings):
        return failed(f"does more than add ({listed(more)})")
    if applied_at is None:
        return unknown("when the migration was applied is not known")
    age = now - applied_at
    names = listed(one.name for one in readings)
    well = f"{names} only added, was applied {spoken(age)} ago (limit 15 min), and nothing was written to it"
    parts = [*_judge_age(age), *_judge_written(written)]
    return combine(parts or [passed(well)])


def is_only_silent(
    readings: Sequence[MigrationReading], written: Written, *, applied_at: datetime | None, now: datetime
) -> bool:
    """Whether nothing speaks against it but that the checklist is silent: then the CTO and the DevOps lead may waive.

    Asked of what `judge_database_rollback` failed.
    """
    if applied_at is None or any(one.irreversible for one in readings) or _list_more(readings):
        return False
    return JUST_APPLIED <= now - applied_at <= TOO_LATE and not any(_judge_written(written))


def say_safer(readings: Sequence[MigrationReading]) -> str:
    """Say what is safer than a roll-back of the database that the rule refuses."""
    if any(list_taken_away(one) for one in readings):
        return "safer: leave schema and version as they are, and fix forward with the deployment `hotfix`"
    return (
        "safer: put back the image alone with the deployment `rollback`, for the version before lives on with what was"
        " added"
    )


def _list_more(readings: Sequence[MigrationReading]) -> list[str]:
    return [f"{one.name}: {finding.reason}" for one in readings for finding in one.findings if _does_more(finding)]


def _does_more(finding: Finding) -> bool:
    return finding.stage in (Stage.CONTRACT, Stage.BACKFILL)


def _judge_age(age: timedelta) -> Iterator[Judgement]:
    if age < timedelta(0):
        yield unknown(f"the migration claims to be applied in {spoken(age)}: the database's clock was changed")
    elif age > TOO_LATE:
        yield failed(f"applied {spoken(age)} ago (limit 1 h), so data may be inconsistent")
    elif age >= JUST_APPLIED:
        yield failed(f"applied {spoken(age)} ago: {SILENT}; the CTO and the DevOps lead may waive it together")


def _judge_written(written: Written) -> Iterator[Judgement]:
    if uncounted := sorted(name for name, rows in written.rows.items() if rows is None):
        yield unknown(f"whether anything was written to {listed(uncounted)} could not be counted")
    if full := {name: rows for name, rows in written.rows.items() if rows}:
        said = listed(f"{counted(rows, 'row')} of {name}" for name, rows in sorted(full.items()))
        yield failed(f"data was written by new code: {said}")
