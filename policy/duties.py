"""What a hotfix owes the next day, and what people are told about it (5.2.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from policy.release import HotfixRequest, Release
from policy.windows import Calendar
from policy.wording import as_sentences, counted, listed, short

SATURDAY = 5


class Duty(StrEnum):
    """One duty of the day after."""

    POST_MORTEM = "post-mortem"
    BACK_MERGE = "back-merge"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Found:
    """How a duty stands: whether it is done, and the sentence for people."""

    done: bool
    sentence: str
    link: str = ""


def next_working_day(now: datetime, calendar: Calendar, *, at: str) -> datetime:
    """Return the next day's hour, in the company's zone, that is neither on a weekend nor on a public holiday."""
    hour = time.fromisoformat(at)
    day = now.astimezone(calendar.zone).date() + timedelta(days=1)
    while day.weekday() >= SATURDAY or calendar.holiday_on(day) is not None:
        day += timedelta(days=1)
    return datetime.combine(day, hour, tzinfo=calendar.zone)


def is_required(duty: Duty, request: HotfixRequest) -> bool:
    """Whether people are asked until it is done: the post-mortem only where a hole was exploited."""
    return duty is not Duty.POST_MORTEM or request.is_security


def judge_post_mortem(request: HotfixRequest, *, url: str, closed: bool) -> Found:
    """Say how its issue stands; without an address it is not there yet."""
    if closed:
        return Found(done=True, sentence="its questions are answered: the issue is closed", link=url)
    issue = f"{url} is open" if url else "its issue is about to be opened"
    if is_required(Duty.POST_MORTEM, request):
        return Found(done=False, sentence=f"{issue}: answer its three questions and close it", link=url)
    return Found(done=True, sentence=f"{issue} for whoever has something to add; it is required of nobody", link=url)


def mark_of(release: Release) -> str:
    """By what the issue of the post-mortem is found again."""
    return f"<!-- countersign post-mortem {release.key} -->"


def post_mortem_title(release: Release) -> str:
    """The title of its issue."""
    return f"Post-mortem: hotfix {short(release.commit)} ({release.request.summary})"


def write_post_mortem(release: Release, request: HotfixRequest, *, skipped: str, zone: Calendar) -> str:
    """Return the text of its issue: what the record knows, and the three questions that people answer."""
    required = "Required: a hole was exploited. " if request.is_security else ""
    opened = release.opened_at.astimezone(zone.zone)
    return "\n".join(
        (
            mark_of(release),
            f"{required}Close this issue when the three questions are answered.",
            "",
            f"- Hotfix: {short(release.commit)}, requested by {request.requested_by}, {opened:%Y-%m-%d %H:%M %Z}",
            f"- Urgency: {request.urgency}",
            f"- Compared with the standard way: {skipped}",
            f"- The record: `python -m deployments.verify_record {release.key}`",
            "",
            "## What was the bug?",
            "",
            request.explanation,
            "",
            "## How did it get to production?",
            "",
            "## How do we prevent this class of bug?",
            "",
        )
    )


def summary(release: Release, request: HotfixRequest, *, skipped: str, left: Sequence[str]) -> str:
    """5.2.6: what the team reads about the hotfix, and what to watch for."""
    return "\n".join(
        (
            f":fire_engine: *Hotfix {short(release.commit)}: {request.summary}*",
            f"*What was broken:* {request.explanation}",
            f"*Urgency:* {request.urgency}",
            f"*What to watch for:* {request.watch_for or 'nothing was named'}",
            f"*Compared with the standard way:* {skipped}",
            f"*Still to do:* {listed(left) or 'nothing'}",
        )
    )


def reminder(release: Release, duty: Duty, found: Found, *, asked: int, people: Sequence[str], again: datetime) -> str:
    """A duty that is not done: who is asked, what is missing, and when it is asked about again."""
    return (
        f":alarm_clock: *The {duty} of hotfix {short(release.commit)} ({release.request.summary}) is not done.*"
        f" {as_sentences(found.sentence)} For {listed(people)}; asked {counted(asked, 'time')},"
        f" again {again:%A %H:%M}."
    )
