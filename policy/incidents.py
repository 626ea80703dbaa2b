"""Did anything happen since the release began: incidents, alerts, people who write to support (3.4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from policy.clock import clock, time_of_day
from policy.combined import combine
from policy.judgement import Judgement, failed, passed, unknown
from policy.troubleshooting import redact
from policy.wording import counted, listed

_OPEN = {"triggered", "acknowledged"}
_KNOWN = _OPEN | {"resolved"}


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident of PagerDuty; `key` is what whoever opened it knows it by."""

    number: int
    title: str
    status: str
    created_at: datetime
    url: str | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """A message in the channel of alerts."""

    author: str
    at: datetime
    text: str
    url: str | None = None


def judge_incidents(
    incidents: Sequence[Incident], *, since: datetime, release: str, complete: bool, zone: str
) -> Judgement:
    """Pass when no incident began since then, however soon it ended, and none of before is still open.

    What the release itself asked of people by PagerDuty is no incident of production; it is named.
    """
    parts = []
    own = [one for one in incidents if one.key == release or one.key.startswith(f"{release}/")]
    for one in incidents:
        if one in own:
            continue
        what = f"incident {one.number} {_quote(one.title)}"
        if one.status not in _KNOWN:
            parts.append(unknown(f"{what} is in a state that is not known: {one.status}", link=one.url))
        elif one.created_at >= since:
            parts.append(failed(f"{what} began {time_of_day(one.created_at, zone)} and is {one.status}", link=one.url))
        elif one.status in _OPEN:
            parts.append(failed(f"{what} is {one.status} since {clock(one.created_at, zone)}", link=one.url))
    if not complete:
        parts.append(unknown(f"the list of incidents is cut short at {len(incidents)}"))
    numbers = ", ".join(str(one.number) for one in own)
    besides = f" but {numbers}, by which this release itself paged" if own else ""
    return combine(parts or [passed(f"no incident since {time_of_day(since, zone)}{besides}")])


def judge_alerts(alerts: Sequence[Alert], *, since: datetime, own_pages: int, complete: bool, zone: str) -> Judgement:
    """Pass when others posted nothing since then but the end of what began before.

    `own_pages` says how often this release itself paged, which is not among the alerts.
    """
    came = sorted((one for one in alerts if one.at >= since), key=lambda one: one.at)
    fresh = [one for one in came if not _says_over(one.text)]
    parts = []
    if fresh:
        shown = listed((f"{time_of_day(one.at, zone)} {_quote(one.text)}" for one in fresh), most=3)
        alerts_came = f"{counted(len(fresh), 'alert')} since {time_of_day(since, zone)}"
        parts.append(failed(f"{alerts_came}: {shown}", link=fresh[0].url))
    if not complete:
        parts.append(unknown(f"the history of the alerts is cut short at {counted(len(alerts), 'message')}"))
    besides = f" but {counted(own_pages, 'page')} by this release itself" if own_pages else ""
    return combine(parts or [passed(f"no alert since {time_of_day(since, zone)}{besides}")])


def judge_tickets(
    now_count: int | None, same_hours: Sequence[int | None], *, factor: float, least_weeks: int, least_more: int
) -> Judgement:
    """Pass unless clearly more people wrote than usual: by the median of the same hours of the weeks before.

    More than `factor` times the median is not as usual, and at least `least_more` more, so that one ticket where
    there is mostly none is no alarm.
    """
    weeks = [count for count in same_hours if count is not None and count >= 0]
    if now_count is None or now_count < 0:
        return unknown("support tickets: how many came is not known")
    if len(weeks) < least_weeks:
        few = f"those of {counted(len(weeks), 'week')} are known, {least_weeks} are needed"
        return unknown(f"support tickets: {now_count} came; what is usual at these hours is not known: {few}")
    usual = median(weeks)
    most = max(factor * usual, usual + least_more)
    sentence = (
        f"support tickets: {now_count} came, usual at these hours of the week are {usual:g} "
        f"(median of {counted(len(weeks), 'week')}, limit {most:g})"
    )
    return passed(sentence) if now_count <= most else failed(sentence)


def _says_over(text: str) -> bool:
    """Whether a message tells of the end of an alert, as Grafana and Alertmanager do."""
    return text.lstrip(" *:_").upper().startswith(("[RESOLVED", "RESOLVED", "[OK]", "WHITE_CHECK_MARK: RESOLVED"))


def _quote(text: str) -> str:
    """Quote what a program or somebody else wrote; an error in it may name a patient."""
    return repr(" ".join(redact([" ".join(text.split())]))[:80])
