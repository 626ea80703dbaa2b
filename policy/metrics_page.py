"""The quarterly report as people read it: in Slack, and as a page whose every number leads to its releases (9.2)."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from policy.judgement import spoken, spoken_in_hours
from policy.metrics import Figure, Figures, Part, ReleaseFact
from policy.metrics_links import link_runs
from policy.metrics_report import Quarter, Report
from policy.page import as_cell
from policy.quarters import quarter_of
from policy.record import digest_of
from policy.wording import counted

MOST_ITEMS = 5
SHORT_DIGEST = 8
_MET = {True: "met", False: "**missed**", None: "not decided"}
_SPARKS = "▁▂▃▄▅▆▇█"
Link = Callable[[Sequence[str], str], str]


def summary(report: Report, *, link: str, file: str, asked: str) -> str:
    """Say the report in one message; `asked` is whom the checklist's own review is up to."""
    lines = [f":bar_chart: *{report.title}*"]
    before = report.quarters[-2]
    for row, was, trend in zip(report.figures.rows, before.figures.rows, _rows_of(report.quarters), strict=True):
        known = "" if before.before_records else f"; {before.label}: {short(was)}"
        target = f" (target {row.target})" if row.target != "none" else ""
        lines.append(f"• {_mark(row)}{row.name}: {row.sentence}{target}{known} `{sparks(trend)}`")
    lines += [f"Waited for most: {one.name}, {one.sentence}." for one in report.waits[:1]]
    lines += [f"Stopped most often by {one.name}: {one.sentence}." for one in report.stops[:1]]
    lines += report.doubts
    lines.append(f"With charts, trend and every release: {link} (file: {file})")
    if is_quarter(report):
        lines.append(f"Quarterly review, {asked}: is the deployment checklist itself still right? (9.2)")
    return "\n".join(lines)


def subtitle(report: Report) -> str:
    """Say in one plain sentence which targets were met: a list of pages shows it as it stands, without any markup."""
    aimed = [row for row in report.figures.rows if row.target != "none"]
    said = [f"{sum(row.met is True for row in aimed)} of {counted(len(aimed), 'target')} met"]
    for met, words in ((False, "missed"), (None, "not decided")):
        if names := [row.name for row in aimed if row.met is met]:
            said.append(f"{words}: {', '.join(names)}")
    return f"{report.title}: {'; '.join(said)}."


def same_numbers(report: Report) -> str:
    """By what a message is known that says the same numbers, whichever run made them and whoever is asked that day."""
    return digest_of(summary(report, link="", file="", asked="").encode())[:SHORT_DIGEST]


def render_report(report: Report, *, picture: str, ui: str) -> str:
    """Return the report as Markdown: the figures, the picture of their trend, and the releases they come from."""
    to_runs = partial(link_runs, ui)
    return "\n".join(
        (
            f"## {report.title}",
            "",
            *[line for doubt in report.doubts for line in (f"**{doubt}**", "")],
            *_figures(report.figures, to_runs),
            "",
            picture,
            "",
            *_trend(report.quarters, to_runs),
            *_by_risk(report, to_runs),
            *_bottleneck(report, to_runs),
            *_exceptions(report.releases, to_runs),
            *_releases(report, to_runs),
            "",
            "Releases that were stopped before any server was touched do not count towards the rates. A number leads to"
            " the runs it was made from, as long as Prefect keeps them; the records are kept for good.",
        )
    )


def short(figure: Figure) -> str:
    """Say only the value of a figure, and what is still open of it."""
    opened = next((len(part.keys) for part in figure.parts if part.name == "still open"), 0)
    said = figure.without_value
    if isinstance(figure.value, timedelta):
        said = spoken_in_hours(figure.value)
    elif figure.value is not None:
        said = f"{figure.value:.1f}/week" if figure.name == "deployment frequency" else f"{figure.value:.1%}"
    return f"{said}, {opened} open" if opened else said


def sparks(figures: Sequence[Figure]) -> str:
    """Draw the values as one word of bars, the greatest as the highest; a dot where there is none."""
    values = [
        figure.value.total_seconds() if isinstance(figure.value, timedelta) else figure.value for figure in figures
    ]
    top = max((value for value in values if value is not None), default=0.0) or 1.0
    return "".join("·" if value is None else _SPARKS[round(value / top * (len(_SPARKS) - 1))] for value in values)


def is_quarter(report: Report) -> bool:
    """Whether the report covers exactly one quarter, as the one by schedule does."""
    return (report.figures.since, report.figures.until) == quarter_of(report.figures.since)


def _rows_of(quarters: Sequence[Quarter]) -> list[tuple[Figure, ...]]:
    """Each figure over the quarters; what lies before the records has no value."""
    nothing = [_without_value(figure) for figure in quarters[0].figures.rows]
    rows = [nothing if quarter.before_records else quarter.figures.rows for quarter in quarters]
    return list(zip(*rows, strict=True))


def _without_value(figure: Figure) -> Figure:
    return Figure(figure.name, None, figure.target, "no record", None)


def _mark(figure: Figure) -> str:
    return ":warning: " if figure.met is False else ""


def _figures(figures: Figures, link: Link) -> list[str]:
    return [
        "| Target | Figure | Measured | Wanted | Made from |",
        "|---|---|---|---|---|",
        *(
            f"| {_MET[row.met] if row.target != 'none' else ''} | {row.name} | {as_cell(row.sentence)} | {row.target} |"
            f" {_parts(row.parts, link)} |"
            for row in figures.rows
        ),
    ]


def _parts(parts: Sequence[Part], link: Link) -> str:
    return ", ".join(link(one.keys, f"{len(one.keys)} {one.name}") for one in parts if one.keys) or "nothing"


def _trend(quarters: Sequence[Quarter], link: Link) -> list[str]:
    names = [figure.name for figure in quarters[-1].figures.rows]
    lines = [
        "### Trend",
        "",
        f"| Quarter | deployments | {' | '.join(names)} |",
        f"|---|{'---|' * (len(names) + 1)}",
    ]
    for quarter in quarters:
        if quarter.before_records:
            lines.append(f"| {quarter.label} | no record |{' |' * len(names)}")
            continue
        numbers = [link(row.keys, short(row) + (" ✗" if row.met is False else "")) for row in quarter.figures.rows]
        keys = [one.key for one in quarter.deployments]
        lines.append(f"| {quarter.label} | {link(keys, str(len(keys)))} | {' | '.join(numbers)} |")
    return [*lines, "", "✗ missed its target.", ""]


def _by_risk(report: Report, link: Link) -> list[str]:
    names = [figure.name for figure in report.figures.rows]
    lines = ["### By risk", "", f"| Risk | releases | {' | '.join(names)} |", f"|---|{'---|' * (len(names) + 1)}"]
    for risk, figures, count in report.by_risk:
        keys = [one.key for one in report.releases if one.risk is risk]
        numbers = [link(row.keys, short(row)) for row in figures.rows]
        lines.append(f"| {risk.value} | {link(keys, str(count))} | {' | '.join(numbers)} |")
    return [*lines, ""]


def _bottleneck(report: Report, link: Link) -> list[str]:
    waits = [
        f"| {one.name} | {spoken(one.time)} | {one.time / one.of:.1%} | {link(one.keys, str(len(one.keys)))} |"
        for one in report.waits[:MOST_ITEMS]
    ]
    stops = [
        f"| {one.name} | {len(one.keys) / one.of:.1%} | {link(one.keys, f'{len(one.keys)} of {one.of}')} |"
        for one in report.stops[:MOST_ITEMS]
    ]
    return [
        "### Bottleneck",
        "",
        *(
            ["| Waited for, from merge to live | time | share | releases |", "|---|---|---|---|", *waits]
            if waits
            else ["Nothing went live, so nothing was waited for."]
        ),
        "",
        *(
            ["| Failed or unknown at first | share | releases |", "|---|---|---|", *stops]
            if stops
            else ["No item failed or was unknown."]
        ),
        "",
    ]


def _exceptions(releases: Sequence[ReleaseFact], link: Link) -> list[str]:
    """What did not go the plain way: waived, accepted for a time, approved by its own author, or only observed."""
    lines = [
        *(_said(one, "waived", said, link) for one in releases for said in one.waived),
        *(_said(one, "accepted", said, link) for one in releases for said in one.excepted),
        *(
            _said(one, "approved by whoever requested or wrote it", one.own_approval, link)
            for one in releases
            if one.own_approval
        ),
        *(_said(one, "observed", "no failed item stopped it", link) for one in releases if one.observed_only),
    ]
    return ["### Waived, accepted, self-approved", "", *(lines or ["Nothing."]), ""]


def _said(release: ReleaseFact, what: str, said: str, link: Link) -> str:
    return f"- {link([release.key], release.key)} {what}: {as_cell(said)}"


def _releases(report: Report, link: Link) -> list[str]:
    zone = ZoneInfo(report.zone)
    return [
        f"<details><summary>{counted(len(report.releases), 'release')}</summary>",
        "",
        "| Began | Release | Risk | End | Merge to live | Went bad |",
        "|---|---|---|---|---|---|",
        *(_release_row(release, zone, link) for release in report.releases),
        "",
        "</details>",
    ]


def _release_row(release: ReleaseFact, zone: ZoneInfo, link: Link) -> str:
    lead, bad = "", ""
    if release.merged_at and release.live_at and release.live_at >= release.merged_at:
        lead = spoken_in_hours(release.live_at - release.merged_at)
    if release.first_bad_at:
        bad = f"{release.first_bad_at.astimezone(zone):%Y-%m-%d %H:%M}"
    end = f"{release.outcome}, rolled back later" if release.undone else release.outcome
    began = f"{release.began.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"| {began} | {link([release.key], release.key)} | {release.risk.value} | {end} | {lead} | {bad} |"
