"""Limits that could never be right are refused by name, what was expected and what was found."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lab.settings_file import LIMITS as OF_THE_LAB
from policy.limits import LEAST, MAY_BE_NOTHING, Limits
from policy.release import Release
from policy.typed import explain
from tests.policy.releases import release
from tests.stories.company import LIMITS as OF_THE_STORIES

DURATIONS = [name for name, field in Limits.model_fields.items() if field.annotation is timedelta]


def refusal(limits: dict[str, Any]) -> str:
    """What whoever saves these limits reads; empty where they are taken."""
    try:
        Limits.model_validate(limits)
    except ValidationError as error:
        return explain(error, under="limits")
    return ""


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (
            {"red_samples": 5, "of_samples": 2},
            "limits.of_samples: expected at least `red_samples`, which is 5, found 2",
        ),
        ({"red_samples": 5}, "limits.of_samples: expected at least `red_samples`, which is 5, found 3"),
        ({"p95": -1}, "limits.p95: expected more than 0 s, found -1"),
        ({"p95": 3}, "limits.p95_roll_back: expected at least `p95`, which is 3 s, found 2 s"),
        (
            {"watch_interval": 100, "first_server_watch": 3},
            "limits.first_server_watch: expected at least `watch_interval`, which is 1 min 40 s, found 3",
        ),
        ({"extended_watch": 0}, "limits.extended_watch: expected more than 0 s, found 0"),
        ({"drain": -1}, "limits.drain: expected 0 s or more, found -1"),
        (
            {"heartbeat": 40},
            "limits.heartbeat_stale: expected at least 2 times `heartbeat`, which is 40 s, found 45 s",
        ),
        ({"p95_factor": float("inf")}, "limits.p95_factor: Input should be a finite number, found inf"),
        ({"error_rate": 0.1}, "limits.error_rate_consider: expected at least `error_rate`, which is 0.1, found 0.02"),
    ],
)
def test_what_is_never_right_is_refused_by_its_name(limits: dict[str, Any], sentence: str) -> None:
    assert refusal(limits).startswith(sentence)


@pytest.mark.parametrize("limits", [{}, OF_THE_LAB, {**OF_THE_LAB, **OF_THE_STORIES}, {"drain": 0, "choice": 0}])
def test_what_can_be_right_is_taken(limits: dict[str, Any]) -> None:
    assert refusal(limits) == ""


@given(st.sampled_from(DURATIONS), st.floats(max_value=0, min_value=-1e6))
def test_no_time_is_refused_wherever_it_does_not_mean_at_once(name: str, seconds: float) -> None:
    taken = name in MAY_BE_NOTHING and timedelta(seconds=seconds) == timedelta(0)

    assert (f"limits.{name}: expected" in refusal({name: seconds})) is not taken


@pytest.mark.parametrize("name", LEAST)
def test_a_limit_is_declared_after_the_one_that_it_must_reach(name: str) -> None:
    fields = list(Limits.model_fields)

    assert fields.index(LEAST[name].name) < fields.index(name)


def test_a_record_of_limits_that_are_refused_today_is_read_as_it_was_written() -> None:
    written = release().model_dump(mode="json")
    written["limits"] |= {"red_samples": 5, "of_samples": 2, "extended_watch": "PT0S"}

    read = Release.model_validate(written).limits

    assert (read.red_samples, read.of_samples, read.extended_watch) == (5, 2, timedelta(0))
