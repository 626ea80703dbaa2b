"""Where the time to recovery begins (9.1, 4.2.5)."""

from datetime import timedelta

import pytest

from policy.first_bad_sign import INCIDENT_SUBJECT, first_bad_sign
from policy.metrics import Ending
from policy.plans import Cause
from policy.record import Event, Row
from policy.reminders import name_reminder
from policy.silence import silence_facts
from tests.policy.rows import BEGAN, row, touched, under_way

STALE = timedelta(seconds=45)
FAILED = row(Event.JUDGED, item="2.1.3", verdict="failed", sentence="8 % errors, the limit is 5 %")
UNKNOWN = row(Event.JUDGED, item="2.1.3", verdict="unknown", sentence="no requests")
ADVICE = row(Event.JUDGED, item="7.2.1", verdict="failed", sentence="the fourth release of the day")
PASSED = row(Event.JUDGED, item="3.1.1", verdict="passed", sentence="healthy")
FLAG = row(Event.RED_FLAG, item="2.1.3", sentence="8 % errors, the limit is 5 %")
HOME = row(Event.GOING_HOME, item="4.1.1", cause="red flag", sentence="8 % errors")
PAGED = row(Event.INTENDED, item="4.1.1", subject=INCIDENT_SUBJECT, step="choice-12")
ASKED_AGAIN = row(Event.INTENDED, item="2.1.4", subject=INCIDENT_SUBJECT, step=name_reminder(40, 20))
DIED = row(
    Event.TOOK_OVER,
    holder=2,
    **silence_facts([], Cause.DIED, last_sign=BEGAN + timedelta(seconds=4), stale_after=STALE),
)
TAKEN_OVER_BEFORE = row(Event.TOOK_OVER, holder=2)
STUCK = row(Event.SEALED, outcome=Ending.STUCK.value, sentence="Dora Levin broke the hold")
RESTORED = row(Event.INTENDED, item="4.2.2", subject="web-server-1", step="put back")


@pytest.mark.parametrize(
    ("rows", "number", "what"),
    [
        ((FLAG, HOME), 5, "red flag"),
        ((FAILED, FLAG, HOME), 5, "2.1.3 Monitor progress failed"),
        ((PASSED, UNKNOWN, ADVICE, FLAG, HOME), 8, "red flag"),
        ((PAGED, FAILED, HOME), 5, "an incident was opened"),
        ((ASKED_AGAIN, FAILED, HOME), 6, "2.1.3 Monitor progress failed"),
        ((HOME, RESTORED, FAILED), 5, "sent home: red flag"),
        ((FAILED, PASSED, HOME), 5, "2.1.3 Monitor progress failed"),
        ((PAGED, DIED, HOME), 4, "the process fell silent"),
        ((DIED, PASSED, FLAG, HOME), 4, "the process fell silent"),
        ((TAKEN_OVER_BEFORE, HOME), 6, "sent home: red flag"),
        ((DIED, STUCK), 4, "the process fell silent"),
        ((TAKEN_OVER_BEFORE, STUCK), 6, "it was left to people"),
    ],
)
def test_the_first_sign_in_the_record_counts_not_the_decision_to_go_home(
    rows: tuple[Row, ...], number: int, what: str
) -> None:
    found = first_bad_sign(under_way(*rows))

    assert found is not None
    assert (found.what, (found.at - BEGAN).seconds) == (what, number)


@pytest.mark.parametrize("rows", [(), (FAILED, PASSED), (PAGED,), (UNKNOWN,), (DIED, PASSED)])
def test_a_release_that_went_on_and_was_signed_off_never_went_bad(rows: tuple[Row, ...]) -> None:
    assert first_bad_sign(under_way(*rows)) is None


def test_a_check_that_failed_before_any_server_was_changed_is_no_bad_sign() -> None:
    first, *_ = under_way()

    assert first_bad_sign((first, FAILED, HOME)) is None


def test_a_process_that_died_before_any_server_was_changed_is_no_bad_sign() -> None:
    found = first_bad_sign((DIED, *under_way(FLAG, HOME)))

    assert found is not None
    assert found.what == "red flag"


def test_a_flag_before_the_first_change_is_no_bad_sign_of_what_was_not_there_yet() -> None:
    assert first_bad_sign((FLAG, *under_way())) is None


def test_a_roll_back_of_a_finished_release_went_bad_when_it_was_asked_for() -> None:
    first, build, way_back, *_ = under_way()
    found = first_bad_sign((first, build, way_back, *under_way(HOME, touched(item="4.2.2"))[4:]))

    assert found is not None
    assert found.what == "sent home: red flag"
