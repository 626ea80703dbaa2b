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
        "2 new kinds of error on production since 10:00 UTC: WEB-2 'TypeError: x is undefined', seen 9 times, WEB-1",
    ),
}


@pytest.mark.parametrize(("found", "verdict", "sentence"), CASES.values(), ids=CASES.keys())
def test_a_kind_of_error_is_new_by_when_it_was_first_seen(
    found: tuple[NewError, ...], verdict: Verdict, sentence: str
) -> None:
    judgement = judge_new_errors(found, since=SINCE, environment="production")

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence
