"""What the way to production waits for most, and which item stops it most often (9.1: identify bottlenecks).

Each moment from the opening of a release until it is live belongs to the item whose row in the record ended it: of
what was done at once only the last counts, and the moments add up to the whole. A reminder ends nothing: what was
asked again is waited for until it is answered.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from policy.checklist import ITEMS
from policy.items import Way
from policy.judgement import Verdict, spoken
from policy.metrics import Ending, ReleaseFact
from policy.own_checks import item_of
from policy.record import Event, Row
from policy.reminders import is_reminder
from policy.wording import counted

BEFORE_THE_REQUEST = "somebody to start the release"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long releases waited for one item altogether, of how long they took."""

    name: str
    time: timedelta
    of: timedelta
    keys: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Say it with its share."""
        share = self.time / self.of if self.of else 0.0
        of = counted(len(self.keys), "release")
        return f"{spoken(self.time)} in {of}, {share:.0%} of the way from merge to live"


@dataclass(frozen=True, slots=True)
class Stopping:
    """How many releases one item did not let pass at first, of how many."""

    name: str
    of: int
    keys: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Say it with its share."""
        share = len(self.keys) / self.of
        return f"failed or unknown in {len(self.keys)} of {counted(self.of, 'release')}, {share:.0%}"


def read_waits(rows: Sequence[Row], *, merged_at: datetime | None) -> dict[str, timedelta]:
    """Return how long this release waited for what, until it was live or, where it never was, until its end."""
    waits: dict[str, timedelta] = defaultdict(timedelta)
    told = [row for row in rows if not is_reminder(row)]
    live = next((place for place, row in enumerate(told) if row.event is Event.LIVE), len(told) - 1)
    for before, after in pairwise(told[: live + 1]):
        if item_of(after) is not None and after.at > before.at:
            waits[after.item] += after.at - before.at
    if rows and merged_at is not None and rows[0].at > merged_at:
        waits[BEFORE_THE_REQUEST] = rows[0].at - merged_at
    return dict(waits)


def read_not_passed(rows: Iterable[Row], way: Way) -> frozenset[str]:
    """Return the items that failed or were unknown at least once and could stop this way."""
    return frozenset(
        row.item
        for row in rows
        if row.event is Event.JUDGED
        and not Verdict(str(row.facts.get("verdict", Verdict.UNKNOWN))).lets_pass
        and (item := item_of(row)) is not None
        and item.stops(way)
    )


def list_waits(releases: Sequence[ReleaseFact]) -> tuple[Waiting, ...]:
    """Return what those that were signed off waited for on their way to production, the longest first."""
    releases = [release for release in releases if release.outcome == Ending.SIGNED_OFF]
    total = sum((time for release in releases for time in release.waits.values()), timedelta(0))
    by_item: dict[str, timedelta] = defaultdict(timedelta)
    keys: dict[str, list[str]] = defaultdict(list)
    for release in releases:
        for item, time in release.waits.items():
            by_item[item] += time
            keys[item].append(release.key)
    longest = sorted(by_item.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Waiting(_name(item), time, total, tuple(keys[item])) for item, time in longest)


def list_stops(releases: Sequence[ReleaseFact]) -> tuple[Stopping, ...]:
    """Return what did not pass, the most often first."""
    often = Counter(item for release in releases for item in release.not_passed)
    return tuple(
        Stopping(_name(item), len(releases), tuple(one.key for one in releases if item in one.not_passed))
        for item, _ in sorted(often.items(), key=lambda pair: (-pair[1], pair[0]))
    )


def _name(item: str) -> str:
    return ITEMS[item].name if item in ITEMS else item
