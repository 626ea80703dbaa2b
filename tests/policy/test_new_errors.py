"""A kind of error that nobody had seen before."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.judgement import Verdict
from policy.new_errors import NewError, judge_new_errors

SINCE = datetime(2026, 11, 25, 10, tzinfo=UTC)


def error(name: str, *, minutes: int, count: int = 1) -> NewError:
    return NewError(name, "TypeError: x is undefined", "error", count, SINCE + timedelta(minutes=minutes), "http://s/1")


CASES = {
    "none": ((), Verdict.PASSED, "no new kind of error on production since 10:00 UTC"),
    "known before": ((error("WEB-1", minutes=-1),), Verdict.PASSED, "no new kind of error"),
    "at the very moment": ((error("WEB-1", minutes=0),), Verdict.FAILED, "1 new kind of error"),
    "the commonest first": (
        (error("WEB-1", minutes=1), error("WEB-2", minutes=2, count=9)),
        Verdict.FAILED,
        "2 new kinds of error on production since 10:00 UTC: WEB-2 (TypeError), seen 9 times, WEB-1",
    ),
}


@pytest.mark.parametrize(("found", "verdict", "sentence"), CASES.values(), ids=CASES.keys())
def test_a_kind_of_error_is_new_by_when_it_was_first_seen(
    found: tuple[NewError, ...], verdict: Verdict, sentence: str
) -> None:
    judgement = judge_new_errors(found, since=SINCE, environment="production")

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("IntegrityError: Key (curp)=(RUAA800101MDFZNN09) of patient Ana Ruiz exists", "WEB-1 (IntegrityError), seen"),
        ("django.db.utils.IntegrityError: Ana Ruiz", "WEB-1 (django.db.utils.IntegrityError), seen"),
        ("P2002: Unique constraint failed for Ana Ruiz", "WEB-1 (P2002), seen"),
        ("TypeError", "WEB-1 (TypeError), seen"),
        ("Ana Ruiz has no record", "WEB-1, seen"),
        ("Ana Ruiz: no record", "WEB-1, seen"),
        ("RUAA800101MDFZNN09: no such patient", "WEB-1, seen"),
        ("N+1 Query", "WEB-1, seen"),
        ("", "WEB-1, seen"),
    ],
)
def test_an_error_is_named_by_number_and_type_and_nothing_that_may_be_a_patients(title: str, shown: str) -> None:
    found = NewError("WEB-1", title, "error", 1, SINCE, "http://s/1")

    judgement = judge_new_errors([found], since=SINCE, environment="production")

    assert judgement.sentence == f"1 new kind of error on production since 10:00 UTC: {shown} 1 time"
    assert judgement.link == "http://s/1"
