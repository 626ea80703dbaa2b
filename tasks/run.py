"""One release under way: its frozen facts, its company, its record, and who looks out meanwhile."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Lock
from typing import Protocol, TypeVar, cast
from zoneinfo import ZoneInfo

from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext

from blocks.company import Company
from blocks.fleet.server import Server
from blocks.record import Record
from policy.judgement import Judgement
from policy.limits import Limits
from policy.observed import Observed
from policy.prepared import Kept
from policy.record import Event, last
from policy.red_flags import Conclusion, Flag
from policy.release import Build, Release

Fact = TypeVar("Fact")
LOOK_SECONDS = 0.2
SOONEST, LATEST = 0.05, 5.0
NOTHING_WATCHED = Conclusion(Flag.UNKNOWN, "nothing was watched", "3.2.1")


class Lookout(Protocol):
    """Whoever looks at the world while others act."""

    def check(self) -> None:
        """Return while nothing speaks against going on; raise what does."""


class Silent:
    """The lookout on the way home: nothing may stop it."""

    def check(self) -> None:
        """Return."""


class Once:
    """Facts that several items need: the first that asks fetches them, the others wait for it.

    What could not be fetched is not kept, so whoever asks next tries again.
    """

    def __init__(self) -> None:
        self._facts: dict[str, object] = {}
        self._locks: dict[str, Lock] = {}
        self._making = Lock()

    def fetch(self, name: str, ask: Callable[[], Fact]) -> Fact:
        """Return the fact of this name, asked for at most once."""
        with self._making:
            lock = self._locks.setdefault(name, Lock())
        with lock:
            if name not in self._facts:
                self._facts[name] = ask()
            return cast("Fact", self._facts[name])


@dataclass
class Run:
    """A release that holds its environment under `number`."""

    release: Release
    company: Company
    record: Record
    number: int
    lookout: Lookout = field(default_factory=Silent)
    build: Build | None = None
    verdicts: dict[str, Judgement] = field(default_factory=dict)
    watched: Conclusion = NOTHING_WATCHED
    once: Once = field(default_factory=Once)
    kept: dict[str, Kept] = field(default_factory=dict)
    leaving: Lock = field(default_factory=Lock, repr=False)
    observed: Observed | None = None

    def pause(self, seconds: float = LOOK_SECONDS) -> None:
        """Let a moment pass between two looks; raises what the lookout raises."""
        self.lookout.check()
        time.sleep(seconds)

    @property
    def limits(self) -> Limits:
        """The limits that were in force when the release was opened."""
        return self.release.limits

    @property
    def link(self) -> str:
        """Where the page of this run is in Prefect's UI."""
        return link_of_run(self.company)

    @property
    def servers(self) -> tuple[Server, ...]:
        """The servers of this release, in the order of the roll-out."""
        return tuple(self.company.fleet.find(name) for name in self.release.servers)

    @property
    def built(self) -> Build:
        """What 2.1.1 built; asking before it was built is a fault of ours."""
        if self.build is None:
            raise LookupError("2.1.1 has not recorded a build yet")
        return self.build

    @property
    def digests_before(self) -> Mapping[str, str]:
        """The digest each server had before, as 1.4.5 recorded it."""
        row = last(self.record.seen, Event.WAY_BACK)
        return dict(row.facts["digests"]) if row else {}

    @property
    def live_since(self) -> datetime:
        """When the last server began to serve the new version; now, while it does not yet."""
        row = last(self.record.seen, Event.LIVE)
        return row.at if row else utc_now()

    @property
    def today(self) -> date:
        """The day it is now in the company's zone, by which people hold a role."""
        return day_in(self.company.rules.time_zone)


def current_run() -> FlowRun | None:
    """Return the flow run that calls this, as Prefect had it when it began; None outside of one."""
    context = FlowRunContext.get()
    return context.flow_run if context else None


def link_of_run(company: Company) -> str:
    """Where the page of the current run is in Prefect's UI."""
    run, ui = current_run(), f"{company.rules.prefect_ui}/v2"
    return f"{ui}/runs/flow-run/{run.id}" if run else ui


def pause_after(waited: float) -> float:
    """Return how many seconds to let pass until the next look: what was waited for is seen five per cent late at most.

    A server that boots in a second is asked often, and a pipeline of ten minutes takes no rate limit away.
    """
    return min(max(waited / 20, SOONEST), LATEST)


def day_in(zone: str) -> date:
    """Return the day it is now in this zone."""
    return utc_now().astimezone(ZoneInfo(zone)).date()


def utc_now() -> datetime:
    """Return the time, with its zone."""
    return datetime.now(UTC)
