"""What Prisma's own table says: which migrations were applied, never finished, or were changed since (6.3.2)."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from policy.clock import time_and_day
from policy.combined import combine
from policy.judgement import Judgement, failed, passed, unknown
from policy.rows_left_out import leave_rows_out
from policy.wording import listed

_LOCK_TIMEOUT = "canceling statement due to lock timeout"


class Progress(StrEnum):
    """Where a migration stands in a database."""

    APPLIED = "applied"
    HALF_DONE = "begun and never finished"
    ROLLED_BACK = "rolled back"
    WAITING = "not applied"


@dataclass(frozen=True, slots=True)
class Applied:
    """One row of `_prisma_migrations`; a name may have several, of which the newest counts."""

    name: str
    checksum: str
    started_at: datetime
    finished_at: datetime | None
    rolled_back_at: datetime | None
    steps: int
    logs: str | None = None

    @property
    def took(self) -> timedelta | None:
        """How long it took; None for one that has not finished."""
        return None if self.finished_at is None else self.finished_at - self.started_at

    @property
    def progress(self) -> Progress:
        """Half done is what has neither an end nor a roll-back, whatever its count of steps and its logs say."""
        if self.rolled_back_at is not None:
            return Progress.ROLLED_BACK
        return Progress.HALF_DONE if self.finished_at is None else Progress.APPLIED


def is_lock_timeout(row: Applied) -> bool:
    """Whether it stopped because it could not have a lock in time; PostgreSQL then left nothing of it behind."""
    return row.progress is Progress.HALF_DONE and _LOCK_TIMEOUT in (row.logs or "")


def checksum_of(sql: bytes) -> str:
    """Return what Prisma keeps of a migration's text: SHA-256 in hexadecimal digits."""
    return hashlib.sha256(sql).hexdigest()


def is_text_of(sql: bytes, checksum: str) -> bool:
    """Whether the text is the one that was applied: Prisma, too, lets Git change its line ends.

    Its first versions wrote a byte below sixteen as one digit.
    """
    unix = sql.replace(b"\r\n", b"\n")
    known = [checksum_of(text) for text in (sql, unix, unix.replace(b"\n", b"\r\n"))]
    unpadded = ["".join(f"{int(one[at : at + 2], 16):x}" for at in range(0, len(one), 2)) for one in known]
    return checksum.lower() in (*known, *unpadded)


def progress_of(name: str, rows: Sequence[Applied]) -> Progress:
    """Return where the migration of that name stands; one that was applied once stays so."""
    standing = {row.progress for row in rows if row.name == name}
    for progress in (Progress.HALF_DONE, Progress.APPLIED, Progress.ROLLED_BACK):
        if progress in standing:
            return progress
    return Progress.WAITING


def judge_history(rows: Sequence[Applied], files: Mapping[str, bytes], *, zone: str) -> Judgement:
    """Pass when nothing keeps Prisma from applying the folder's migrations, by name with their text, in order."""
    parts = [failed(_say_half_done(row, zone)) for row in rows if row.progress is Progress.HALF_DONE]
    standing = [row for row in rows if row.progress is Progress.APPLIED]
    if missing := sorted({row.name for row in standing} - set(files)):
        parts.append(failed(f"applied, but not in the release's folder: {listed(missing)}; the folder has a gap"))
    parts += judge_unchanged(rows, files)
    newest = max((row.name for row in standing), default="")
    to_do = (Progress.WAITING, Progress.ROLLED_BACK)
    waiting = sorted(name for name in files if progress_of(name, rows) in to_do)
    tried = {row.name for row in rows}
    if late := [name for name in waiting if name < newest and name not in tried]:
        parts.append(failed(f"{listed(late)} would be applied after {newest}, though its name comes before"))
    count = len({row.name for row in standing})
    return combine(parts or [passed(f"{count} applied and unchanged; to apply: {listed(waiting) or 'none'}")])


def judge_unchanged(rows: Sequence[Applied], files: Mapping[str, bytes]) -> Iterator[Judgement]:
    """Fail what was applied with another text than its file has now."""
    standing = (row for row in rows if row.progress is Progress.APPLIED and row.name in files)
    changed = sorted({row.name for row in standing if not is_text_of(files[row.name], row.checksum)})
    if changed:
        yield failed(f"edited after it was applied: {listed(changed)}; write a new migration instead")


def judge_applied(rows: Sequence[Applied], wanted: Sequence[str], *, zone: str) -> Judgement:
    """Pass when every wanted migration has finished, and none is half done (6.1.1, 6.3.2)."""
    parts = [failed(_say_half_done(row, zone)) for row in rows if row.progress is Progress.HALF_DONE]
    standing = {name: progress_of(name, rows) for name in wanted}
    absent = [name for name, progress in standing.items() if progress in (Progress.WAITING, Progress.ROLLED_BACK)]
    if not rows and wanted:
        parts.append(unknown("the table _prisma_migrations is empty, so Prisma does not look after this database"))
    elif absent:
        parts.append(failed(f"not applied: {listed(absent)}"))
    return combine(parts or [passed(f"applied: {listed(wanted)}")])


def _say_half_done(row: Applied, zone: str) -> str:
    why = f" ({_first_line(row.logs)})" if row.logs and row.logs.strip() else ""
    began = time_and_day(row.started_at, zone)
    return f"{row.name} started {began} and never finished{why}; later migrations are blocked (P3009)"


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = next((line for line in lines if "ERROR" in line), next(iter(lines), ""))
    return leave_rows_out(found)[:200]
