"""Two made-up years of releases, the same at every call: what happened, in plain numbers, before anybody wrote it down.

Whoever checks a report of these years calculates from these numbers; `lab.written_records` writes them as records.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Los_Angeles")
FIRST_DAY, LAST_DAY = date(2024, 10, 1), date(2026, 9, 30)
MEASURED_FROM = datetime(2026, 1, 1, tzinfo=ZONE)
SIGNED_OFF, ROLLED_BACK, STOPPED, STUCK, STAYED = (
    "signed off",
    "rolled back",
    "stopped",
    "stuck",
    "stayed on the new version without a sign-off",
)
OPEN = "open"
_RISKS = ("low", "low", "low", "medium", "medium", "high")
_HOURS = {"low": 10, "medium": 18, "high": 6}
_ITEMS = ("1.1.2", "1.1.3", "1.1.4", "1.3.8", "1.4.3")


@dataclass(frozen=True)
class MadeUp:
    """One release: when what happened, and how many seconds its way to production took for which item.

    `found_after` says how many seconds after its process died another one found it; None where none died.
    """

    number: int
    began: datetime
    risk: str
    ends: str
    waits: dict[str, int]
    merged_before: int | None = 0
    first_commit_before: int | None = 86_400
    bad_after: int | None = None
    recovers_after: int | None = None
    found_after: int | None = None
    undone_after: int | None = None
    not_passed: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()
    excepted: str = ""
    own: bool = False
    environment: str = "production"
    errors: tuple[tuple[int, int, int], ...] = ()

    @property
    def key(self) -> str:
        """When it was begun, and a number, as the keys of records are."""
        return f"{self.began:%Y%m%d-%H%M%S}-{self.number:08x}"

    @property
    def touched(self) -> bool:
        """Whether it changed a server."""
        return self.ends != STOPPED

    @property
    def ready(self) -> datetime:
        """When its first server was about to be changed."""
        return self.began + timedelta(seconds=sum(self.waits.get(item, 0) for item in ("1.4.1", "2.1.1", "1.4.5")))

    @property
    def live_at(self) -> datetime | None:
        """When every server served it; None where it never came so far."""
        if self.ends not in (SIGNED_OFF, STAYED):
            return None
        return self.began + timedelta(seconds=sum(self.waits.values()))

    @property
    def bad_at(self) -> datetime | None:
        """When it first went bad: during the roll-out, or when somebody rolled it back afterwards."""
        if self.undone_after is not None and self.live_at is not None:
            return self.live_at + timedelta(seconds=self.undone_after)
        return None if self.bad_after is None else self.ready + timedelta(seconds=self.bad_after)

    @property
    def recovered_at(self) -> datetime | None:
        """When it was well again."""
        if self.bad_at is None or self.recovers_after is None:
            return None
        return self.bad_at + timedelta(seconds=self.recovers_after)


def make_two_years() -> tuple[MadeUp, ...]:
    """Return the releases, oldest first: of production, and a few of a rehearsal that must not count."""
    random = Random(20_260_930)
    found = [*_everyday(random), *_on_purpose()]
    return tuple(
        replace(one, number=number) for number, one in enumerate(sorted(found, key=lambda one: one.began), start=1)
    )


def _everyday(random: Random) -> Iterator[MadeUp]:
    """A slow first year and a faster second one; the last quarter fails more often."""
    monday = date(2024, 10, 7)
    while monday <= LAST_DAY - timedelta(days=7):
        second_year = monday >= date(2025, 10, 1)
        for _ in range(random.choice((1, 2, 2, 3) if second_year else (0, 0, 1, 1, 2))):
            yield _release(random, monday, bad_share=0.16 if monday >= date(2026, 7, 1) else 0.07)
        monday += timedelta(days=7)


def _release(random: Random, monday: date, *, bad_share: float) -> MadeUp:
    risk = random.choice(_RISKS)
    day = monday + timedelta(days=random.randrange(1, 4))
    began = datetime(day.year, day.month, day.day, _HOURS[risk], random.randrange(60), tzinfo=ZONE)
    waits = {
        "1.4.1": random.randrange(60, 500),
        "2.1.1": random.randrange(150, 900),
        "1.4.5": random.randrange(2, 9),
        "2.1.2": random.randrange(40, 90),
        "2.1.3": 600,
        "2.1.4": random.randrange(60, 2400) if risk == "high" else random.randrange(30, 900),
        "2.1.5": random.randrange(40, 90),
    }
    plain = MadeUp(
        number=0,
        began=began.astimezone(UTC),
        risk=risk,
        ends=SIGNED_OFF,
        waits=waits,
        merged_before=random.choice((0, 45, 310, 1_800, 5_400, None)),
        first_commit_before=random.randrange(20_000, 500_000),
        not_passed=tuple(random.sample(_ITEMS, random.choice((0, 0, 0, 1, 1, 2)))),
    )
    plain = replace(plain, waived=plain.not_passed[:1] if random.random() < 0.2 else (), own=random.random() < 0.03)
    drawn = random.random()
    if drawn < bad_share:
        return replace(
            plain, ends=ROLLED_BACK, bad_after=random.randrange(120, 600), recovers_after=random.randrange(90, 1_100)
        )
    if drawn < bad_share + 0.08:
        return replace(plain, ends=STOPPED, not_passed=plain.not_passed or ("1.4.3",), waived=())
    if drawn < bad_share + 0.10:
        return replace(plain, undone_after=random.randrange(4_000, 90_000), recovers_after=random.randrange(60, 700))
    return plain


def _on_purpose() -> Iterator[MadeUp]:
    """What a report gets wrong easily, once each."""
    calm = {"1.4.1": 120, "2.1.1": 300, "1.4.5": 4, "2.1.2": 60, "2.1.3": 600, "2.1.4": 240, "2.1.5": 60}

    def at(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
        return datetime(year, month, day, hour, minute, tzinfo=ZONE).astimezone(UTC)

    plain = MadeUp(0, at(2026, 5, 7, 10), "low", SIGNED_OFF, calm, merged_before=300)
    # The last hour of a quarter is the next one already in UTC, and the first hour of the next is not this one.
    yield replace(plain, began=at(2026, 6, 30, 22, 30))
    yield replace(plain, began=at(2026, 10, 1, 0, 5))
    # A later commit than the deployment, by a clock that was wrong.
    yield replace(plain, began=at(2026, 7, 14, 11), merged_before=-90_000)
    # Never recovered, never ended, ended without a sign-off.
    yield replace(plain, began=at(2026, 8, 5, 11), ends=STUCK, bad_after=200)
    yield replace(plain, began=at(2026, 9, 29, 11), ends=OPEN)
    yield replace(plain, began=at(2026, 7, 21, 11), ends=STAYED, bad_after=960)
    # Another environment, accepted findings, a red flag that would have come sooner, two scares.
    yield replace(plain, began=at(2026, 8, 12, 11), environment="rehearsal", ends=ROLLED_BACK, bad_after=300)
    yield replace(plain, began=at(2026, 8, 19, 11), excepted="GHSA-9 until 2026-12-01 (Omar Reyes: no patch yet)")
    yield replace(
        plain,
        began=at(2026, 3, 3, 10),
        ends=ROLLED_BACK,
        bad_after=420,
        recovers_after=240,
        errors=((150, 390, 24), (390, 9_999, 60)),
    )
    # A process that died: it was bad from then on, not from when that was found; one of them nobody brought home.
    died = replace(plain, ends=ROLLED_BACK, bad_after=130, recovers_after=1_500, found_after=660)
    yield replace(died, began=at(2026, 8, 26, 11))
    yield replace(died, began=at(2026, 9, 2, 11), bad_after=300, recovers_after=95, found_after=46)
    yield replace(died, began=at(2026, 9, 9, 11), ends=STUCK, recovers_after=None)
    for month, day in ((4, 8), (5, 13)):
        yield replace(plain, began=at(2026, month, day, 10), errors=((240, 330, 24),))
