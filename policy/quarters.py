"""Which quarter a report covers, and the quarters that its trend shows (9.2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

TREND_QUARTERS = 8
_LAST_FIRST_MONTH = 10
_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Covered:
    """The days of a period that the records cover; whatever counts them or names them asks here.

    `late` and `early` say whether they begin after the period does, and end before it.
    """

    since: datetime
    until: datetime
    late: bool
    early: bool

    @classmethod
    def of(cls, since: datetime, end: datetime, *, begins: datetime | None, now: datetime | None) -> "Covered":
        """Return what is covered of [since, end): from the day of the first record on, up to now; none without one."""
        until = end if now is None else min(end, now.astimezone(end.tzinfo))
        first = (
            until
            if begins is None
            else begins.astimezone(since.tzinfo).replace(hour=0, minute=0, second=0, microsecond=0)
        )
        return cls(max(since, first), until, late=first > since, early=until < end)

    @property
    def length(self) -> timedelta:
        """How long they are; zero where there are none."""
        return max(self.until - self.since, timedelta(0))

    @property
    def said(self) -> str:
        """Say which part of the period they are; nothing where they are the whole."""
        parts = [f"from {self.since:%d %b} on"] if self.late else []
        parts += [f"so far, to {self.until - timedelta(microseconds=1):%d %b}"] if self.early else []
        return ", ".join(parts)


def quarter_of(moment: datetime) -> tuple[datetime, datetime]:
    """Return the first moment of the quarter that holds `moment`, and the first moment after it, in its zone."""
    first_month = moment.month - (moment.month - 1) % _MONTHS
    since = moment.replace(month=first_month, day=1, hour=0, minute=0, second=0, microsecond=0)
    if first_month == _LAST_FIRST_MONTH:
        return since, since.replace(year=since.year + 1, month=1)
    return since, since.replace(month=first_month + _MONTHS)


def quarter_before(now: datetime) -> tuple[datetime, datetime]:
    """Return the first moment of the quarter before `now`, and the first moment after it, in `now`'s zone."""
    until, _ = quarter_of(now)
    if until.month == 1:
        return until.replace(year=until.year - 1, month=_LAST_FIRST_MONTH), until
    return until.replace(month=until.month - _MONTHS), until


def quarters_to(until: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """Return eight quarters, oldest first; the last one holds the last moment before `until`."""
    quarters = [quarter_of(until - timedelta(microseconds=1))]
    while len(quarters) < TREND_QUARTERS:
        quarters.append(quarter_before(quarters[-1][0]))
    return tuple(reversed(quarters))


def end_of_day(now: datetime) -> datetime:
    """Return the first moment of the day after, in the zone of `now`."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def say_quarter(since: datetime) -> str:
    """Name the quarter that begins then: `Q3 2026`."""
    return f"Q{(since.month - 1) // _MONTHS + 1} {since.year}"
