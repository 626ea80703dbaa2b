"""When failing health checks send a release home (2.1), and when nothing can be said."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.health import HealthAnswer
from policy.health_watch import HealthCheck, conclude_watch, judge_health_checks
from policy.red_flags import Conclusion, Flag
from tests.policy.sample_history import LIMITS, NEW, NOW, OLD

WELL = '{"status": "healthy", "database": "connected"}'
ILL = '{"status": "unhealthy"}'
STALE = LIMITS.sample_age.total_seconds() + 1


def checks(marks: str, *, server: str = NEW, ages: Sequence[float] = (0, 15, 30, 45, 60)) -> list[HealthCheck]:
    """Checks every 15 s, the newest last: `+` healthy, `-` unhealthy, `?` without an answer."""
    answers = {"+": HealthAnswer(server, 200, WELL), "-": HealthAnswer(server, 503, ILL), "?": None}
    return [
        HealthCheck(NOW - timedelta(seconds=age), server, answers[mark])
        for age, mark in zip(ages, reversed(marks), strict=False)
    ]


def conclude(*series: list[HealthCheck], new: Sequence[str] = (NEW,), old: Sequence[str] = (OLD,)) -> Conclusion:
    taken = [check for one in series for check in one]
    return judge_health_checks(taken, now=NOW, new=frozenset(new), old=frozenset(old), limits=LIMITS)


@pytest.mark.parametrize(
    ("marks", "flag", "says"),
    [
        ("+++", Flag.CLEAR, "web-server-1: healthy in 3 of the newest 3 health checks"),
        ("++", Flag.CLEAR, "healthy in 2 of the newest 2"),
        ("-++", Flag.CLEAR, "healthy in 2 of the newest 3"),
        ("--+++", Flag.CLEAR, "healthy in 3 of the newest 3"),
        ("--", Flag.ROLL_BACK, "web-server-1 is not healthy: HTTP 503, status 'unhealthy'; expected 200; in 2 of the"),
        ("-+-", Flag.ROLL_BACK, "in 2 of the newest 3 health checks"),
        ("--+", Flag.ROLL_BACK, "in 2 of the newest 3 health checks"),
        ("--?", Flag.ROLL_BACK, "in 2 of the newest 3 health checks"),
        ("++-", Flag.UNKNOWN, "not for long enough to go back"),
        ("-", Flag.UNKNOWN, "not for long enough to go back"),
        ("+", Flag.UNKNOWN, "1 of 2 health checks were answered"),
        ("?", Flag.UNKNOWN, "0 of 2 health checks were answered; the newest: no answer"),
        ("++?", Flag.UNKNOWN, "2 of 2 health checks were answered; the newest: no answer"),
        ("???", Flag.UNKNOWN, "0 of 2 health checks were answered"),
        ("", Flag.UNKNOWN, "web-server-1: no health check of the last 2 min"),
    ],
)
def test_a_new_server_is_judged_by_its_newest_health_checks(marks: str, flag: Flag, says: str) -> None:
    conclusion = conclude(checks(marks), checks("+++", server=OLD))

    assert (conclusion.flag, says in conclusion.sentence) == (flag, True), conclusion


def test_a_flag_is_named_after_its_rule() -> None:
    assert conclude(checks("--")).rule == "2.1: health checks failing"


def test_a_check_that_is_stale_or_from_the_future_says_nothing() -> None:
    assert conclude(checks("--", ages=(-1, STALE))).flag is Flag.UNKNOWN


@pytest.mark.parametrize(
    ("old_marks", "flag"),
    [("-", Flag.NOT_THIS_RELEASE), ("--+", Flag.ROLL_BACK), ("?", Flag.ROLL_BACK), ("", Flag.ROLL_BACK)],
)
def test_what_ails_every_old_server_too_is_not_this_release(old_marks: str, flag: Flag) -> None:
    assert conclude(checks("--"), checks(old_marks, server=OLD)).flag is flag


def test_one_old_server_that_is_well_shows_that_it_is_this_release() -> None:
    third = "web-server-3"

    conclusion = conclude(checks("--"), checks("--", server=OLD), checks("++", server=third), old=(OLD, third))

    assert conclusion.flag is Flag.ROLL_BACK


def test_without_an_old_server_failing_checks_send_the_release_home() -> None:
    assert conclude(checks("++"), checks("--", server=OLD), new=(NEW, OLD), old=()).flag is Flag.ROLL_BACK


def test_before_the_first_new_server_nothing_is_concluded() -> None:
    assert conclude(checks("--"), new=()).flag is Flag.UNKNOWN


def test_the_worse_of_metrics_and_health_counts() -> None:
    clear, red = Conclusion(Flag.CLEAR, "well", "no red flag"), Conclusion(Flag.ROLL_BACK, "ill", "2.1")

    assert conclude_watch(clear, red) is red
    assert conclude_watch(red, clear) is red


def test_without_metrics_good_health_is_clear_and_the_sentence_says_what_is_missing() -> None:
    conclusion = conclude_watch(None, conclude(checks("+++")))

    assert conclusion.flag is Flag.CLEAR
    assert conclusion.sentence.endswith("health checks; no metrics are configured")


@given(st.text("+-?", max_size=5), st.text("+-?", max_size=5))
def test_nothing_goes_back_without_two_failures_and_nothing_is_clear_without_two_answers(new: str, old: str) -> None:
    flag = conclude(checks(new), checks(old, server=OLD)).flag

    if flag is Flag.ROLL_BACK:
        assert new[-3:].count("-") >= 2
    if flag is Flag.CLEAR:
        assert new[-1] == "+"
        assert len(new[-3:].replace("?", "")) >= 2
