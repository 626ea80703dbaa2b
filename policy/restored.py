"""Is a backup proved to restore: what came out of it, held against what was there (6.1.4, 1.4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy.combined import combine
from policy.judgement import Judgement, failed, passed, spoken, unknown
from policy.wording import counted


@dataclass(frozen=True, slots=True)
class Proof:
    """A backup that was restored whole: which, when, how long it took, and what came out."""

    key: str
    at: datetime
    took: timedelta
    tables: int
    rows: int


def judge_compared(
    counted_before: Mapping[str, int], restored: Mapping[str, int], *, host: str, took: timedelta
) -> Judgement:
    """Pass when the dump gave back every table with as many rows as production had in the dump's own snapshot.

    Both sides see one moment, so no write explains a difference.
    """
    if not counted_before:
        return unknown("no table was counted in the database that was dumped")
    parts = []
    for table, rows in sorted(counted_before.items()):
        back = restored.get(table)
        if back is None:
            parts.append(failed(f"{table} had {counted(rows, 'row')} and did not come back"))
        elif back != rows:
            parts.append(failed(f"{table} had {counted(rows, 'row')} and came back with {back:,}"))
    more = sorted(set(restored) - set(counted_before))
    parts += [failed(f"{table} came back and was never there") for table in more]
    whole = f"restored on {host} in {spoken(took)}: {_said(restored)}, each as in production at that moment"
    return combine(parts or [passed(whole)])


def judge_rehearsal(key: str, restored: Mapping[str, int], *, took: timedelta) -> Judgement:
    """Pass when the backup restored without an error and holds tables with rows."""
    if not restored:
        return failed(f"{key} restored without an error, but holds no table")
    if not any(restored.values()):
        return failed(f"{key} restored without an error, but none of {counted(len(restored), 'table')} holds a row")
    return passed(f"{key} restored in {spoken(took)}: {_said(restored)}")


def judge_encryption(asked: str | None, found: str | None, *, key: str) -> Judgement:
    """Pass unless the settings ask for encryption at rest and the storage does not confirm that very kind."""
    if asked is None:
        return passed(f"encrypted at rest ({found})" if found else "no encryption at rest is asked for")
    if found != asked:
        says = f"says {found}" if found else "confirms none"
        return unknown(f"{key}: [backups] asks for encryption at rest by {asked}, and the storage {says}")
    return passed(f"encrypted at rest ({found})")


def say_proved(proof: Proof | None, *, now: datetime) -> str:
    """Say when a backup was last restored, for whoever trusts the newest one (1.4.3)."""
    if proof is None:
        return "never proved to restore"
    return f"last proved to restore {_ago(now - proof.at)}, {spoken(proof.took)}"


def _said(rows: Mapping[str, int]) -> str:
    return f"{counted(len(rows), 'table')}, {counted(sum(rows.values()), 'row')}"


def _ago(age: timedelta) -> str:
    """Say an age as people do, in its largest unit: `3 days ago`."""
    seconds = max(age, timedelta(0)).total_seconds()
    for noun, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            return f"{counted(int(seconds // size), noun)} ago"
    return "just now"
