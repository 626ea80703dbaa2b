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
    for table, was in sorted(expected.items()):
        now = after.get(table)
        if now is None:
            parts.append(failed(f"{table} had {counted(was.rows, 'row')} and is gone"))
        elif now.rows < was.rows:
            left = f"{now.rows:,}: {counted(was.rows - now.rows, 'row')} missing"
            parts.append(failed(f"{table} had {counted(was.rows, 'row')} and has {left}"))
        elif now.inserted >= was.inserted and now.rows - was.rows > now.inserted - was.inserted:
            grew = f"{table} grew by {counted(now.rows - was.rows, 'row')}"
            parts.append(failed(f"{grew}, but {now.inserted - was.inserted:,} were inserted"))
    grown = sum(after[table].rows - was.rows for table, was in expected.items() if table in after)
    return combine(parts or [passed(f"none missing in {counted(len(expected), 'table')}; {grown:,} rows more")])
