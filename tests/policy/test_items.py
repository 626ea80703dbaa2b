"""What an item is, and when it stops a way to production."""

import pytest

from policy.items import Asked, Item, Kind, Way, in_order


def item_of(kind: Kind, asked: Asked, number: str = "1.4.3") -> Item:
    return Item(number, "Database backup recent", kind, dict.fromkeys(Way, asked), "newest backup < 24 h old")


@pytest.mark.parametrize(
    ("kind", "asked", "stops"),
    [
        (Kind.GATE, Asked.REQUIRED, True),
        (Kind.ACTION, Asked.REQUIRED, True),
        (Kind.ATTEST, Asked.REQUIRED, True),
        (Kind.ADVICE, Asked.REQUIRED, False),
        (Kind.GATE, Asked.SHOWN, False),
        (Kind.ACTION, Asked.INFORMS, False),
        (Kind.GATE, Asked.NOT_ASKED, False),
    ],
)
def test_only_what_is_required_and_no_advice_stops(kind: Kind, asked: Asked, *, stops: bool) -> None:
    assert item_of(kind, asked).stops(Way.STANDARD) is stops


def test_an_item_is_called_by_number_and_title() -> None:
    item = item_of(Kind.GATE, Asked.REQUIRED)

    assert (item.name, item.section) == ("1.4.3 Database backup recent", "1.4")


def test_numbers_are_ordered_as_numbers() -> None:
    assert sorted(["1.3.10", "1.3.9", "10.1", "9.2"], key=in_order) == ["1.3.9", "1.3.10", "9.2", "10.1"]
