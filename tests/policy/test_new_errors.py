"""A kind of error that nobody had seen before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from policy.judgement import Verdict
from policy.new_errors import NewError, find_trial_start, judge_new_errors
from policy.record import Event, Row
from tests.policy import releases
from tests.policy.releases import NEW_COMMIT, OPENED, ZONE
from tests.policy.rows import row

SINCE = datetime(2026, 11, 25, 10, tzinfo=UTC)


def error(name: str, *, minutes: int, count: int = 1) -> NewError:
    return NewError(name, "TypeError: x is undefined", "error", count, SINCE + timedelta(minutes=minutes), "http://s/1")


CASES = {
    "none": ((), Verdict.PASSED, "no new kind of error on production since Wed 25 Nov, 02:00 PST"),
    "known before": ((error("WEB-1", minutes=-1),), Verdict.PASSED, "no new kind of error"),
    "at the very moment": ((error("WEB-1", minutes=0),), Verdict.FAILED, "1 new kind of error"),
    "the commonest first": (
        (error("WEB-1", minutes=1), error("WEB-2", minutes=2, count=9)),
        Verdict.FAILED,
        "2 new kinds of error on production since Wed 25 Nov, 02:00 PST: WEB-2 (TypeError), seen 9 times, WEB-1",
    ),
}


@pytest.mark.parametrize(("found", "verdict", "sentence"), CASES.values(), ids=CASES.keys())
def test_a_kind_of_error_is_new_by_when_it_was_first_seen(
    found: tuple[NewError, ...], verdict: Verdict, sentence: str
) -> None:
    judgement = judge_new_errors(found, since=SINCE, environment="production", zone=ZONE)

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

    judgement = judge_new_errors([found], since=SINCE, environment="production", zone=ZONE)

    assert judgement.sentence == f"1 new kind of error on production since Wed 25 Nov, 02:00 PST: {shown} 1 time"
    assert judgement.link == "http://s/1"


def at(minutes: float) -> datetime:
    """So many minutes after the release was opened."""
    return OPENED + timedelta(minutes=minutes)


def staging(event: Event, *, minutes: float) -> Row:
    return replace(row(event, item="1.3.1", subject="staging"), at=at(minutes))


STARTS = {
    "this record deployed it": (
        (staging(Event.INTENDED, minutes=2), staging(Event.CONFIRMED, minutes=5)),
        {"made": at(-60), "began": at(4)},
        at(2),
    ),
    "a retry deployed it once more": (
        (staging(Event.INTENDED, minutes=2), staging(Event.INTENDED, minutes=9)),
        {"made": at(-60), "began": at(10)},
        at(2),
    ),
    "staging served it before this attempt": (
        (staging(Event.CONFIRMED, minutes=0.1),),
        {"made": at(-600), "began": at(-30)},
        at(-30),
    ),
    "staging served it before, nothing measures since when": (
        (staging(Event.CONFIRMED, minutes=0.1),),
        {"made": at(-600)},
        at(-600),
    ),
    "staging began anew after the release was opened": ((), {"made": at(-600), "began": at(1)}, OPENED),
    "the commit claims to be of tomorrow": ((), {"made": at(24 * 60)}, OPENED),
    "nobody knows": ((staging(Event.CONFIRMED, minutes=0.1),), {}, None),
}


@pytest.mark.parametrize(("rows", "known", "since"), STARTS.values(), ids=STARTS.keys())
def test_an_error_on_staging_may_come_from_the_commit_since_staging_served_it(
    rows: tuple[Row, ...], known: dict[str, datetime], since: datetime | None
) -> None:
    head = replace(releases.commit(), sha=NEW_COMMIT, authored_at=known.get("made"))
    release = releases.release(commits=(releases.commit(1), head))

    assert find_trial_start(rows, release, began=known.get("began")) == since
