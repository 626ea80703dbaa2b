"""The announcement of a release, in the checklist's own form (1.3.7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from policy.change_set import escape_for_slack
from policy.judgement import spoken
from policy.release import Release
from policy.risk import Commit, say_reasons
from policy.roles import Person, Roster
from policy.wording import short

_SHOWN_CHANGES = 15
_SHOWN_LETTERS = 150
_DURATION, _ON_CALL, _STANDBY = "*Duration:* ", "*On-Call Engineer:* ", "on standby"


@dataclass(frozen=True, slots=True)
class Plan:
    """When the release begins, how long the roll-out takes and how long it is watched afterwards."""

    begins: datetime
    now: datetime
    duration: timedelta
    watched: timedelta
    zone: str


def announce(
    release: Release, plan: Plan, *, roster: Roster, on_call: Sequence[Person], why_they: str = "", more: str = ""
) -> str:
    """Return the message; people are mentioned, and nothing that somebody wrote can mention or link.

    `why_they` says who named whoever is on call, where PagerDuty did not; `more` is one line about the change set,
    already safe for Slack.
    """
    back = f"Revert to the previous Docker image ({short(release.previous_commit)}), kept on every server"
    about = f"~{spoken(plan.duration)}, then watched for up to {spoken(plan.watched)}"
    lines = [
        ":package: *Production Deployment Planned*",
        "",
        f"*What:* {_plain(release.request.summary)} ({short(release.commit)})",
        f"*When:* {say_when(plan)}",
        f"{_DURATION}{about}",
        f"*Risk:* {release.risk.value.capitalize()} ({_plain(say_reasons(release.risk, release.reasons))})",
        f"*Rollback Plan:* {back}",
        "",
        "*Changes:*",
        *_list_changes(release.commits),
        *([more] if more else []),
        "",
        f"*Deployed By:* {mention_name(release.request.requested_by, roster)}",
        f"{_ON_CALL}{_say_on_call(on_call, why_they)}",
    ]
    return "\n".join(lines)


def with_headline(text: str, headline: str) -> str:
    """Return the announcement with its first line replaced by where the release is now; the rest stays."""
    _, newline, rest = text.partition("\n")
    return f"{headline}{newline}{rest}"


def has_headline(text: str, headline: str) -> bool:
    """Whether the announcement says already that the release is there."""
    return text.partition("\n")[0] == headline


def with_ending(text: str, headline: str, *, took: timedelta) -> str:
    """Return the announcement of a release that is over: how it ended, what it took, and nobody on standby any more.

    One that was over before, and is rolled back now, keeps what it took.
    """
    return "\n".join(_ended(line, took) for line in with_headline(text, headline).split("\n"))


def _ended(line: str, took: timedelta) -> str:
    if line.startswith(f"{_DURATION}~"):
        return f"{_DURATION}{spoken(took)}"
    if line.startswith(_ON_CALL):
        return line.replace(f" ({_STANDBY})", "").replace(f"({_STANDBY}; ", "(")
    return line


def say_when(plan: Plan) -> str:
    """Say the moment as people of the company do: `Today, 10:00 AM PST`."""
    zone = ZoneInfo(plan.zone)
    local, today = plan.begins.astimezone(zone), plan.now.astimezone(zone).date()
    days = {today: "Today", today + timedelta(days=1): "Tomorrow"}
    day = days.get(local.date(), f"{local:%a} {local.day} {local:%b}")
    return f"{day}, {local:%I:%M %p %Z}".replace(", 0", ", ")


def mention(person: Person) -> str:
    """Return the person so that Slack tells them; by name where their member id is not known."""
    return f"<@{person.slack}>" if person.slack else _plain(person.name)


def _list_changes(commits: Sequence[Commit]) -> Iterable[str]:
    for commit in commits[:_SHOWN_CHANGES]:
        pull = f", #{commit.pull_request}" if commit.pull_request is not None else ""
        yield f"• {_plain(commit.subject)} ({_plain(commit.author_name)}{pull})"
    if len(commits) > _SHOWN_CHANGES:
        yield f"• and {len(commits) - _SHOWN_CHANGES} more"
    if not commits:
        yield "• no commit that is not in production already"


def mention_name(name: str, roster: Roster) -> str:
    """Return whoever has that name so that Slack tells them; the name where the roster does not know it."""
    person = roster.find(name)
    return mention(person) if person else _plain(name)


def _say_on_call(on_call: Sequence[Person], why: str) -> str:
    more = f"; {_plain(why)}" if why else ""
    if not on_call:
        return f"nobody is known to be on call{more}"
    return f"{', '.join(map(mention, on_call))} ({_STANDBY}{more})"


def _plain(text: str) -> str:
    """Return what somebody wrote on one line, short, and unable to mention or to link."""
    whole = " ".join(text.split())
    short_text = whole if len(whole) <= _SHOWN_LETTERS else f"{whole[: _SHOWN_LETTERS - 1]}…"
    return escape_for_slack(short_text)
