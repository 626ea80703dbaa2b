"""Writes docs/checklist.md: every item of the checklist, who asks it how, and the function that carries it out.

`python -m deployments.checklist_page` writes the page; with `--check` it only says whether the page is up to date.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deployments.generated_page import write_or_check
from policy.checklist import ITEMS
from policy.items import Asked, Item, Way, in_order

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "checklist.md"
SEARCHED = ("tasks", "flows")
NUMBER = r"\d+\.\d+(?:\.\d+)?"
NAMES_AN_ITEM = frozenset({"item", "advice_for", "explain"})
HEAD = """# The checklist and who carries it out

This page is written by `python -m deployments.checklist_page`; a test fails when it is out of date.
Every item of the checklist has its number, what it is for, how each way to production asks it,
and the functions that carry it out.
A *gate* stops the way forward until it passes or is waived, an *action* has to succeed,
*advice* is shown and never stops, and to an *attest* a named person puts their name.

"""
WAYS = {
    Way.STANDARD: "standard",
    Way.HOTFIX: "hotfix",
    Way.MIGRATION: "migration alone",
    Way.HOMEWARD: "roll-back, recovery",
    Way.MANUAL: "by hand",
}
SHORT = {
    Asked.REQUIRED: "required",
    Asked.SHOWN: "shown",
    Asked.INFORMS: "informs",
    Asked.NOT_ASKED: "-",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A function that says in code which item it carries out."""

    module: str
    function: str

    @property
    def link(self) -> str:
        """The function as a link to its file."""
        return f"[`{self.module}.{self.function}`](../{self.module.replace('.', '/')}.py)"


def find_places() -> Mapping[str, tuple[Place, ...]]:
    """Return for each number that code names the functions that name it, in the order of the files."""
    found: dict[str, list[Place]] = defaultdict(list)
    for folder in SEARCHED:
        for file in sorted((ROOT / folder).glob("*.py")):
            module = f"{folder}.{file.stem}"
            for function in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(function, ast.FunctionDef):
                    for number in sorted(set(numbers_of(function))):
                        found[number].append(Place(module, function.name))
    return {number: tuple(places) for number, places in found.items()}


def numbers_of(function: ast.FunctionDef) -> Iterator[str]:
    """Yield what `@item("…")`, `number="…"`, `item="…"` and a docstring that begins with a number claim."""
    claim, *_ = (ast.get_docstring(function) or "").split("\n")
    if re.match(NUMBER, claim):
        yield from re.findall(NUMBER, claim)
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in NAMES_AN_ITEM:
            yield from _numbers(node.args)
        yield from _numbers([word.value for word in node.keywords if word.arg in ("number", "item")])


def render(places: Mapping[str, tuple[Place, ...]]) -> str:
    """Return the page; raises KeyError with the number of an item that no code carries out."""
    lines = [
        HEAD + f"All {len(ITEMS)} items are carried out by code.\n",
        f"| number | title | passes when | kind | {' | '.join(WAYS.values())} | carried out by |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(_row(ITEMS[number], places[number]) for number in sorted(ITEMS, key=in_order)),
    ]
    return "\n".join(lines) + "\n"


def _row(item: Item, places: tuple[Place, ...]) -> str:
    asked = [SHORT[item.asked[way]] for way in WAYS]
    told = [place for place in places if not place.function.startswith("_")] or places
    who = ", ".join(place.link for place in told)
    return f"| {' | '.join((item.number, item.title, item.passes, item.kind.value, *asked, who))} |"


def _numbers(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(NUMBER, node.value):
            yield node.value


def main(words: list[str]) -> int:
    """Write the page, or say whether it is up to date."""
    return write_or_check(PAGE, render(find_places()), words, module="checklist_page")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
