"""Is anything else going on that a release would meet (1.3.10)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from policy.clock import clock, time_of_day
from policy.combined import combine
from policy.judgement import Judgement, failed, passed, spoken_so_far, unknown
from policy.wording import counted, listed, short

# Under this name a release writes its key into the payload of its deployment.
OURS = "countersign"
_IN_PROGRESS = {"queued", "in_progress", "pending"}
_OVER = {"error", "failure", "inactive", "success"}
_OUTAGE = {"major", "critical", "major_outage"}
_WELL = {"none", "minor", "maintenance", "operational", "degraded_performance", "partial_outage"}


@dataclass(frozen=True, slots=True)
class Deployment:
    """A GitHub deployment with its newest status, None where it has none yet; `key` is the release that made it."""

    number: int
    environment: str
    commit: str
    creator: str
    created_at: datetime
    state: str | None
    key: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """The release that holds the environment."""

    key: str
    who: str
    what: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A maintenance window of PagerDuty; it lasts until just before `end`."""

    name: str
    start: datetime
    end: datetime
    services: Sequence[str] = ()
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a vendor's page; two groups may have parts of the same name."""

    name: str
    status: str
    group: str | None = None

    @property
    def title(self) -> str:
        """The name, with its group where it has one."""
        return self.name if self.group is None else f"{self.group}/{self.name}"


@dataclass(frozen=True, slots=True)
class StatusPage:
    """What a vendor says of itself: the indicator of the whole page, and its components, groups among them."""

    indicator: str
    description: str
    components: Sequence[Component]
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor in use: its page (None: it could not be read), what of it is used, and what our own calls saw.

    `own_failure` says how our own calls to it failed, None where they went well; `asked` is false where none was made.
    `page_failure` says why the page could not be read.
    """

    name: str
    page: StatusPage | None
    uses: Sequence[str] = ()
    own_failure: str | None = None
    asked: bool = False
    page_failure: str | None = None


def judge_conflicts(
    deployments: Sequence[Deployment],
    holder: Holder | None,
    maintenance: Sequence[Maintenance],
    vendors: Sequence[Vendor],
    *,
    key: str,
    environment: str,
    services: Collection[str],
    now: datetime,
    until: datetime,
    zone: str,
) -> Judgement:
    """Pass when nothing else is deployed, no maintenance lies before `until` and no vendor in use is down."""
    parts = [*_judge_holder(holder, key=key, now=now, zone=zone)]
    for one in deployments:
        # Whether a release of ours is under way, the hold says; its deployment may have been left behind.
        if one.environment.casefold() == environment.casefold() and one.key is None:
            parts += _judge_deployment(one, now=now)
    for window in maintenance:
        if window.key != key and window.start < until and now < window.end:
            parts += _judge_maintenance(window, services, zone)
    notes: list[str] = []
    for vendor in vendors:
        judgement = _judge_vendor(vendor)
        if judgement.verdict.lets_pass:
            notes.append(judgement.sentence)
        else:
            parts.append(judgement)
    looked = ", ".join((counted(len(deployments), "deployment"), counted(len(maintenance), "maintenance window")))
    return combine(parts or [passed("; ".join((f"nothing else is under way ({looked})", *notes)))])


def _judge_holder(holder: Holder | None, *, key: str, now: datetime, zone: str) -> Iterator[Judgement]:
    if holder is not None and holder.key != key:
        since = f"since {time_of_day(holder.since, zone)}, {spoken_so_far(max(now, holder.since) - holder.since)}"
        yield failed(f"{holder.who} is releasing {holder.what} ({holder.key}) {since}")


def _judge_deployment(one: Deployment, *, now: datetime) -> Iterator[Judgement]:
    """A deployment without a status has only just been asked for."""
    state = one.state or "queued"
    what = f"deployment {one.number} of {short(one.commit)} to {one.environment} by {one.creator}"
    if state in _IN_PROGRESS:
        age = spoken_so_far(max(now, one.created_at) - one.created_at)
        yield failed(f"{what} has been {state.replace('_', ' ')} for {age}", link=one.url)
    elif state not in _OVER:
        yield unknown(f"{what} is in a state that is not known: {state}", link=one.url)


def _judge_maintenance(window: Maintenance, services: Collection[str], zone: str) -> Iterator[Judgement]:
    """A window without services covers everything."""
    ours = {name.casefold() for name in services}
    hit = [name for name in window.services if name.casefold() in ours]
    if hit or not window.services:
        span = f"from {clock(window.start, zone)} to {clock(window.end, zone)}"
        yield failed(f"maintenance {window.name!r} of {listed(hit) or 'everything'} {span}")


def _judge_vendor(vendor: Vendor) -> Judgement:
    """Our own failure outweighs whatever the page says; a page that cannot be read is not a green one."""
    page = vendor.page
    silent = f"its page could not be read ({vendor.page_failure})" if vendor.page_failure else "its page did not answer"
    said = f"its page says {page.description or page.indicator!r}" if page else silent
    link = page.url if page else None
    if vendor.own_failure is not None:
        return failed(f"{vendor.name} failed when we asked it ({vendor.own_failure}); {said}", link=link)
    own = "; our own call went well" if vendor.asked else ""
    if page is None:
        return unknown(f"{vendor.name}: {said}{own}")
    states = _list_states(vendor, page)
    if missing := [name for name, state in states if state is None]:
        return unknown(f"{vendor.name}: its page names no component {listed(missing)}", link=link)
    if down := [name for name, state in states if state in _OUTAGE]:
        return failed(f"{vendor.name}: major outage of {listed(down)}, {said}{own}", link=link)
    if maintained := [name for name, state in states if state == "under_maintenance"]:
        return failed(f"{vendor.name}: maintenance of {listed(maintained)} is under way, {said}{own}", link=link)
    if odd := [f"{name} {state}" for name, state in states if state not in _WELL]:
        return unknown(f"{vendor.name}: a state that is not known: {listed(odd)}", link=link)
    worse = [f"{name} {state}" for name, state in states if state not in ("none", "operational")]
    return passed(f"{vendor.name}: {listed(worse) or 'no outage'}{own}", link=link)


def _list_states(vendor: Vendor, page: StatusPage) -> list[tuple[str, str | None]]:
    """Return the state of each component in use, of all that have its name; where none is, that of the whole page."""
    if not vendor.uses:
        return [("the whole", page.indicator)]
    return [state for name in vendor.uses for state in _list_of_name(name, page)]


def _list_of_name(wanted: str, page: StatusPage) -> list[tuple[str, str | None]]:
    meant = wanted.casefold()
    found = [one for one in page.components if meant in (one.name.casefold(), one.title.casefold())]
    return [(one.title, one.status) for one in found] or [(wanted, None)]
