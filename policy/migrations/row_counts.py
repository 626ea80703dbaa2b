"""Is any row missing after a migration (6.3.5)."""

from collections.abc import Mapping
from dataclasses import dataclass

from policy.combined import combine
from policy.judgement import Judgement, failed, passed, unknown
from policy.wording import counted


@dataclass(frozen=True, slots=True)
class Counted:
    """A table at one moment: its rows, and how many were ever inserted by the database's own statistics."""

    rows: int
    inserted: int


def list_unexplained(before: Mapping[str, Counted], after: Mapping[str, Counted]) -> tuple[str, ...]:
    """Return the tables that grew by more than was inserted; statistics that were reset since do not tell."""
    return tuple(
        table
        for table, was in before.items()
        if (now := after.get(table)) is not None
        and now.inserted >= was.inserted
        and now.rows - was.rows > now.inserted - was.inserted
    )


def judge_row_counts(
    before: Mapping[str, Counted], after: Mapping[str, Counted], *, from_primary: bool, dropped: frozenset[str]
) -> Judgement:
    """Pass when no table lost a row, and none grew by more than was inserted; `dropped` are gone on purpose."""
    if not from_primary:
        return unknown("the database that answered is no primary; its rows may be hours behind")
    expected = {table: counts for table, counts in before.items() if table not in dropped}
    if not expected:
        return unknown("no table was counted before the migration")
    parts: list[Judgement] = []
    unexplained = list_unexplained(expected, after)
    for table, was in sorted(expected.items()):
        now = after.get(table)
        if now is None:
            parts.append(failed(f"{table} had {counted(was.rows, 'row')} and is gone"))
        elif now.rows < was.rows:
            left = f"{now.rows:,}: {counted(was.rows - now.rows, 'row')} missing"
            parts.append(failed(f"{table} had {counted(was.rows, 'row')} and has {left}"))
        elif table in unexplained:
            grew = f"{table} grew by {counted(now.rows - was.rows, 'row')}"
            parts.append(failed(f"{grew}, but {now.inserted - was.inserted:,} were inserted"))
    grown = sum(after[table].rows - was.rows for table, was in expected.items() if table in after)
    return combine(parts or [passed(f"none missing in {counted(len(expected), 'table')}; {grown:,} rows more")])
