"""The quarterly report as one picture: six panels over eight quarters, and what a manager asks first (9.2)."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from textwrap import wrap
from xml.sax.saxutils import escape

from policy.bar_chart import HEIGHT, NO_RECORD, WIDTH, Bar, Bars, draw_bars, legend, patterns
from policy.chart import INK
from policy.limits import Limits, Risk
from policy.metrics import Figure, Figures
from policy.metrics_report import Quarter, Report
from policy.wording import counted

_HEAD, _COLUMNS = 62, 2
_LINE, _LETTERS = 18, 128
_UNITS = ((172_800.0, 86_400, "d"), (7_200.0, 3_600, "h"), (0.0, 60, "min"))


def draw_report(report: Report, *, limits: Limits) -> str:
    """Return the picture as SVG that needs no other file."""
    panels = list_panels(report, limits=limits)
    rows = -(-len(panels) // _COLUMNS)
    words = [line for sentence in list_sentences(report) for line in wrap(sentence, _LETTERS, subsequent_indent="   ")]
    wide, foot = WIDTH * _COLUMNS, _HEAD + rows * HEIGHT
    high = foot + 14 + _LINE * len(words)
    drawn = "".join(
        f'<g transform="translate({WIDTH * (place % _COLUMNS)} {_HEAD + HEIGHT * (place // _COLUMNS)})">'
        f"{draw_bars(panel)}</g>"
        for place, panel in enumerate(panels)
    )
    said = "".join(
        f'<text x="14" y="{foot + 14 + _LINE * number}">{escape(line)}</text>' for number, line in enumerate(words)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}"'
        f' font-family="sans-serif" font-size="12" fill="{INK}"><title>{escape(report.title)}</title>{patterns()}'
        f'<rect x="0.5" y="0.5" width="{wide - 1}" height="{high - 1}" rx="6" fill="#ffffff" stroke="#8c959f"/>'
        f'<text x="14" y="28" font-size="17" font-weight="bold">{escape(report.title)}</text>'
        f"{legend(14, 50)}{drawn}{said}</svg>"
    )


def list_panels(report: Report, *, limits: Limits) -> tuple[Bars, ...]:
    """Return one panel for each figure with a target, and one for how many deployments there were at which risk."""
    return (
        _panel(report, "Deployments per week", "", lambda one: one.frequency, target=limits.target_frequency),
        _times(report, "Lead time, merge to live (median)", lambda one: one.lead_time, limits.target_lead_time),
        _panel(
            report, "Success rate", "%", lambda one: one.success_rate, target=100 * limits.target_success, top=100.0
        ),
        _panel(report, "Rollback rate", "%", lambda one: one.rollback_rate, target=100 * limits.target_rollback),
        _times(report, "Mean time to recovery", lambda one: one.recovery, limits.target_recovery),
        Bars(
            "Deployments by risk",
            "",
            [_stacked(quarter) for quarter in report.quarters],
            None,
            "number of releases that changed a server",
            tuple(Risk),
        ),
    )


def list_sentences(report: Report) -> list[str]:
    """Say the bottleneck, what went out by exception, and what the numbers cannot know."""
    said = [f"Waited for most: {one.name}: {one.sentence}." for one in report.waits[:1]]
    said += [f"Stopped most often by: {one.name}: {one.sentence}." for one in report.stops[:1]]
    notes = {
        "with waived items": [one for one in report.releases if one.waived],
        "with accepted findings": [one for one in report.releases if one.excepted],
        "approved by whoever requested or wrote it": [one for one in report.releases if one.own_approval],
        "that only observed": [one for one in report.releases if one.observed_only],
    }
    exceptions = ", ".join(f"{len(ones)} {name}" for name, ones in notes.items() if ones)
    releases = counted(len(report.releases), "release")
    said.append(f"Of {releases}: {exceptions or 'none waived, accepted or self-approved'}.")
    return [*said, *_partial(report.quarters), *report.doubts]


def _partial(quarters: Sequence[Quarter]) -> list[str]:
    parts = [f"{quarter.name} {quarter.partial}" for quarter in quarters if quarter.partial]
    return [f"* Not whole: {'; '.join(parts)}."] if parts else []


def _panel(
    report: Report,
    title: str,
    unit: str,
    find: Callable[[Figures], Figure],
    *,
    target: float,
    top: float | None = None,
) -> Bars:
    factor = 100 if unit == "%" else 1
    bars = []
    for quarter in report.quarters:
        figure = find(quarter.figures)
        value = factor * figure.value if isinstance(figure.value, float) else None
        said = "" if value is None else f"{value:.1f}"
        bars.append(_bar(quarter, figure, value, said))
    return Bars(title, unit, bars, target, _aim(find(report.figures)), top=top)


def _times(report: Report, title: str, find: Callable[[Figures], Figure], target: timedelta) -> Bars:
    found = [find(quarter.figures) for quarter in report.quarters]
    longest = max([target, *(one.value for one in found if isinstance(one.value, timedelta))])
    size, unit = next((size, unit) for least, size, unit in _UNITS if longest.total_seconds() >= least)
    bars = []
    for quarter, figure in zip(report.quarters, found, strict=True):
        value = figure.value.total_seconds() / size if isinstance(figure.value, timedelta) else None
        bars.append(_bar(quarter, figure, value, "" if value is None else f"{value:.1f}"))
    return Bars(title, unit, bars, target.total_seconds() / size, _aim(find(report.figures)))


def _bar(quarter: Quarter, figure: Figure, value: float | None, said: str) -> Bar:
    still_open = next((len(part.keys) for part in figure.parts if part.name == "still open"), 0)
    if quarter.before_records:
        return Bar(_short(quarter), None, NO_RECORD)
    return Bar(
        _short(quarter),
        value,
        said or figure.without_value,
        figure.met,
        open=f"+{still_open} open" if still_open else "",
    )


def _stacked(quarter: Quarter) -> Bar:
    if quarter.before_records:
        return Bar(_short(quarter), None, NO_RECORD)
    counts = tuple(float(sum(one.risk is risk for one in quarter.deployments)) for risk in Risk)
    return Bar(_short(quarter), sum(counts), f"{sum(counts):.0f}", stack=counts)


def _short(quarter: Quarter) -> str:
    """Name the quarter so that eight names fit: `Q3 26`, and with a star where it is not whole."""
    name, _, year = quarter.name.partition(" ")
    return f"{name} {year[2:]}{'*' if quarter.partial else ''}"


def _aim(figure: Figure) -> str:
    return f"target {figure.target}"
