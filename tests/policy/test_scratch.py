"""Scratch databases: their names, what a killed run left, and that they are not made on production's server."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.scratch import Server, list_abandoned, name_scratch, say_production

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PRODUCTION = Server(1, NOW - timedelta(days=30))
COPY = Server(1, NOW - timedelta(days=2))
OTHER = Server(2, NOW)


def abandoned(*names: str) -> tuple[str, ...]:
    return list_abandoned(names, prefix="scratch", now=NOW, patience=HOUR)


def made(*, ago: timedelta) -> str:
    return name_scratch("scratch", at=NOW - ago, token="0a1b2c3d")


def test_a_name_says_when_it_was_made() -> None:
    assert made(ago=timedelta(0)) == "scratch_20261126030000_0a1b2c3d"


def test_what_is_too_old_to_be_in_use_was_left_behind() -> None:
    young, old = made(ago=3 * HOUR), made(ago=3 * HOUR + timedelta(seconds=1))

    assert abandoned(young, old) == (old,)


@pytest.mark.parametrize(
    "name",
    ["postgres", "scratch", "scratch_notes", "scratch_20200101000000", "scratch_20209901000000_ab", "holi",
     "scratch_20200101000000_ab; DROP", "my_scratch_20200101000000_ab", "scratch_2020010100000_ab"],
)  # fmt: skip
def test_nothing_that_has_another_name_is_ever_dropped(name: str) -> None:
    assert abandoned(name) == ()


@given(st.text())
def test_no_name_of_anybody_else_is_taken_for_ours(name: str) -> None:
    assert all(found.startswith("scratch_") for found in abandoned(name))


@pytest.mark.parametrize(
    ("scratch", "refused"),
    [
        pytest.param(("db.internal", 5432, None), True, id="the same address"),
        pytest.param(("DB.internal", 5432, OTHER), True, id="the same address in other letters"),
        pytest.param(("alias.internal", 6432, PRODUCTION), True, id="the same server under another name"),
        pytest.param(("db.internal", 5433, OTHER), False, id="another port"),
        pytest.param(("scratch.internal", 5432, OTHER), False, id="another server"),
        pytest.param(("scratch.internal", 5432, COPY), False, id="a server that began as a copy of production's disk"),
        pytest.param(("scratch.internal", 5432, None), False, id="a server that does not say which it is"),
    ],
)
def test_productions_own_server_is_refused(scratch: tuple[str, int, Server | None], *, refused: bool) -> None:
    production = ("db.internal", 5432, PRODUCTION)

    said = say_production(scratch, production, shares=False)

    assert bool(said) is refused
    assert not refused or "set shares_production = true" in said
    assert say_production(scratch, production, shares=True) == ""


def test_a_server_that_says_nothing_is_not_taken_for_another_that_says_nothing() -> None:
    assert say_production(("a", 1, None), ("b", 1, None), shares=False) == ""
