"""What a hotfix owes the next day."""

from datetime import UTC, datetime

import pytest

from policy.duties import Duty, Found, is_required, mark_of, next_working_day, reminder, summary, write_post_mortem
from policy.release import Urgency
from policy.windows import read_calendar
from tests.policy.releases import ZONE, hotfix_request, release

CALENDAR = read_calendar({}, time_zone=ZONE, country="US")
HOLE = hotfix_request(urgency=Urgency.HOLE_EXPLOITED, watch_for="logins of old browsers")


@pytest.mark.parametrize(
    ("now", "then"),
    [
        pytest.param("2026-11-24T11:00+00:00", "2026-11-25T17:00+00:00", id="three at night, the next morning at nine"),
        pytest.param("2026-11-25T18:00+00:00", "2026-11-27T17:00+00:00", id="over Thanksgiving"),
        pytest.param("2026-11-21T04:00+00:00", "2026-11-23T17:00+00:00", id="Friday evening there is Saturday here"),
        pytest.param("2026-03-06T20:00+00:00", "2026-03-09T16:00+00:00", id="over the change to summer time"),
    ],
)
def test_duties_begin_on_the_next_working_day(now: str, then: str) -> None:
    found = next_working_day(datetime.fromisoformat(now), CALENDAR, at="09:00")

    assert found.astimezone(UTC) == datetime.fromisoformat(then)


@pytest.mark.parametrize("duty", Duty)
@pytest.mark.parametrize("urgency", [one for one in Urgency if one is not Urgency.NOTHING])
def test_only_a_security_hotfix_has_to_have_its_post_mortem(duty: Duty, urgency: Urgency) -> None:
    required = duty is not Duty.POST_MORTEM or urgency is Urgency.HOLE_EXPLOITED

    assert is_required(duty, hotfix_request(urgency=urgency)) is required


def test_a_post_mortem_asks_the_three_questions_and_is_found_again() -> None:
    asked = release(request=HOLE)

    text = write_post_mortem(asked, HOLE, skipped="not carried out: 1.3.6", zone=CALENDAR)

    assert text.startswith(mark_of(asked))
    assert "Required: a hole was exploited." in text
    assert text.count("## ") == 3
    assert "2026-11-24 10:00" in text
    assert "not carried out: 1.3.6" in text
    assert "Required" not in write_post_mortem(asked, hotfix_request(), skipped="", zone=CALENDAR)


def test_the_summary_says_what_to_watch_for_and_what_is_left() -> None:
    text = summary(release(request=HOLE), HOLE, skipped="not carried out: 1.3.6", left=["back-merge: merge #12"])

    assert "*What to watch for:* logins of old browsers" in text
    assert "*Still to do:* back-merge: merge #12" in text
    assert "nothing was named" in summary(release(), hotfix_request(), skipped="", left=())


def test_a_reminder_says_who_what_and_when_again() -> None:
    again = next_working_day(datetime(2026, 11, 24, 11, tzinfo=UTC), CALENDAR, at="09:00")
    found = Found(done=False, sentence="production serves b2b2b2b, which is not on main: merge #12")

    text = reminder(release(), Duty.BACK_MERGE, found, asked=2, people=["Ana Souza", "Tomas Lima"], again=again)

    assert text == (
        ":alarm_clock: *The back-merge of hotfix b2b2b2b (Reminders by text message) is not done.*"
        " Production serves b2b2b2b, which is not on main: merge #12."
        " For Ana Souza, Tomas Lima; asked 2 times, again Wednesday 09:00."
    )
