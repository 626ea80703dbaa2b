"""The report of an incident (4.2.5): what the record knows is written, what only people can know is left open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from policy.clock import clock
from policy.error_graph import Counted, draw_error_rate
from policy.first_bad_sign import BadSign
from policy.judgement import spoken
from policy.metrics import Ending
from policy.record import Event, Row, last
from policy.release import Release
from policy.samples import say_failed
from policy.timeline import list_timeline, measured
from policy.way_home import touched_servers
from policy.wording import short

ROOT_CAUSE, ACTIONS = "Root cause", "Action items"


class PartKind(StrEnum):
    """How a part of a report is shown."""

    HEADING = "heading"
    TEXT = "text"
    ITEM = "item"
    TASK = "task"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Part:
    """One heading, paragraph, line of a list, thing to do, or block of fixed width."""

    kind: PartKind
    text: str


@dataclass(frozen=True, slots=True)
class Failures:
    """Requests and failures since a moment; None where the metrics had no value."""

    since: datetime
    requests: float | None
    errors: float | None


@dataclass(frozen=True, slots=True)
class Impact:
    """What people felt, as far as it was counted: `why_not` says why where it was not."""

    bad: BadSign
    until: datetime
    recovered: bool
    counted: Sequence[Failures] = ()
    points: Sequence[Counted] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """A report under the mark by which it is found again."""

    title: str
    mark: str
    parts: tuple[Part, ...]


def mark_of(key: str) -> str:
    """Return the mark of the report of a release: one release has one."""
    return f"countersign-incident-{key}"


def write_report(
    release: Release,
    rows: Sequence[Row],
    impact: Impact,
    *,
    outcome: Ending,
    links: Sequence[str],
    zone: str,
) -> IncidentReport:
    """Return the report of a release that was rolled back or is stuck; `links` lead to the record and to the logs."""
    ended = "was rolled back" if outcome is Ending.ROLLED_BACK else "needs hands"
    day = f"{impact.bad.at.astimezone(ZoneInfo(zone)):%d %b}"
    return IncidentReport(
        title=f"Incident: the release of {short(release.commit)} {ended} ({day})",
        mark=mark_of(release.kept_under),
        parts=(
            _text(f"The release of {short(release.commit)} to {release.environment} {ended}. {_reason(rows)}"),
            _heading("Impact"),
            *(Part(PartKind.ITEM, line) for line in say_impact(impact, touched_servers(rows), zone)),
            _heading("Error rate"),
            Part(PartKind.CODE, draw_error_rate(impact.points, limit=release.limits.error_rate_roll_back, zone=zone)),
            _heading(f"Timeline, by the clock of {zone}"),
            *(Part(PartKind.ITEM, line) for line in list_timeline(rows, zone=zone)),
            _heading(ROOT_CAUSE),
            _heading(ACTIONS),
            _heading("Next steps"),
            Part(PartKind.TASK, "Root cause investigation"),
            Part(PartKind.TASK, f"Take it off main: start `Revert/revert` with release {release.kept_under}"),
            Part(PartKind.TASK, "Fix the issue"),
            Part(PartKind.TASK, "Re-deploy, after the fix was verified in staging"),
            _heading("Where to look"),
            *(Part(PartKind.ITEM, link) for link in links),
            _text("What people typed and what logs said is not here: it may name patients."),
        ),
    )


def say_impact(impact: Impact, touched: Sequence[str], zone: str) -> list[str]:
    """Say for how long and for how many requests it was bad, and which servers were changed."""
    end = (
        f"recovery at {clock(impact.until, zone)}" if impact.recovered else f"{clock(impact.until, zone)}, not over yet"
    )
    lines = [
        f"{spoken(impact.until - impact.bad.at)} from the first bad sign at {clock(impact.bad.at, zone)}"
        f" ({impact.bad.what}) to {end}"
    ]
    lines += [_say_failures(one, zone) for one in impact.counted]
    if impact.why_not:
        lines.append(f"failed requests are not known: {impact.why_not}")
    return [*lines, f"servers that were changed: {', '.join(touched) or 'none'}"]


def render_markdown(report: IncidentReport) -> str:
    """Return the report as GitHub shows it; its mark is not seen."""
    form = {
        PartKind.HEADING: "\n## {}\n",
        PartKind.TEXT: "\n{}\n",
        PartKind.ITEM: "- {}",
        PartKind.TASK: "- [ ] {}",
        PartKind.CODE: "```text\n{}\n```",
    }
    body = "\n".join(form[part.kind].format(part.text) for part in report.parts).strip()
    return f"{body}\n\n<!-- {report.mark} -->\n"


def _reason(rows: Sequence[Row]) -> str:
    """The cause, and what was measured if the watch raised a flag."""
    home, flag = last(rows, Event.GOING_HOME), last(rows, Event.RED_FLAG)
    cause = f"Cause: {home.facts.get('cause', 'not named')}." if home else "No cause is in the record."
    return f"{cause} Measured: {measured(flag)}." if flag else cause


def _say_failures(one: Failures, zone: str) -> str:
    since = clock(one.since, zone)
    if one.requests is None or one.errors is None:
        return f"requests since {since} were not measured"
    share = f" ({one.errors / one.requests:.1%})" if one.requests else ""
    return f"{say_failed(one.errors, one.requests)} failed since {since}{share}"


def _heading(text: str) -> Part:
    return Part(PartKind.HEADING, text)


def _text(text: str) -> Part:
    return Part(PartKind.TEXT, text)
