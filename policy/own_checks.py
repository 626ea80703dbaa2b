"""Checks of the company's own: items that stand beside the checklist's, in the phase that their number names."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from policy.checklist import AFTERWARDS, BEFORE, ITEMS, REVIEW, VERIFICATION
from policy.items import Asked, Item, Kind, Way
from policy.record import Row

# Three digits: the checklist's own numbers have two at most, so a later edition of it meets none of the company's.
_NUMBER = re.compile(r"(\d\.\d)\.[1-9]\d\d")
_KINDS = (Kind.GATE, Kind.ADVICE)
SECTIONS: Mapping[str, Mapping[Way, Asked]] = MappingProxyType(
    {
        "1.1": REVIEW,
        "1.2": REVIEW,
        "1.3": BEFORE,
        "1.4": BEFORE,
        "3.1": VERIFICATION,
        "3.2": AFTERWARDS,
        "3.4": AFTERWARDS,
    }
)


def own_item(number: str, title: str, *, kind: Kind, passes: str) -> Item:
    """Return the item, asked by each way as the others of its section; raises ValueError saying what was expected."""
    found = _NUMBER.fullmatch(number)
    if found is None or found[1] not in SECTIONS:
        raise ValueError(
            f"number: found {number!r}, expected a section ({', '.join(SECTIONS)}) and three digits, such as 1.4.101"
        )
    if kind not in _KINDS:
        raise ValueError(f"{number}: kind: found {kind!r}, expected gate or advice: a check changes nothing")
    if not title.strip() or not passes.strip():
        raise ValueError(f"{number}: expected a title, and a docstring that says when it passes")
    return Item(number, title, kind, SECTIONS[found[1]], passes.strip().splitlines()[0])


def facts_of(item: Item) -> Mapping[str, str]:
    """What a row about the item has to say of it: the checklist's items are known, one's own may be gone tomorrow."""
    return {} if item.number in ITEMS else {"title": item.title, "kind": item.kind.value}


def item_of(row: Row) -> Item | None:
    """Return the item that a row is about: of the checklist, or one's own as the row itself describes it."""
    if row.item in ITEMS or "title" not in row.facts:
        return ITEMS.get(row.item)
    title = str(row.facts["title"])
    try:
        return own_item(row.item, title, kind=Kind(str(row.facts["kind"])), passes=title)
    except (KeyError, ValueError):
        return None
