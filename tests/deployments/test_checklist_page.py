"""The pages that are written from code are up to date, and name only what exists."""

import pytest

from deployments import checklist_page, database_page, prefect_page, settings_page
from deployments.checklist_page import find_places
from policy.checklist import ITEMS
from policy.items import in_order

NUMBERS = sorted(ITEMS, key=in_order)

PLACES = find_places()
NUMBERS = sorted(ITEMS, key=in_order)


def test_the_page_of_the_checklist_is_up_to_date() -> None:
    assert checklist_page.main(["--check"]) == 0


def test_the_page_of_the_settings_is_up_to_date() -> None:
    assert settings_page.main(["--check"]) == 0


def test_the_page_of_deployments_and_blocks_is_up_to_date() -> None:
    assert prefect_page.main(["--check"]) == 0


def test_the_classes_of_migrations_are_up_to_date() -> None:
    assert database_page.main(["--check"]) == 0


def test_every_number_that_code_names_is_on_the_checklist() -> None:
    assert set(PLACES) <= set(ITEMS)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_item_of_the_checklist_is_carried_out_by_code(number: str) -> None:
    assert number in PLACES
