"""A picture of bars, one for each quarter, as a small SVG made by hand, like the lines of policy/chart.py.

Two colours that everybody can tell apart (Okabe and Ito) say whether a target was met; a missed bar is hatched besides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from xml.sax.saxutils import escape

from policy.chart import GREY, INK, round_up, value_axis

WIDTH, HEIGHT = 430, 218
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 418, 66, 176
_FILLS = {True: "#0072B2", False: "url(#missed)", None: "#8c959f"}
_SHADES = ("#9ecae9", "#4a90c2", "#0b4f7d")
_WIDE = 12
NO_RECORD = "-"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar by its name on the axis; without a value there is none, and `said` stands in its place."""

    name: str
    value: float | None
    said: str
    met: bool | None = None
    stack: tuple[float, ...] = ()
    open: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """What is measured in which unit, its bars, and the target with what it says; the last bar is the report's.

    `keys` names the parts of stacked bars; `top` is the end of the axis, where it does not follow from the bars.
    """

    title: str
    unit: str
    bars: Sequence[Bar]
    target: float | None
    target_said: str
    keys: tuple[str, ...] = ()
    top: float | None = None


def draw_bars(panel: Bars) -> str:
    """Return one panel as the inside of an SVG, WIDTH by HEIGHT."""
    values = [bar.value for bar in panel.bars if bar.value is not None]
    top = panel.top or round_up(1.1 * max([*values, panel.target or 0.0]) or 1.0)
    step = (_RIGHT - _LEFT) / max(len(panel.bars), 1)
    return "".join(
        (
            f'<text x="14" y="24" font-size="14" font-weight="bold">{escape(panel.title)}</text>',
            f'<text x="14" y="42" fill="{GREY}">{escape(panel.target_said)}</text>',
            _shades(panel.keys),
            value_axis(panel.unit, top, left=_LEFT, right=_RIGHT, height=partial(_height, top=top)),
            *(_bar(bar, _LEFT + place * step, step, top) for place, bar in enumerate(panel.bars)),
            _target(panel.target, top),
            *(_words(bar, _LEFT + (place + 0.5) * step, top) for place, bar in enumerate(panel.bars)),
            f'<path d="M{_LEFT} {_BOTTOM}H{_RIGHT}" stroke="{INK}"/>',
            _last_name(panel.bars, step),
        )
    )


def patterns() -> str:
    """Return what the bars refer to; it stands once in the picture."""
    return (
        '<defs><pattern id="missed" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="6" height="6" fill="#D55E00"/><path d="M0 0V6" stroke="#ffffff" stroke-width="2"/>'
        "</pattern></defs>"
    )


def legend(left: int, down: int) -> str:
    """Return what the looks of a bar mean."""
    drawn = []
    for met, words in ((True, "target met"), (False, "target missed"), (None, "not decided")):
        drawn.append(
            f'<rect x="{left}" y="{down - 10}" width="12" height="12" fill="{_FILLS[met]}"/>'
            f'<text x="{left + 18}" y="{down}">{words}</text>'
        )
        left += 122
    return "".join(drawn) + f'<text x="{left}" y="{down}">{NO_RECORD} no record</text>'


def _bar(bar: Bar, left: float, step: float, top: float) -> str:
    if bar.value is None:
        return ""
    middle, wide = left + step / 2, step * 0.62
    begins = f'<rect x="{middle - wide / 2:.1f}" width="{wide:.1f}"'
    if not bar.stack:
        height = _height(bar.value, top)
        return f'{begins} y="{height:.1f}" height="{_BOTTOM - height:.1f}" fill="{_FILLS[bar.met]}"/>'
    drawn, below = "", 0.0
    for value, shade in zip(bar.stack, _SHADES, strict=True):
        upper, lower = _height(below + value, top), _height(below, top)
        drawn += f'{begins} y="{upper:.1f}" height="{lower - upper:.1f}" fill="{shade}"/>'
        below += value
    return drawn


def _words(bar: Bar, middle: float, top: float) -> str:
    """The name below, the value above; they stand before the line of the target."""
    name = f'<text x="{middle:.1f}" y="{_BOTTOM + 17}" text-anchor="middle" font-size="11">{escape(bar.name)}</text>'
    if bar.value is None:
        return name + _label(middle, _BOTTOM - 6, bar.said, GREY) + _open(bar, middle)
    return name + _label(middle, _height(bar.value, top) - 4, bar.said, INK) + _open(bar, middle)


def _label(middle: float, down: float, words: str, colour: str) -> str:
    """A value stands out from the line of the target behind it."""
    return (
        f'<text x="{middle:.1f}" y="{down:.1f}" text-anchor="middle" font-size="11" fill="{colour}"'
        f' stroke="#ffffff" stroke-width="3" paint-order="stroke">{escape(words)}</text>'
    )


def _open(bar: Bar, middle: float) -> str:
    if not bar.open:
        return ""
    return (
        f'<text x="{middle:.1f}" y="{_BOTTOM + 31}" text-anchor="middle" font-size="10" fill="#a34700">'
        f"{escape(bar.open)}</text>"
    )


def _last_name(bars: Sequence[Bar], step: float) -> str:
    """The quarter that the report is about is underlined."""
    if not bars:
        return ""
    left = _RIGHT - step
    return f'<path d="M{left + 3:.1f} {_BOTTOM + 21}H{_RIGHT - 3}" stroke="{INK}" stroke-width="2"/>'


def _target(target: float | None, top: float) -> str:
    if target is None:
        return ""
    down = _height(target, top)
    dots = f'stroke="{INK}" stroke-width="1.5" stroke-dasharray="2 3"'
    return f'<path d="M{_LEFT} {down:.1f}H{_RIGHT}" {dots}/>'


def _shades(keys: Sequence[str]) -> str:
    """Name the parts of stacked bars beside the title, from the right."""
    drawn, left = "", _RIGHT
    for name, shade in zip(reversed(keys), reversed(_SHADES[: len(keys)]), strict=True):
        left -= 34 + 7 * len(name)
        drawn += (
            f'<rect x="{left}" y="14" width="{_WIDE}" height="{_WIDE}" fill="{shade}"/>'
            f'<text x="{left + 17}" y="24">{escape(name)}</text>'
        )
    return drawn


def _height(value: float, top: float) -> float:
    return _BOTTOM - value / top * (_BOTTOM - _TOP)
