"""How moments in a row are shown to people: a clock, and the day where it begins."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo


def show_times(moments: Iterable[datetime], zone: str) -> Iterator[str]:
    """Show each moment as the clock of `zone` did, the first of each day with its date."""
    day = None
    for moment in moments:
        at = moment.astimezone(ZoneInfo(zone))
        yield f"{at:%H:%M:%S}" if at.date() == day else f"{at:%a %d %b %Y, %H:%M:%S}"
        day = at.date()
