"""Compose files as the stand-in reads them."""

from pathlib import Path

import pytest

from lab.engine.compose_file import fill_in, parse, read_services
from lab.engine.refusal import RefusedError


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: 1\nb:\n  c: x y\n", {"a": "1", "b": {"c": "x y"}}),
        ("ports:\n  - 'a:1'\n  - b\n", {"ports": ["a:1", "b"]}),
        ("ports:\n- a\n- b\nimage: n@sha256:1\n", {"ports": ["a", "b"], "image": "n@sha256:1"}),
        (
            'services: {web-1: {image: "n@sha256:ab"}}\n',
            {"services": {"web-1": {"image": "n@sha256:ab"}}},
        ),
        (
            "services: {web: {image: n:1, ports: [a, b]}}",
            {"services": {"web": {"image": "n:1", "ports": ["a", "b"]}}},
        ),
        ('{"services": {"web": {"image": "n:1"}}}', {"services": {"web": {"image": "n:1"}}}),
        ("# only a remark\na: b # why\n", {"a": "b"}),
        ("", None),
    ],
)
def test_block_and_flow_style_are_read_alike(text: str, data: object) -> None:
    assert parse(text) == data


@pytest.mark.parametrize("text", ["a: 1\n b: 2\n", "just words\n", "a: {b\n", "a: 1\na: 2\n"])
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="yaml"):
        parse(text)


def test_variables_are_filled_in_with_their_defaults() -> None:
    filled = fill_in("$A ${A} ${B:-two} ${C} $$A", {"A": "one"})

    assert filled == "one one two  $A"


def test_a_later_file_changes_the_image_and_nothing_else(tmp_path: Path) -> None:
    base = tmp_path / "base.yml"
    base.write_text("services:\n  web:\n    image: n:1\n    environment:\n      A: x\n")
    over = tmp_path / "over.yml"
    over.write_text('services: {web: {image: "n:2", environment: {B: y}}}\n')

    assert read_services([base, over], {}) == {"web": {"image": "n:2", "environment": {"A": "x", "B": "y"}}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("services:\n  web:\n    image: n:1\n    privileged: true\n", "privileged"),
        ("services:\n  web:\n    image: n:1\n    restart: always\n", "restart"),
        ("services:\n  web:\n    ports: []\n", "neither an image"),
        ("web:\n  image: n:1\n", "services must be a mapping"),
    ],
)
def test_a_file_that_the_stand_in_would_misread_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "compose.yml"
    file.write_text(content)

    with pytest.raises(RefusedError, match=said):
        read_services([file], {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"nothing\.yml: no such file"):
        read_services([tmp_path / "nothing.yml"], {})


@pytest.mark.parametrize("build", ["build: .", "build:\n      context: .\n      args:\n        BASE: n:1"])
def test_a_later_file_gives_a_build_its_arguments(tmp_path: Path, build: str) -> None:
    base, over = tmp_path / "base.yml", tmp_path / "over.yml"
    base.write_text(f"services:\n  web:\n    {build}\n")
    over.write_text('services: {web: {image: "countersign/web:r1", build: {args: {GIT_COMMIT: "b2b2"}}}}\n')

    found = read_services([base, over], {})["web"]

    assert found["image"] == "countersign/web:r1"
    assert found["build"]["context"] == "."
    assert found["build"]["args"]["GIT_COMMIT"] == "b2b2"
