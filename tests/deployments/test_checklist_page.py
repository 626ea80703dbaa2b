"""The pages that are written from code are up to date, and name only what exists."""

import pytest

from deployments import checklist_page, database_page, prefect_page, settings_page
from deployments.checklist_page import find_places
from policy.checklist import ITEMS

CARRIED_OUT = (
    "1.3.1",
    "1.3.2",
    "1.3.4",
    "1.3.5",
    "1.3.6",
    "1.3.7",
    "7.1.1",
    "1.4.1",
    "1.4.3",
    "1.4.5",
    "2.1.1",
    "2.1.2",
    "2.1.3",
    "2.1.4",
    "2.1.5",
    "2.1.6",
    "2.1.7",
    "3.1.1",
    "3.1.2",
    "3.1.3",
    "3.1.5",
    "3.2.1",
    "3.2.3",
    "3.2.4",
    "3.3.1",
    "3.4.1",
    "4.1.1",
    "4.2.2",
    "4.2.3",
    "4.2.4",
    "2.3.1",
    "5.2.1",
    "5.2.2",
    "5.2.3",
    "5.2.4",
    "5.2.5",
    "5.2.6",
    "6.1.4",
    "8.1",
    "9.1",
    "10.1",
    "10.2",
    "10.3",
)


def test_the_page_of_the_checklist_is_up_to_date() -> None:
    assert checklist_page.main(["--check"]) == 0


def test_the_page_of_the_settings_is_up_to_date() -> None:
    assert settings_page.main(["--check"]) == 0


def test_the_page_of_deployments_and_blocks_is_up_to_date() -> None:
    assert prefect_page.main(["--check"]) == 0


def test_the_classes_of_migrations_are_up_to_date() -> None:
    assert database_page.main(["--check"]) == 0


def test_every_number_that_code_names_is_on_the_checklist() -> None:
    assert set(find_places()) <= set(ITEMS)


@pytest.mark.parametrize("number", CARRIED_OUT)
def test_an_item_that_is_promised_is_carried_out_by_code(number: str) -> None:
    assert number in find_places()
