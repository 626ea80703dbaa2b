"""How long nobody was served while the database was rolled back, by the rows of its record (4.3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy.clock import exact_clock
from policy.judgement import spoken
from policy.record import Event, Row
from policy.way_home_database import DATABASE_ITEM, EMPTIED, STOPPED


@dataclass(frozen=True, slots=True)
class Outage:
    """From the moment the last server was taken out until the first one served again; `ended` is None meanwhile."""

    began: datetime
    ended: datetime | None

    @property
    def lasted(self) -> timedelta | None:
        """How long; None while it lasts."""
        return None if self.ended is None else self.ended - self.began


def find_outage(rows: Sequence[Row], servers: Sequence[str]) -> Outage | None:
    """Return when nobody served; None if some server was never taken out of service.

    Where there is a balancer a server serves until it is out of rotation; else until it is stopped.
    """
    balanced = any(row.item == DATABASE_ITEM and row.step == EMPTIED for row in rows)
    leaving, serving = (EMPTIED, "back in rotation") if balanced else (STOPPED, "healthy")
    left = {
        row.subject: row.at
        for row in reversed(rows)
        if row.event is Event.INTENDED and row.item == DATABASE_ITEM and row.step == leaving
    }
    if not servers or not set(servers) <= set(left):
        return None
    began = max(left[name] for name in servers)
    back = (row.at for row in rows if row.event is Event.CONFIRMED and row.step == serving and row.at > began)
    return Outage(began, next(back, None))


def say_outage(outage: Outage | None, *, zone: str) -> str:
    """Say how long nobody served."""
    if outage is None:
        return "at every moment some server served"
    began = exact_clock(outage.began, zone)
    if outage.lasted is None or outage.ended is None:
        return f"nobody has served since {began}"
    return f"nobody served for {spoken(outage.lasted)}, from {began} to {exact_clock(outage.ended, zone)}"
