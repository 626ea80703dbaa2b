"""Every item of the checklist is there once, in its order, and every way says how it asks it."""

import re
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from policy.checklist import ITEMS
from policy.items import Asked, Item, Kind, Way, in_order


def test_all_the_items_are_there_once_and_in_order() -> None:
    assert len(ITEMS) == 81
    assert list(ITEMS) == sorted(ITEMS, key=in_order)
    assert all(number == item.number for number, item in ITEMS.items())


@pytest.mark.parametrize("item", ITEMS.values(), ids=list(ITEMS))
def test_an_item_says_everything_of_itself(item: Item) -> None:
    assert re.fullmatch(r"\d+(\.\d+){1,2}", item.number)
    assert item.title
    assert item.passes
    assert set(item.asked) == set(Way)


@pytest.mark.parametrize(
    ("number", "asked"),
    [
        pytest.param("1.1.2", {Way.STANDARD: Asked.REQUIRED, Way.HOMEWARD: Asked.NOT_ASKED}, id="review"),
        pytest.param("1.3.6", {Way.STANDARD: Asked.REQUIRED, Way.HOTFIX: Asked.NOT_ASKED}, id="window"),
        pytest.param("1.3.7", {Way.STANDARD: Asked.REQUIRED, Way.HOMEWARD: Asked.INFORMS}, id="telling"),
        pytest.param("1.4.3", {Way.STANDARD: Asked.REQUIRED, Way.HOTFIX: Asked.SHOWN}, id="backup"),
        pytest.param("2.1.4", dict.fromkeys(Way, Asked.REQUIRED), id="approval"),
        pytest.param("4.2.2", {Way.STANDARD: Asked.NOT_ASKED, Way.HOMEWARD: Asked.REQUIRED}, id="roll-back"),
        pytest.param("5.2.1", {Way.STANDARD: Asked.NOT_ASKED, Way.HOTFIX: Asked.REQUIRED}, id="urgency"),
    ],
)
def test_ways_ask_what_is_theirs(number: str, asked: Mapping[Way, Asked]) -> None:
    assert {way: ITEMS[number].asked[way] for way in asked} == asked


SECTION_6 = [number for number in ITEMS if number.startswith("6.")]
ON_STAGING = ("6.1.1", "6.1.3")


@pytest.mark.parametrize(
    ("way", "on_staging", "others"),
    [
        pytest.param(Way.STANDARD, Asked.REQUIRED, Asked.REQUIRED, id="standard"),
        pytest.param(Way.MIGRATION, Asked.REQUIRED, Asked.REQUIRED, id="migration alone"),
        pytest.param(Way.MANUAL, Asked.REQUIRED, Asked.REQUIRED, id="by hand"),
        pytest.param(Way.HOTFIX, Asked.SHOWN, Asked.REQUIRED, id="hotfix: staging and windows are shown"),
        pytest.param(Way.HOMEWARD, Asked.NOT_ASKED, Asked.NOT_ASKED, id="way home: nothing is migrated"),
    ],
)
def test_each_way_asks_its_items_of_section_6(way: Way, on_staging: Asked, others: Asked) -> None:
    asked = {number: ITEMS[number].asked[way] for number in SECTION_6}

    assert asked == {number: on_staging if number in ON_STAGING else others for number in SECTION_6}


@pytest.mark.parametrize(
    ("number", "asked"),
    [
        ("1.1.2", Asked.REQUIRED),
        ("1.3.6", Asked.REQUIRED),
        ("1.4.3", Asked.REQUIRED),
        ("2.1.1", Asked.NOT_ASKED),
        ("2.1.2", Asked.NOT_ASKED),
        ("2.1.4", Asked.REQUIRED),
        ("2.1.6", Asked.REQUIRED),
        ("3.1.3", Asked.REQUIRED),
        ("3.4.4", Asked.NOT_ASKED),
    ],
)
def test_a_migration_alone_is_reviewed_and_approved_as_a_release_and_touches_no_server(
    number: str, asked: Asked
) -> None:
    assert ITEMS[number].asked[Way.MIGRATION] is asked


@pytest.mark.parametrize("way", [Way.HOTFIX, Way.HOMEWARD])
def test_what_only_tells_people_stops_no_hotfix_and_no_way_home(way: Way) -> None:
    telling = ("1.3.7", "1.3.8", "1.3.9", "2.1.7", "3.3.1", "3.3.2", "3.3.3")

    assert not any(ITEMS[number].stops(way) for number in telling)


@pytest.mark.parametrize("number", ["2.1.7", "3.3.1", "3.3.2", "3.3.3"])
def test_what_is_live_goes_home_for_no_message(number: str) -> None:
    assert not any(ITEMS[number].stops(way) for way in Way)


def test_advice_stops_nobody() -> None:
    advice = [item for item in ITEMS.values() if item.kind is Kind.ADVICE]

    assert advice
    assert not any(item.stops(way) for item in advice for way in Way)


def test_nobody_can_change_the_list() -> None:
    assert isinstance(ITEMS, MappingProxyType)
    assert all(isinstance(item.asked, MappingProxyType) for item in ITEMS.values())
