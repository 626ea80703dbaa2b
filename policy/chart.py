"""A picture of lines over time as a small SVG, made by hand so that it needs nothing and shows everywhere.

It carries its own light ground: a picture inside a page cannot know whether the page is dark. The two colours are told
apart by everybody (Okabe and Ito), and the second line is dashed besides.
"""

import math
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from xml.sax.saxutils import escape

_STYLES = ('stroke="#0072B2" stroke-width="2.5"', 'stroke="#D55E00" stroke-width="2" stroke-dasharray="7 3"')
_COLOURS = ("#0072B2", "#D55E00")
# Two panels fit the width of the form, so that their words are not made smaller there.
_WIDTH, _HEIGHT = 260, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 250, 78, 190
INK, GREY = "#1f2328", "#59636e"


@dataclass(frozen=True, slots=True)
class Line:
    """One line by name; where its value is None there is a gap."""

    name: str
    points: Sequence[tuple[datetime, float | None]]

    @property
    def values(self) -> list[float]:
        """What is known, in order of time."""
        return [value for _, value in self.points if value is not None]


@dataclass(frozen=True, slots=True)
class Panel:
    """What is measured in which unit, at most two lines of it, and the limit below which it stays."""

    title: str
    unit: str
    lines: Sequence[Line]
    limit: float


def draw_chart(panels: Sequence[Panel], *, since: datetime, until: datetime) -> str:
    """Return the panels side by side as SVG, each over the same minutes."""
    wide = _WIDTH * len(panels)
    drawn = "".join(
        f'<g transform="translate({_WIDTH * place} 0)">{_draw_panel(panel, since, until)}</g>'
        for place, panel in enumerate(panels)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{_HEIGHT}" viewBox="0 0 {wide} {_HEIGHT}"'
        f' font-family="sans-serif" font-size="12" fill="{INK}">'
        f'<rect x="0.5" y="0.5" width="{wide - 1}" height="{_HEIGHT - 1}" rx="6" fill="#ffffff" stroke="#8c959f"/>'
        f"{drawn}</svg>"
    )


def as_image(svg: str, *, alt: str) -> str:
    """Return the picture as Markdown that needs no other file."""
    words = alt.translate({ord(sign): " " for sign in "[]\\\n"})
    return f"![{words}](data:image/svg+xml;base64,{b64encode(svg.encode()).decode()})"


def describe(panel: Panel) -> str:
    """Say the numbers of a panel, for whoever does not see it."""
    said = [
        f"{line.name} {say_value(line.values[-1], panel.unit)} at the end, "
        f"{say_value(max(line.values), panel.unit)} at most"
        if line.values
        else f"{line.name} not known"
        for line in panel.lines
    ]
    return f"{panel.title}: {'; '.join(said)}; limit {say_value(panel.limit, panel.unit)}"


def _draw_panel(panel: Panel, since: datetime, until: datetime) -> str:
    span = max(until - since, timedelta(seconds=1))
    top = round_up(1.1 * max([panel.limit, *(value for line in panel.lines for value in line.values)]))

    def place(at: datetime, value: float) -> tuple[float, float]:
        across = min(1.0, max(0.0, (at - since) / span))
        return round(_LEFT + across * (_RIGHT - _LEFT), 1), _height(value, top)

    lines = [
        _draw_line([None if value is None else place(at, value) for at, value in line.points], number)
        for number, line in enumerate(panel.lines)
    ]
    return "".join(
        (
            f'<text x="12" y="20" font-weight="bold">{escape(panel.title)}, {escape(panel.unit)}</text>',
            *(_legend(line, number) for number, line in enumerate(panel.lines)),
            value_axis(panel.unit, top, left=_LEFT, right=_RIGHT, height=partial(_height, top=top)),
            _time_axis(span),
            *lines,
            _limit(panel, top),
        )
    )


def _draw_line(places: Sequence[tuple[float, float] | None], number: int) -> str:
    """Draw what is connected as a line and what stands alone as a dot; what is not known stays empty."""
    drawn = []
    for known, group in groupby(places, key=lambda place: place is not None):
        piece = [place for place in group if place is not None]
        if not known:
            continue
        if len(piece) == 1:
            drawn.append(f'<circle cx="{piece[0][0]}" cy="{piece[0][1]}" r="3" fill="{_COLOURS[number]}"/>')
        else:
            points = " ".join(f"{across},{down}" for across, down in piece)
            drawn.append(f'<polyline points="{points}" fill="none" {_STYLES[number]} stroke-linejoin="round"/>')
    return "".join(drawn)


def _legend(line: Line, number: int) -> str:
    down = 38 + 18 * number
    words = line.name if line.values else f"{line.name}: not known"
    return (
        f'<path d="M12 {down}h26" {_STYLES[number]}/>'
        f'<text x="44" y="{down + 4}" fill="{_COLOURS[number] if number == 0 else "#a34700"}">{escape(words)}</text>'
    )


def value_axis(unit: str, top: float, *, left: int, right: int, height: Callable[[float], float]) -> str:
    """Return three ticks with their lines, from zero to `top`; `height` is where a value lies."""
    ticks = []
    for value in (0.0, top / 2, top):
        down = height(value)
        ticks.append(
            f'<path d="M{left} {down:.1f}H{right}" stroke="#d0d7de"/>'
            f'<text x="{left - 6}" y="{down + 4:.1f}" text-anchor="end" font-size="11" fill="{GREY}">'
            f"{escape(say_value(value, unit))}</text>"
        )
    return "".join(ticks)


def _time_axis(span: timedelta) -> str:
    seconds = span.total_seconds()
    size, unit = (60, "min") if seconds >= 120 else (1, "s")
    ticks = (
        f'<text x="{_LEFT + share * (_RIGHT - _LEFT):g}" y="{_BOTTOM + 17}" text-anchor="{anchor}">'
        f"{round(share * seconds / size, 1):g} {unit}</text>"
        for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end"))
    )
    middle = (_LEFT + _RIGHT) / 2
    words = "since the new version took traffic"
    return (
        f'<path d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}" fill="none" stroke="{INK}"/>{"".join(ticks)}'
        f'<text x="{middle:g}" y="{_BOTTOM + 33}" text-anchor="middle" fill="{GREY}">{words}</text>'
    )


def _limit(panel: Panel, top: float) -> str:
    down, dots = _height(panel.limit, top), f'stroke="{INK}" stroke-width="1.5" stroke-dasharray="2 3"'
    return (
        f'<path d="M{_LEFT} {down}H{_RIGHT}" {dots}/><path d="M140 16h20" {dots}/>'
        f'<text x="{_RIGHT}" y="20" text-anchor="end">limit {escape(say_value(panel.limit, panel.unit))}</text>'
    )


def _height(value: float, top: float) -> float:
    return round(_BOTTOM - value / top * (_BOTTOM - _TOP), 1)


def round_up(value: float) -> float:
    """Return the next value that reads well on an axis."""
    size = 10.0 ** math.floor(math.log10(value))
    return next(step * size for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * size >= value * 0.9999)


def say_value(value: float, unit: str) -> str:
    """Say a value with its unit, as an axis does."""
    return f"{_number(value)}{'' if unit in ('', '%') else ' '}{unit}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
