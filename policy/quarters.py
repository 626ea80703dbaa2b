"""Which quarter a report covers, and the quarters that its trend shows (9.2)."""

from datetime import datetime, timedelta

TREND_QUARTERS = 8
_LAST_FIRST_MONTH = 10
_MONTHS = 3


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
