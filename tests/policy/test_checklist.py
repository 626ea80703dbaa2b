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


@pytest.mark.parametrize("way", [Way.HOTFIX, Way.HOMEWARD])
def test_what_only_tells_people_stops_no_hotfix_and_no_way_home(way: Way) -> None:
    telling = ("1.3.7", "1.3.8", "1.3.9", "2.1.7", "3.3.1", "3.3.2", "3.3.3")

    assert not any(ITEMS[number].stops(way) for number in telling)


def test_advice_stops_nobody() -> None:
    advice = [item for item in ITEMS.values() if item.kind is Kind.ADVICE]

    assert advice
    assert not any(item.stops(way) for item in advice for way in Way)


def test_nobody_can_change_the_list() -> None:
    assert isinstance(ITEMS, MappingProxyType)
    assert all(isinstance(item.asked, MappingProxyType) for item in ITEMS.values())
