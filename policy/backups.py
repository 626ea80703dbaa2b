"""Is there a backup that one could go back to (1.4.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from statistics import median

from policy.judgement import Judgement, failed, passed, spoken, spoken_size, unknown

_DUMP_ENDINGS = (".dump", ".sql.gz", ".backup", ".pgdump")
_USUAL = 7
# A gzip of nothing has 20 bytes and a dump of a database without tables well under a thousand.
_EMPTY_BELOW_BYTES = 1000
# The clocks of the worker and of the store may differ by so much without anything being wrong.
_CLOCK_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Backup:
    """One object of the backup bucket."""

    key: str
    size_bytes: int
    finished_at: datetime


def is_dump(key: str) -> bool:
    """Whether the object is a database dump by its name; notes and checksums beside it are not."""
    return key.lower().endswith(_DUMP_ENDINGS)


def judge_newest_backup(backups: Sequence[Backup], *, now: datetime, max_age: timedelta, share: float) -> Judgement:
    """Fail unless the newest dump is younger than `max_age` and not much smaller than the seven before it."""
    dumps = sorted((backup for backup in backups if is_dump(backup.key)), key=attrgetter("finished_at"))
    if not dumps:
        return failed(f"no backup found: none of {len(backups)} objects ends in {', '.join(_DUMP_ENDINGS)}")
    newest = dumps[-1]
    age = now - newest.finished_at
    if age < -_CLOCK_SKEW:
        return unknown(f"{newest.key} claims to have finished in {spoken(age)}: a clock is wrong")
    if newest.size_bytes < 0:
        return unknown(f"{newest.key} has a size of {newest.size_bytes} bytes, which is no size")
    described = f"{newest.key}, {spoken_size(newest.size_bytes)}, {spoken(max(age, timedelta(0)))} old"
    described += f" (limit {_in_hours(max_age)})"
    if age >= max_age:
        return failed(f"the newest backup is too old: {described}")
    before = [backup.size_bytes for backup in dumps[:-1]][-_USUAL:]
    return _judge_size(newest, before, share=share, described=described)


def _judge_size(newest: Backup, before: Sequence[int], *, share: float, described: str) -> Judgement:
    small = f"Newest backup is {spoken_size(newest.size_bytes)}"
    if not before:
        if newest.size_bytes < _EMPTY_BELOW_BYTES:
            return failed(f"{small}, a dump has at least {_EMPTY_BELOW_BYTES}: {newest.key}")
        return passed(f"{described}, the first one: there is no usual size to compare with")
    usual = median(before)
    seven = f"the last {len(before)} were about {spoken_size(round(usual))}"
    if newest.size_bytes < max(_EMPTY_BELOW_BYTES, share * usual):
        return failed(f"{small}; {seven} (limit {share:.0%} of that): {newest.key}")
    return passed(described)


def _in_hours(duration: timedelta) -> str:
    """Say a limit of days in hours, as the checklist does."""
    hours = duration / timedelta(hours=1)
    return f"{hours:.0f} h" if hours >= 1 and hours == round(hours) else spoken(duration)


def judge_read_back(key: str, *, sent: tuple[int, str], found: tuple[int, str], tables: int) -> Judgement:
    """Pass when the dump that is read back is the one that was sent (bytes, SHA-256) and holds tables."""
    if found != sent:
        return failed(
            f"{key}: sent {spoken_size(sent[0])} with SHA-256 {sent[1][:12]},"
            f" read back {spoken_size(found[0])} with {found[1][:12]}"
        )
    if tables < 1:
        return failed(f"{key}: pg_restore can read it, but it holds no table")
    size, digest = found
    return passed(f"{key}: {spoken_size(size)}, SHA-256 {digest[:12]}, {tables} tables, read back whole")
