"""The page of the quarterly report, and which quarter it covers (9.2)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from policy.metrics import Figures, ReleaseFact

_MET = {True: "met", False: "**missed**", None: "not known"}


def quarter_before(now: datetime) -> tuple[datetime, datetime]:
    """Return the first moment of the quarter before `now`, and the first moment after it, in `now`'s zone."""
    first_month = now.month - (now.month - 1) % 3
    until = now.replace(month=first_month, day=1, hour=0, minute=0, second=0, microsecond=0)
    year, month = (until.year, until.month - 3) if until.month > 3 else (until.year - 1, 10)
    return until.replace(year=year, month=month), until


def summary(figures: Figures) -> str:
    """Say the five figures in one message."""
    lines = [f":bar_chart: *Deployment metrics {figures.since:%d %b %Y} to {_last_day(figures):%d %b %Y}*"]
    lines += [f"• {row.name}: {row.sentence} (target {row.target})" for row in figures.rows]
    lines.append("Quarterly review: is the deployment checklist itself still right? (9.2)")
    return "\n".join(lines)


def render_report(figures: Figures, releases: Sequence[ReleaseFact], *, zone: str) -> str:
    """Return the report as Markdown: the figures first, then the releases they come from."""
    rows = [f"| {_MET[row.met]} | {row.name} | {row.sentence} | {row.target} |" for row in figures.rows]
    counted = [release for release in releases if figures.since <= release.began < figures.until]
    return "\n".join(
        (
            f"## Deployment metrics, {figures.since:%d %b %Y} to {_last_day(figures):%d %b %Y}",
            "",
            "| Target | Figure | Measured | Wanted |",
            "|---|---|---|---|",
            *rows,
            "",
            f"<details><summary>{len(counted)} releases</summary>",
            "",
            "| Began | Release | Risk | End |",
            "|---|---|---|---|",
            *(_release_row(release, zone) for release in counted),
            "",
            "</details>",
            "",
            "Releases that were stopped before any server was touched do not count towards the success rate.",
            *_own_approvals(counted),
        )
    )


def _own_approvals(counted: Sequence[ReleaseFact]) -> list[str]:
    """8.1: whoever approved what they requested or wrote, in an emergency and with a reason, is listed."""
    lines = [f"- {release.key}: {release.own_approval}" for release in counted if release.own_approval]
    return ["", "Approved by whoever requested or wrote it:", "", *lines] if lines else []


def _release_row(release: ReleaseFact, zone: str) -> str:
    began = release.began.astimezone(ZoneInfo(zone))
    return f"| {began:%Y-%m-%d %H:%M} | {release.key} | {release.risk.value} | {release.outcome} |"


def _last_day(figures: Figures) -> datetime:
    return figures.until - timedelta(seconds=1)
