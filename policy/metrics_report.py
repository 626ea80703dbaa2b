"""All that the report on a period says, before anybody draws or writes it (9.1, 9.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy.bottleneck import Stopping, Waiting, list_stops, list_waits
from policy.limits import Limits, Risk
from policy.metrics import Figures, ReleaseFact, measure
from policy.quarters import Covered, quarters_to, say_quarter


@dataclass(frozen=True, slots=True)
class Quarter:
    """One quarter of the trend: its figures, its releases, and what its numbers lack."""

    name: str
    figures: Figures
    releases: tuple[ReleaseFact, ...]
    before_records: bool
    partial: str

    @property
    def label(self) -> str:
        """Name the quarter, and which part of it the records cover where that is not the whole."""
        return f"{self.name} ({self.partial})" if self.partial else self.name

    @property
    def deployments(self) -> tuple[ReleaseFact, ...]:
        """The releases that changed a server."""
        return tuple(release for release in self.releases if release.touched)


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a period, their trend, and where they come from."""

    environment: str
    zone: str
    figures: Figures
    releases: tuple[ReleaseFact, ...]
    quarters: tuple[Quarter, ...]
    by_risk: tuple[tuple[Risk, Figures, int], ...]
    waits: tuple[Waiting, ...]
    stops: tuple[Stopping, ...]
    doubts: tuple[str, ...]

    @property
    def title(self) -> str:
        """Say what the report covers."""
        return f"Deployment metrics of {self.environment}, {say_days(self.figures.since, self.figures.until)}"


def make_report(
    releases: Sequence[ReleaseFact],
    *,
    environment: str,
    zone: str,
    since: datetime,
    until: datetime,
    now: datetime,
    begins: datetime | None,
    unreadable: Sequence[str],
    limits: Limits,
) -> Report:
    """Measure the releases of [since, until) and of eight quarters up to its end; `begins` is the first record."""
    inside = tuple(release for release in releases if since <= release.began < until)
    return Report(
        environment=environment,
        zone=zone,
        figures=measure(inside, since=since, until=until, begins=begins, limits=limits, now=now),
        releases=inside,
        quarters=tuple(
            _quarter(releases, first, end, now=now, begins=begins, limits=limits) for first, end in quarters_to(until)
        ),
        by_risk=tuple(
            (risk, measure(of_risk, since=since, until=until, begins=begins, limits=limits, now=now), len(of_risk))
            for risk in Risk
            for of_risk in [[release for release in inside if release.risk is risk]]
        ),
        waits=list_waits(inside),
        stops=list_stops(inside),
        doubts=tuple(_doubts(since, until, now=now, begins=begins, unreadable=unreadable)),
    )


def say_days(since: datetime, until: datetime) -> str:
    """Name the first and the last day of a period."""
    return f"{since:%d %b %Y} to {until - timedelta(microseconds=1):%d %b %Y}"


def _quarter(
    releases: Sequence[ReleaseFact],
    since: datetime,
    end: datetime,
    *,
    now: datetime,
    begins: datetime | None,
    limits: Limits,
) -> Quarter:
    """Measure what there is of a quarter: one that is not over only up to now."""
    covered = Covered.of(since, end, begins=begins, now=now)
    before_records = begins is None or begins >= covered.until
    inside = tuple(release for release in releases if since <= release.began < covered.until)
    return Quarter(
        name=say_quarter(since),
        figures=measure(inside, since=since, until=covered.until, begins=begins, limits=limits, now=now),
        releases=inside,
        before_records=before_records,
        partial="" if before_records else covered.said,
    )


def _doubts(
    since: datetime, until: datetime, *, now: datetime, begins: datetime | None, unreadable: Sequence[str]
) -> list[str]:
    """Say what the numbers cannot know."""
    doubts = []
    if until > now:
        doubts.append(f"The period is not over: it was measured on {now.astimezone(since.tzinfo):%d %b %Y %H:%M}.")
    if begins is None:
        doubts.append("There is no record of a release yet: nothing was measured, and that is not zero.")
    elif begins.astimezone(since.tzinfo).date() > since.date():
        day = f"{begins.astimezone(since.tzinfo):%d %b %Y}"
        doubts.append(f"Records begin on {day}: what was deployed before is not known and not counted.")
    doubts += [f"A record cannot be read, and its release is not counted: {one}." for one in unreadable]
    return doubts
