"""Since when users may have met the new version of a release, by the rows of its record (4.2.4)."""

from collections.abc import Sequence
from datetime import datetime

from policy.record import Event, Row
from policy.way_home import FORWARD_ITEMS

DRAINED, UPDATED, IN_ROTATION = "drained", "updated", "in rotation"


def first_served(rows: Sequence[Row]) -> datetime | None:
    """Return when the first server began to serve the new version; None if the rows name no such moment.

    Where there is a balancer, that is when the server was to get requests again; else when it was updated.
    """
    forward = [row for row in rows if row.item in FORWARD_ITEMS and row.event in (Event.INTENDED, Event.CONFIRMED)]
    serves = IN_ROTATION if any(row.step in (DRAINED, IN_ROTATION) for row in forward) else UPDATED
    return next((row.at for row in forward if row.step == serves), None)
