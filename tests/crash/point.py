"""Where a release is killed: at each row of its record, before it is stored, after it, and in the middle of its act."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from policy.record import Event, Row
from tests.wire import Proxy

_ROW = re.compile(rb"PUT /[^/]+/records/[^/]+/(\d+)\.json")
# Steps whose act is a command on a host, behind its fence, and the one whose act is Prisma's.
_ON_HOSTS = re.compile(r"drained|updated|in rotation|put back|taken out|kept|pulled|source fetched|image built")
_ON_DATABASE = re.compile(r"6\.3\.2 database applied")


class Moment(StrEnum):
    """When, within a row."""

    BEFORE = "before it is stored"
    AFTER = "after it is stored"
    ACTING = "in its act"
    POWER_LOSS = "after it is stored, with the worker"


class Route(StrEnum):
    """Who finishes what the dead process began."""

    RECOVERY = "recovery"
    RETRY = "retry"
    NEXT_WORKER = "the next worker"


@dataclass(frozen=True, slots=True)
class Point:
    """One place to die at, and who finishes."""

    number: int
    moment: Moment
    route: Route
    row: str

    @property
    def on_database(self) -> bool:
        """Whether the act is a migration."""
        return bool(_ON_DATABASE.search(self.row))

    @property
    def name(self) -> str:
        """The point, for a table."""
        return f"row {self.number} ({self.row}), {self.moment}, {self.route}"


def points_of(rows: Sequence[Row]) -> tuple[Point, ...]:
    """Every point of a release that left these rows; both routes finish each row, one at each moment."""
    return tuple(_points(rows))


def _points(rows: Sequence[Row]) -> Iterator[Point]:
    for row in rows:
        even = row.number % 2 == 0
        first, second = (Route.RECOVERY, Route.RETRY) if even else (Route.RETRY, Route.RECOVERY)
        yield Point(row.number, Moment.BEFORE, first, describe(row))
        yield Point(row.number, Moment.AFTER, second, describe(row))
        acts = _ON_HOSTS.search(row.step) or _ON_DATABASE.search(describe(row))
        if row.event is Event.INTENDED and acts:
            yield Point(row.number, Moment.ACTING, first, describe(row))


def describe(row: Row) -> str:
    """Say what a row is about."""
    return " ".join(word for word in (row.event.value, row.item, row.subject, row.step) if word)


class KillingProxy(Proxy):
    """The way to the store on which a process dies at a chosen row."""

    def __init__(self, port: int) -> None:
        self._number = 0
        self._moment = Moment.BEFORE
        self._kill: Callable[[], None] = lambda: None
        super().__init__(port, request=self._before, answer=self._after)

    def arm(self, point: Point, kill: Callable[[], None]) -> None:
        """Call `kill` at this point, once; in the middle of an act it only makes ready to."""
        self._moment, self._kill = point.moment, kill
        self._number = point.number

    def disarm(self) -> None:
        """Let everything through."""
        self._number = 0

    def _before(self, request: bytes) -> bool:
        return not (self._moment is Moment.BEFORE and self._strikes(request))

    def _after(self, asked: bytes, _answer: bytes) -> bool:
        if self._moment is Moment.BEFORE or not self._strikes(asked):
            return True
        return self._moment is Moment.ACTING

    def _strikes(self, request: bytes) -> bool:
        found = _ROW.match(request)
        if found is None or int(found[1]) != self._number:
            return False
        self._number = 0
        self._kill()
        return True
