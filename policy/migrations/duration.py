"""How long a migration will take in production, by its time on staging and the rows of both (6.1.3)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from policy.judgement import Judgement, failed, passed, spoken, unknown
from policy.limits import Risk
from policy.migrations.history import Applied, Progress


@dataclass(frozen=True, slots=True)
class Estimate:
    """The expected time in production, and the arithmetic behind it."""

    takes: timedelta
    sentence: str


def time_on_staging(rows: Sequence[Applied], names: Collection[str]) -> timedelta | None:
    """Return how long these migrations took there, one after the other; None where one of them has not finished.

    Of one that was applied again the newest time counts.
    """
    took = {row.name: row.took for row in rows if row.name in names and row.progress is Progress.APPLIED}
    times = [one for one in took.values() if one is not None]
    return sum(times, timedelta(0)) if len(times) == len(names) else None


def estimate_duration(
    on_staging: timedelta, *, staging_rows: Mapping[str, int], production_rows: Mapping[str, int]
) -> Estimate | None:
    """Scale the time on staging by the table that is most times larger in production; None where one is not known."""
    factor, largest = 1.0, ""
    for table, rows in production_rows.items():
        there = staging_rows.get(table)
        if there is None or (there == 0 and rows):
            return None
        ratio = rows / there if there else 1.0
        if ratio > factor:
            factor, largest = ratio, table
    takes = on_staging * factor
    sentence = f"{spoken(on_staging)} on staging"
    if largest:
        compared = f"{production_rows[largest]:,} rows of {largest} against {staging_rows[largest]:,}"
        sentence += f" x {factor:.1f} ({compared}) = {spoken(takes)}"
    return Estimate(takes, sentence)


def judge_duration(estimate: Estimate | None, *, limit: timedelta, risk: Risk, maintenance: bool) -> Judgement:
    """Pass below the limit, or off-hours with a maintenance announced: low risk alone is released in business hours."""
    if estimate is None:
        return unknown("how long it takes in production is not known: staging has not timed it on comparable data")
    said = f"{estimate.sentence} (limit {spoken(limit)})"
    if estimate.takes <= limit:
        return passed(said)
    if risk is Risk.LOW:
        return failed(f"{said}; over it, off-hours are needed: raise the risk to medium")
    if not maintenance:
        return failed(f"{said}; over it, a maintenance has to be announced, and there is no [statuspage]")
    return passed(f"{said}; off-hours, with a maintenance announced")
