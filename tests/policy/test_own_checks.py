"""Checks of the company's own are items like the others, under numbers that the checklist never has."""

from typing import Any

import pytest

from policy.bottleneck import read_not_passed, read_waits
from policy.checklist import ITEMS
from policy.first_bad_sign import first_bad_sign
from policy.items import Asked, Item, Kind, Way
from policy.own_checks import SECTIONS, facts_of, item_of, own_item
from policy.record import Event, Row
from policy.record_page import render_record
from policy.timeline import list_timeline
from policy.waivers import can_be_waived
from tests.policy.rows import numbered, row, under_way

PASSES = "At most 100 mails wait."
HOME = row(Event.GOING_HOME, item="4.1.1", cause="red flag", sentence="8 % errors")


def an_item(number: str = "3.1.101", *, kind: Kind = Kind.GATE) -> Item:
    return own_item(number, "Mail queue is short", kind=kind, passes=PASSES)


def judged(item: Item, verdict: str = "failed") -> Row:
    described: dict[str, Any] = dict(facts_of(item))
    return row(Event.JUDGED, item=item.number, verdict=verdict, sentence="7 wait", **described)


@pytest.mark.parametrize("section", SECTIONS)
def test_each_way_asks_it_as_it_asks_gates_of_its_section(section: str) -> None:
    asked = [item.asked for item in ITEMS.values() if item.section == section and item.kind is Kind.GATE]

    item = an_item(f"{section}.101")

    assert (item.section, item.name, item.passes) == (section, f"{section}.101 Mail queue is short", PASSES)
    assert item.asked in asked
    assert item.stops(Way.STANDARD)
    assert item.asked[Way.HOMEWARD] is Asked.NOT_ASKED
    assert can_be_waived(item)


def test_advice_never_stops() -> None:
    assert not any(an_item(kind=Kind.ADVICE).stops(way) for way in Way)


@pytest.mark.parametrize("number", ["", "1.4", "1.4.1", "1.4.20", "1.4.020", "1.4.1010", "2.1.101", "4.2.101", "x.y.z"])
def test_a_number_that_is_the_checklist_s_or_of_no_phase_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match=r"number: found .* expected a section \(1\.1, .*\) and three digits"):
        an_item(number)


@pytest.mark.parametrize("kind", [Kind.ACTION, Kind.ATTEST])
def test_a_check_is_no_action_and_nobody_s_word(kind: Kind) -> None:
    with pytest.raises(ValueError, match="expected gate or advice"):
        an_item(kind=kind)


@pytest.mark.parametrize(("title", "passes"), [("", PASSES), (" ", PASSES), ("Mail queue", ""), ("Mail queue", "\n")])
def test_it_says_what_it_is_and_when_it_passes(title: str, passes: str) -> None:
    with pytest.raises(ValueError, match="expected a title, and a docstring that says when it passes"):
        own_item("1.4.101", title, kind=Kind.GATE, passes=passes)


@pytest.mark.parametrize("item", ITEMS.values(), ids=list(ITEMS))
def test_the_checklist_s_own_items_need_no_description_in_the_record(item: Item) -> None:
    assert facts_of(item) == {}
    assert item_of(judged(item)) is item


def test_the_record_tells_of_a_check_whose_file_is_long_gone() -> None:
    item = an_item()

    found = item_of(judged(item))

    assert found is not None
    assert (found.name, found.kind) == (item.name, Kind.GATE)
    assert "*judged* 3.1.101 Mail queue is short | failed: 7 wait |" in render_record(
        numbered([judged(item)]), zone="UTC"
    )


@pytest.mark.parametrize("facts", [{}, {"title": "A"}, {"title": "A", "kind": "action"}, {"title": "", "kind": "gate"}])
def test_a_row_that_describes_no_check_is_about_none(facts: dict[str, Any]) -> None:
    assert item_of(row(Event.JUDGED, item="3.1.101", verdict="failed", **facts)) is None


def test_what_it_stops_and_how_long_it_takes_is_counted() -> None:
    gate, advice = an_item("1.4.101"), an_item("1.4.102", kind=Kind.ADVICE)
    rows = numbered([row(Event.OPENED), judged(gate), judged(advice)])

    assert read_not_passed(rows, Way.STANDARD) == {"1.4.101"}
    assert set(read_waits(rows, merged_at=None)) == {"1.4.101", "1.4.102"}


def test_a_failure_after_the_first_change_is_a_bad_sign_and_stands_in_the_timeline() -> None:
    rows = under_way(judged(an_item("3.1.102", kind=Kind.ADVICE)), judged(an_item()), HOME)

    found = first_bad_sign(rows)

    assert found is not None
    assert found.what == "3.1.101 Mail queue is short failed"
    (line,) = [line for line in list_timeline(rows, zone="UTC") if "Mail queue" in line]
    assert line.endswith("3.1.101 Mail queue is short failed: what was found stands in the record")
