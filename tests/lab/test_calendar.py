"""The lab releases whenever somebody tries it: no test depends on the day on which it runs."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from lab.settings_file import ALWAYS_OPEN
from policy.judgement import Verdict
from policy.limits import Risk
from policy.windows import Calendar, judge_window

CALENDAR = Calendar.model_validate({**ALWAYS_OPEN, "time_zone": "America/Los_Angeles", "country": "US"})
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.sampled_from(Risk))
@example(datetime(2026, 11, 27, 20, 30, tzinfo=UTC), Risk.MEDIUM)
@example(datetime(2026, 11, 29, 20, 30, tzinfo=UTC), Risk.HIGH)
@example(datetime(2026, 12, 25, 20, 30, tzinfo=UTC), Risk.LOW)
def test_the_lab_is_open_at_any_moment(now: datetime, risk: Risk) -> None:
    assert judge_window(now, risk=risk, calendar=CALENDAR).verdict is Verdict.PASSED
