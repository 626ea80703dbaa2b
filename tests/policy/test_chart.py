"""The picture of both lines: numbers in words for whoever does not see it, gaps where nothing is known."""

import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from policy.chart import Line, Panel, as_image, describe, draw_chart

BEGAN = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def line(name: str, *values: float | None) -> Line:
    """One value a minute."""
    return Line(name, [(BEGAN + timedelta(minutes=minute), value) for minute, value in enumerate(values)])


def draw(*lines: Line, unit: str = "%", limit: float = 1.0, minutes: float = 4) -> ElementTree.Element:
    panel = Panel("Error rate", unit, lines, limit)
    svg = draw_chart([panel], since=BEGAN, until=BEGAN + timedelta(minutes=minutes))
    return ElementTree.fromstring(svg)  # noqa: S314  (the text is our own)


def words(picture: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]


def test_axes_legend_and_limit_say_what_they_are() -> None:
    picture = draw(line("new version", 0.2, 1.8), line("old version", 0.1, 0.2))

    assert words(picture) == [
        "Error rate, %",
        "new version",
        "old version",
        "0%",
        "1%",
        "2%",
        "0 min",
        "2 min",
        "4 min",
        "since the new version took traffic",
        "limit 1%",
    ]


def test_lines_reach_from_the_first_minute_to_the_last_and_from_zero_to_the_top() -> None:
    picture = draw(line("new version", 0, None, None, 2, 2), line("old version", 0, 1))

    old = picture.findall(f".//{SVG}polyline")[-1]
    assert old.get("points") == "54.0,190.0 103.0,152.7"


def test_what_is_not_known_is_a_gap_and_what_stands_alone_a_dot() -> None:
    picture = draw(line("new version", 1, 1, None, 1), line("old version", None, None))

    assert len(picture.findall(f".//{SVG}polyline")) == 1
    assert [dot.get("cx") for dot in picture.iter(f"{SVG}circle")] == ["201.0"]
    assert "old version: not known" in words(picture)


def test_the_two_lines_differ_in_more_than_colour() -> None:
    picture = draw(line("new version", 1, 1), line("old version", 1, 1))

    new, old = picture.findall(f".//{SVG}polyline")
    assert new.get("stroke-dasharray") is None
    assert old.get("stroke-dasharray") is not None
    assert new.get("stroke") != old.get("stroke")


def test_the_picture_brings_its_own_ground_for_any_theme() -> None:
    first = draw(line("new version", 1), line("old version", 1))[0]

    assert (first.tag, first.get("fill")) == (f"{SVG}rect", "#ffffff")


@pytest.mark.parametrize(
    ("value", "top"), [(0.5, "1.5%"), (5.0, "6%"), (80.0, "100%"), (0.0, "1.5%"), (9.05, "10%"), (120.0, "150%")]
)
def test_the_limit_and_all_values_are_within_the_axis(value: float, top: str) -> None:
    assert words(draw(line("new version", value), line("old version")))[5] == top


def test_a_short_watch_is_measured_in_seconds_and_none_at_all_is_no_fault() -> None:
    assert "2.5 s" in words(draw(line("new version", 1), line("old version", 1), minutes=5 / 60))
    assert "1 s" in words(draw(line("new version", 1), line("old version", 1), minutes=0))


def test_names_cannot_break_the_picture() -> None:
    assert "<new> & ]" in words(draw(line("<new> & ]", 1), line("old version", 1)))


def test_the_words_beside_it_hold_the_numbers() -> None:
    panel = Panel("p95 latency", "ms", [line("new version", 90, 1240, 130, None), line("old version")], 500)

    assert describe(panel) == (
        "p95 latency: new version 130 ms at the end, 1,240 ms at most; old version not known; limit 500 ms"
    )


def test_the_image_is_markdown_that_needs_nothing_else() -> None:
    image = as_image("<svg>&</svg>", alt="a [b]\nc")

    found = re.fullmatch(r"!\[a  b  c\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", image)
    assert found is not None
    assert b64decode(found[1]) == b"<svg>&</svg>"
