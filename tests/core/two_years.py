"""An independent calculation of what a report on the made-up two years must say: whole numbers, nothing of ours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from lab.two_years import OPEN, ROLLED_BACK, SIGNED_OFF, ZONE, MadeUp

QUARTERS = tuple(
    (f"Q{quarter} {year}", datetime(year, first, 1, tzinfo=ZONE), datetime(ends, after, 1, tzinfo=ZONE), days)
    for quarter, year, first, ends, after, days in (
        (4, 2024, 10, 2025, 1, 92),
        (1, 2025, 1, 2025, 4, 90),
        (2, 2025, 4, 2025, 7, 91),
        (3, 2025, 7, 2025, 10, 92),
        (4, 2025, 10, 2026, 1, 92),
        (1, 2026, 1, 2026, 4, 90),
        (2, 2026, 4, 2026, 7, 91),
        (3, 2026, 7, 2026, 10, 92),
    )
)


@dataclass(frozen=True)
class Expected:
    """What one period must show, as it is written."""

    deployments: int
    signed_off: int
    per_week: str
    lead: str
    lead_from_commit: str
    failed: int
    ended: int
    success: str
    back: int
    rollback: str
    recovery: str
    recovered: int
    still_open: int


def expect(years: Iterable[MadeUp], since: datetime, until: datetime, days: int) -> Expected:
    """Calculate one period from what happened."""
    ours = in_production(years, since, until)
    deployed = [one for one in ours if one.touched]
    ended = [one for one in deployed if one.ends != OPEN]
    good = [one for one in ended if one.ends == SIGNED_OFF]
    failed = [one for one in ended if one.ends != SIGNED_OFF or one.undone_after is not None]
    back = [one for one in ended if one.ends == ROLLED_BACK or one.undone_after is not None]
    bad = [one for one in deployed if one.bad_at is not None]
    well_again = [one.recovers_after for one in bad if one.recovers_after is not None]
    return Expected(
        deployments=len(deployed),
        signed_off=len(good),
        per_week=rounded(Fraction(len(good) * 7, days)),
        lead=middle([to_live(one) + (one.merged_before or 0) for one in good if usable(one)]),
        lead_from_commit=middle([to_live(one) + (one.first_commit_before or 0) for one in good]),
        failed=len(failed),
        ended=len(ended),
        success=percent(len(ended) - len(failed), len(ended)),
        back=len(back),
        rollback=percent(len(back), len(ended)),
        recovery=said(Fraction(sum(well_again), len(well_again))) if well_again else "n/a",
        recovered=len(well_again),
        still_open=len(bad) - len(well_again),
    )


def in_production(years: Iterable[MadeUp], since: datetime, until: datetime) -> list[MadeUp]:
    """The releases of production that began within."""
    return [one for one in years if one.environment == "production" and since <= one.began < until]


def to_live(one: MadeUp) -> int:
    """Seconds from the request to the last server."""
    return sum(one.waits.values())


def usable(one: MadeUp) -> bool:
    """Whether it was merged, and not after it was live."""
    return one.merged_before is not None and to_live(one) + one.merged_before >= 0


def middle(seconds: Sequence[int]) -> str:
    """The median as it is written."""
    if not seconds:
        return "n/a"
    ordered, half = sorted(seconds), len(seconds) // 2
    return said(Fraction(ordered[half]) if len(seconds) % 2 else Fraction(ordered[half - 1] + ordered[half], 2))


def percent(count: int, of: int) -> str:
    """A share with one digit after the point."""
    return f"{rounded(Fraction(count * 100, of))}%" if of else "n/a"


def rounded(value: Fraction) -> str:
    """One digit after the point."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return str(exact.quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN))


def said(seconds: Fraction) -> str:
    """A duration of a second or more in its two largest units, hours being the largest."""
    hours, rest = divmod(round(seconds), 3_600)
    minutes, rest = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join([f"{count} {unit}" for count, unit in parts if count][:2])
