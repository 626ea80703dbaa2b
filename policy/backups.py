"""Is there a backup that one could go back to (1.4.3)."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from statistics import median

from policy.judgement import Judgement, failed, passed, spoken, spoken_size, unknown, worst_of
from policy.path_pattern import matches_any
from policy.wording import counted, listed

# How far back backups are read: the largest of these days is what the newest is held against.
LOOK_BACK = timedelta(days=8)
_PACKED = r"\.(?:gz|zst|xz|bz2|lz4|gpg|age|enc)"
_ENDING = re.compile(rf"\.(?:(?:dump|pgdump|backup)(?:{_PACKED})*|sql(?:{_PACKED})+)$", re.IGNORECASE)
_ENDINGS = ".dump, .pgdump, .backup or .sql.gz"
_WORD = re.compile(r"[^\W_]+")
# The folder of a day, in which nightly dumps lie, and when a dump of our own was begun.
_DAY = r"\d{4}/\d{2}/\d{2}/"
_BEGUN = re.compile(r"\d{8}-\d{6}\.dump")
_USUAL = 7
# A gzip of nothing has 20 bytes and a dump of a database without tables well under a thousand.
_EMPTY_BELOW_BYTES = 1000
# The clocks of the worker and of the store may differ by so much without anything being wrong.
_CLOCK_SKEW = timedelta(minutes=1)
# What lies there can be read only hours after somebody asked for it.
_ARCHIVES = frozenset(("GLACIER", "DEEP_ARCHIVE"))
# S3 takes 10,000 parts of an object; a dump may be a little larger than the database says that it is.
_PARTS, _SMALLEST_PART = 9_000, 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Backup:
    """One object of the backup bucket; `by_hand` lies beside the nightly ones, `kept_in` is S3's storage class."""

    key: str
    size_bytes: int
    finished_at: datetime
    by_hand: bool = False
    kept_in: str = "STANDARD"


def is_dump(key: str) -> bool:
    """Whether the object is a database dump by its name; notes and checksums beside it are not."""
    return _ENDING.search(key) is not None


def is_packed(key: str) -> bool:
    """Whether another program packed or encrypted the dump, by its name: pg_restore alone cannot read it then."""
    return re.search(rf"{_PACKED}$", key, re.IGNORECASE) is not None


def judge_newest_backup(
    backups: Sequence[Backup],
    *,
    now: datetime,
    max_age: timedelta,
    share: float,
    names: Collection[str] = (),
    ours: str = "",
) -> Judgement:
    """Fail unless production's newest dump is younger than `max_age` and not much smaller than those before it.

    One that has to be fetched from an archive first is none to go back to. `names` are patterns of the file names of
    production's backups, or of what follows the folder of the day. Without them the nightly dumps tell, as long as all
    of them have one name, folders included; a dump by hand counts where its file is named so too, or begins with `ours`
    as our own do.
    """
    own = [backup for backup in backups if _is_own(backup, ours)]
    series = _sort_by_name([backup for backup in backups if backup not in own], names)
    if not series and not own:
        wanted = f"is named like {listed(names)}" if names else f"ends in {_ENDINGS}"
        return failed(f"no backup found: none of {counted(len(backups), 'object')} {wanted}")
    judge = partial(_judge_dumps, now=now, max_age=max_age, share=share)
    judged = [judge([*own, *dumps]) for dumps in series] or [judge(own)]
    if len(judged) == 1 or not any(one.verdict.lets_pass for one in judged):
        return worst_of(judged)
    if own and (known := judge(own)).verdict.lets_pass:
        return known
    newest = (max(dumps, key=attrgetter("finished_at")).key for dumps in series)
    return unknown(
        f"backups of {len(series)} names lie there ({listed(newest, most=3)}), and which is production's is not known:"
        f" set names in [backups]{', with their folder, such as prod/*' if names else ''}"
    )


def list_newest(backups: Sequence[Backup], *, names: Collection[str] = (), ours: str = "") -> tuple[Backup, ...]:
    """Return production's newest dump, as `judge_newest_backup` finds it; several where nobody can tell which it is."""
    own = [backup for backup in backups if _is_own(backup, ours)]
    series = _sort_by_name([backup for backup in backups if backup not in own], names)
    newest = [max([*own, *dumps], key=attrgetter("finished_at", "key")) for dumps in series or ([own] if own else [])]
    return tuple(dict.fromkeys(newest))


def _is_own(backup: Backup, ours: str) -> bool:
    """Whether we took it, and not for another environment whose name begins like this one's."""
    file = _file_of(backup)
    return bool(ours) and backup.by_hand and file.startswith(ours) and bool(_BEGUN.fullmatch(file[len(ours) :]))


def _sort_by_name(backups: Sequence[Backup], names: Collection[str]) -> list[list[Backup]]:
    """Return each series of dumps that may be production's: what is named so, or else all of one name."""
    dumps = [backup for backup in backups if (_is_named(backup, names) if names else is_dump(backup.key))]
    nightly = [backup for backup in dumps if not backup.by_hand]
    series: dict[tuple[str, str], list[Backup]] = {}
    for backup in nightly or dumps:
        series.setdefault(_name_of(backup, names), []).append(backup)
    for backup in [backup for backup in dumps if nightly and backup.by_hand]:
        like_it = [name for name in series if name[1] == _name_of(backup, names)[1]]
        if len(like_it) == 1:
            series[like_it[0]].append(backup)
    return [series[name] for name in sorted(series)]


def _is_named(backup: Backup, names: Collection[str]) -> bool:
    """Whether a pattern fits: one with a slash what follows the folder of the day, any other the file's name."""
    return _is_placed(backup, names) or matches_any(_file_of(backup), names)


def _is_placed(backup: Backup, names: Collection[str]) -> bool:
    return matches_any(_below_day(backup), [name for name in names if "/" in name])


def _file_of(backup: Backup) -> str:
    return backup.key.rpartition("/")[2]


def _below_day(backup: Backup) -> str:
    return backup.key if backup.by_hand else re.sub(rf"^{_DAY}", "", backup.key)


def _name_of(backup: Backup, names: Collection[str]) -> tuple[str, str]:
    """Return what the dumps of one database have in common: the words of their folders and those of their files.

    Where `names` say which files are meant their words do not count, nor do those of folders that they name.
    """
    folder, _, file = _below_day(backup).rpartition("/")
    told = backup.by_hand or _is_placed(backup, names)
    return ("" if told else _words_of(folder)), ("" if names else _words_of(_ENDING.sub("", file)))


def _words_of(text: str) -> str:
    """Return the words without a digit, which dates have."""
    words = _WORD.findall(text.casefold())
    return "-".join(word for word in words if not any(map(str.isdigit, word)))


def _judge_dumps(found: Sequence[Backup], *, now: datetime, max_age: timedelta, share: float) -> Judgement:
    dumps = sorted(found, key=attrgetter("finished_at"))
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
    if newest.kept_in in _ARCHIVES:
        return failed(f"the newest backup lies in {newest.kept_in}, from where it takes hours to be read: {described}")
    before = [backup for backup in dumps[:-1] if now - backup.finished_at <= LOOK_BACK]
    return _judge_size(newest, before, share=share, described=described)


def _judge_size(newest: Backup, before: Sequence[Backup], *, share: float, described: str) -> Judgement:
    """Hold the newest against the usual one, and against the largest: what shrank for long has become usual."""
    small = f"Newest backup is {spoken_size(newest.size_bytes)}"
    if not before:
        if newest.size_bytes < _EMPTY_BELOW_BYTES:
            return failed(f"{small}, a dump has at least {_EMPTY_BELOW_BYTES}: {newest.key}")
        return passed(f"{described}, the first one: there is no usual size to compare with")
    last = before[-_USUAL:]
    usual = median(backup.size_bytes for backup in last)
    seven = f"the last {len(last)} were about {spoken_size(round(usual))}"
    if newest.size_bytes < max(_EMPTY_BELOW_BYTES, share * usual):
        return failed(f"{small}; {seven} (limit {share:.0%} of that): {newest.key}")
    largest = max(before, key=attrgetter("size_bytes", "finished_at"))
    if newest.size_bytes < share * largest.size_bytes:
        return failed(
            f"{small}; {seven}, but {largest.key} had {spoken_size(largest.size_bytes)} (limit {share:.0%} of that):"
            f" {newest.key}; if the database really shrank, look into a dump and ask for a waiver"
        )
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


def part_size(size_bytes: int) -> int:
    """Return in how large parts, in bytes, a stream of so many bytes is uploaded."""
    return max(_SMALLEST_PART, -(-size_bytes // _PARTS))
