"""Which queries became slow since the release began (3.2.2), by two snapshots of `pg_stat_statements`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy.judgement import Judgement, failed, passed, spoken, unknown
from policy.measurement import in_ms, measured
from policy.wording import counted, listed

_LITERAL = re.compile(r"'(?:[^']|'')*'?|\$(\w*)\$.*?(?:\$\1\$|\Z)|(?<![\w$])\d+(?:\.\d+)?", re.DOTALL)
_SHOWN_LETTERS = 80


@dataclass(frozen=True, slots=True)
class Statement:
    """One row: `calls` and `total_ms` (total_exec_time) since the statistics began; None is hidden from our user."""

    queryid: int | None
    query: str | None
    calls: int
    total_ms: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All rows at one moment; `reset_at` and `evicted` are `stats_reset` and `dealloc` of pg_stat_statements_info."""

    at: datetime
    reset_at: datetime | None
    evicted: int
    statements: Sequence[Statement]


@dataclass(frozen=True, slots=True)
class _Count:
    calls: float
    total_ms: float
    query: str


def judge_slow_queries(before: Snapshot | None, after: Snapshot, *, limit: timedelta, least_calls: int) -> Judgement:
    """Pass when no query takes more than `limit` on average over its calls since, that did not before."""
    if before is None:
        return unknown("no snapshot was taken before the release, so what was slow already is not known")
    if gap := _find_gap(before, after):
        return unknown(gap)
    old, new = _count_by_query(before.statements), _count_by_query(after.statements)
    if lost := [one for one in old if one not in new or new[one].calls < old[one].calls]:
        return unknown(f"the statistics of {_say_queries(len(lost))} were reset in the last {_since(before, after)}")
    since = {one: _subtract(count, old.get(one)) for one, count in new.items()}
    called = {one: count for one, count in since.items() if count.calls >= max(1, least_calls)}
    if not called:
        return unknown(f"no query ran {counted(max(1, least_calls), 'time')} in the last {_since(before, after)}")
    slow = {one: count for one, count in called.items() if count.total_ms / count.calls > in_ms(limit)}
    known = {one for one in slow if one in old and old[one].calls and old[one].total_ms / old[one].calls > in_ms(limit)}
    span = f"in {_since(before, after)} (limit {in_ms(limit):.0f} ms)"
    if fresh := {one: count for one, count in slow.items() if one not in known}:
        return failed(f"{_say_queries(len(fresh))} became slow {span}: {listed(_say_each(fresh, old), most=3)}")
    already = (
        f"; slow already before: {listed(_say_each({one: slow[one] for one in known}, old), most=3)}" if known else ""
    )
    return passed(f"none of {_say_queries(len(called))} became slow {span}{already}")


def _find_gap(before: Snapshot, after: Snapshot) -> str | None:
    """Say why the two snapshots cannot be compared; None when they can."""
    if after.at <= before.at:
        return "the snapshot after the release is not younger than the one before it"
    if before.reset_at != after.reset_at:
        since = _since(before, after)
        return f"pg_stat_statements was reset in the last {since}, so before and after cannot be compared"
    if after.evicted != before.evicted:
        return (
            f"pg_stat_statements threw queries away {counted(after.evicted - before.evicted, 'time')} in the last"
            f" {_since(before, after)}; raise pg_stat_statements.max"
        )
    for name, snapshot in (("before", before), ("after", after)):
        if not snapshot.statements:
            return f"the snapshot {name} the release holds no query: is pg_stat_statements on, may we read it?"
        if any(measured(one.calls) is None or measured(one.total_ms) is None for one in snapshot.statements):
            return f"the snapshot {name} the release holds numbers that are none"
        if hidden := sum(one.queryid is None for one in snapshot.statements):
            return (
                f"the snapshot {name} the release hides which query it means in {hidden} of"
                f" {counted(len(snapshot.statements), 'row')}; grant pg_monitor to the user of [database]"
            )
    return None


def _since(before: Snapshot, after: Snapshot) -> str:
    return spoken(after.at - before.at)


def _count_by_query(statements: Iterable[Statement]) -> dict[str, _Count]:
    """Add up the rows of one query, which has one for each user and database."""
    found: dict[str, _Count] = {}
    for one in statements:
        key = str(one.queryid)
        so_far = found.get(key, _Count(0, 0, one.query or ""))
        found[key] = _Count(so_far.calls + one.calls, so_far.total_ms + one.total_ms, so_far.query or one.query or "")
    return found


def _subtract(new: _Count, old: _Count | None) -> _Count:
    return new if old is None else _Count(new.calls - old.calls, new.total_ms - old.total_ms, new.query)


def _say_each(slow: Mapping[str, _Count], old: Mapping[str, _Count]) -> Iterator[str]:
    """Name the queries with their means, the slowest first."""
    for one, count in sorted(slow.items(), key=lambda item: -item[1].total_ms / item[1].calls):
        was = old.get(one)
        before = f"{was.total_ms / was.calls:.0f} ms before" if was is not None and was.calls else "new"
        mean = f"{count.total_ms / count.calls:.0f} ms over {counted(round(count.calls), 'call')}, {before}"
        yield f"{_say_query(count.query) or f'query {one}'} ({mean})"


def _say_queries(number: int) -> str:
    return "1 query" if number == 1 else f"{number:,} queries"


def _say_query(query: str) -> str:
    """Return the text without the values in it, which may be a patient's."""
    plain = " ".join(_LITERAL.sub("?", query).split())
    return plain if len(plain) <= _SHOWN_LETTERS else f"{plain[: _SHOWN_LETTERS - 1]}…"
