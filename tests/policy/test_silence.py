"""Since when a process that died was silent."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.plans import Cause
from policy.record import Event, Row
from policy.silence import Silence, read_silence, silence_facts
from tests.policy.rows import BEGAN, row, touched

SECOND = timedelta(seconds=1)
STALE = 45 * SECOND


def written(*seconds: int) -> list[Row]:
    return [replace(touched(), at=BEGAN + after * SECOND) for after in seconds]


def silence(rows: list[Row], cause: Cause = Cause.DIED, *, beat: int = 30) -> Silence | None:
    facts = silence_facts(rows, cause, last_sign=BEGAN + beat * SECOND, stale_after=STALE)
    return read_silence(replace(row(Event.TOOK_OVER), facts=facts))


@pytest.mark.parametrize(
    ("rows", "cause", "expected"),
    [
        pytest.param(written(3, 12), Cause.DIED, (30, "the process fell silent"), id="its heart beat last"),
        pytest.param(written(3, 41), Cause.DIED, (41, "the process fell silent"), id="it wrote after that beat"),
        pytest.param(written(3, 76), Cause.DIED, (30, "the process fell silent"), id="whoever found it wrote"),
        pytest.param([], Cause.DIED, (30, "the process fell silent"), id="it wrote nothing"),
        pytest.param(written(3, 31), Cause.CANCELLED, (30, "the run was cancelled"), id="cancelled, and paged"),
        pytest.param([], Cause.UNSEALED, (30, "the run ended without sealing its record"), id="gave up"),
    ],
)
def test_the_silence_begins_with_what_the_process_did_last(
    rows: list[Row], cause: Cause, expected: tuple[int, str]
) -> None:
    found = silence(rows, cause)

    assert found is not None
    assert (found.at - BEGAN, found.what) == (expected[0] * SECOND, expected[1])


@pytest.mark.parametrize("one", [row(Event.TOOK_OVER), row(Event.GOING_HOME, cause="the process died")])
def test_a_row_that_says_nothing_of_it_ends_no_silence(one: Row) -> None:
    assert read_silence(one) is None


@given(st.lists(st.integers(0, 300)), st.integers(0, 300))
def test_it_is_never_before_the_last_sign_nor_after_the_process_counted_as_dead(rows: list[int], beat: int) -> None:
    found = silence(written(*rows), beat=beat)

    assert found is not None
    assert timedelta(0) <= found.at - (BEGAN + beat * SECOND) <= STALE
