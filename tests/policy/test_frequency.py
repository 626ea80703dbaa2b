"""A large batch and many releases in a day are said, and block nothing (7.2.1)."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.checklist import ITEMS
from policy.frequency import judge_frequency
from policy.items import Asked, Way
from policy.judgement import Verdict
from policy.limits import Limits

LOS_ANGELES = "America/Los_Angeles"
# Wednesday, 20:00 in Los Angeles; in London it is Thursday.
NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("commits", "complete", "hours_ago", "verdict", "says"),
    [
        (1, "complete", (), Verdict.PASSED, "1 commit in one release"),
        (20, "complete", (1,), Verdict.PASSED, "release 2 of today (many are more than 3 a day)"),
        (21, "complete", (), Verdict.FAILED, "21 commits in one release (many are more than 20)"),
        (21, "cut off", (), Verdict.FAILED, "release smaller steps"),
        (3, "cut off", (), Verdict.UNKNOWN, "at least 3 commits"),
        (1, "complete", (1, 2), Verdict.PASSED, "release 3 of today"),
        (1, "complete", (1, 2, 3), Verdict.FAILED, "release 4 of today, after those of 17:00, 18:00, 19:00"),
        # Yesterday in Los Angeles, though one is today in London.
        (1, "complete", (21, 22, 23), Verdict.PASSED, "release 1 of today"),
        (1, "complete", (1, 2, 21), Verdict.PASSED, "release 3 of today"),
        # A record from the future says nothing of today.
        (1, "complete", (-1, -2, 1), Verdict.PASSED, "release 2 of today"),
    ],
)
def test_a_large_batch_or_a_busy_day_is_said(
    commits: int, complete: str, hours_ago: tuple[int, ...], verdict: Verdict, says: str
) -> None:
    judgement = judge_frequency(
        commits,
        [NOW - hours * HOUR for hours in hours_ago],
        complete=complete == "complete",
        now=NOW,
        zone=LOS_ANGELES,
        limits=Limits(),
    )

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_it_is_advice_on_every_way() -> None:
    assert {ITEMS["7.2.1"].asked[way] for way in Way} == {Asked.SHOWN}
