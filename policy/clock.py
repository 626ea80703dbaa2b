"""How moments are shown to people: always by the clock of the company's zone, never by that of a machine."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo


def clock(moment: datetime, zone: str) -> str:
    """Say a moment: `Tue 24 Nov, 10:00 PST`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %d %b, %H:%M %Z}"


def exact_clock(moment: datetime, zone: str) -> str:
    """Say a moment where seconds matter: `Tue 24 Nov, 10:00:05 PST`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %d %b, %H:%M:%S %Z}"


def time_of_day(moment: datetime, zone: str) -> str:
    """Say a moment of these hours, whose day everybody knows: `10:00 PST`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M %Z}"


def time_and_day(moment: datetime, zone: str) -> str:
    """Say a moment that may be long ago, its time first: `10:00 PST on Tue 24 Nov`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M %Z on %a %d %b}"


def show_times(moments: Iterable[datetime], zone: str) -> Iterator[str]:
    """Show each moment as the clock of `zone` did, the first of each day with its date."""
    day = None
    for moment in moments:
        at = moment.astimezone(ZoneInfo(zone))
        yield f"{at:%H:%M:%S}" if at.date() == day else f"{at:%a %d %b %Y, %H:%M:%S}"
        day = at.date()
