"""mode: observe. What is let pass is said to whoever approves; what is done to the database is never let pass."""

from collections.abc import Iterable

from policy.items import Item, Way, in_order
from policy.judgement import Judgement, Verdict
from policy.limits import Mode
from policy.own_checks import item_of
from policy.page import Entry, say_each
from policy.record import Event, Row

_DATABASE = "6."
_BEFORE_THE_FIRST_CHANGE = ("1.", "2.3.", "5.2.")


def stops_in(mode: Mode, item: Item) -> bool:
    """Whether an item that stops a release stops it in this mode as well.

    Migrations run before anybody is asked, and not all of them can be taken back: section 6 stops an observer too.
    """
    return mode is Mode.RELEASE or (mode is Mode.OBSERVE and item.number.startswith(_DATABASE))


def list_let_pass(rows: Iterable[Row], way: Way) -> tuple[Entry, ...]:
    """Return what was asked before the first change and would have stopped a release, by its newest verdict."""
    found: dict[str, Entry] = {}
    for row in rows:
        if row.event is not Event.JUDGED or not row.item.startswith(_BEFORE_THE_FIRST_CHANGE):
            continue
        item = item_of(row)
        if item is not None and item.stops(way):
            verdict = Verdict(str(row.facts.get("verdict", Verdict.UNKNOWN)))
            found[item.number] = (item, Judgement(verdict, str(row.facts.get("sentence", "not said"))))
    wrong = (entry for entry in found.values() if not entry[1].verdict.lets_pass)
    return tuple(sorted(wrong, key=lambda entry: in_order(entry[0].number)))


def say_observed(mode: Mode, rows: Iterable[Row], way: Way) -> str:
    """Say that a release only observes and what that let pass; nothing in any other mode."""
    if mode is not Mode.OBSERVE:
        return ""
    let_pass = list_let_pass(rows, way)
    if not let_pass:
        return "observe: no item that fails stops this release; so far nothing was let pass"
    return f"observe: these failed or are unknown and were let pass: {say_each(let_pass)}"
