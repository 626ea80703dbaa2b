"""A version with a fault: what is measured to be ill goes home by itself, what only people can weigh is asked."""

from policy.record import Event
from tests.stories.people import APPROVE, choice
from tests.stories.stage import Stage

ROLL_IT_BACK = choice("roll back", "Omar Reyes", "the audit log is required by law")
STAY = choice("stay on the new version", "Carla Ortiz", "the cause is known and harmless")
WAIT = choice("keep waiting", "Omar Reyes", "let us see another minute")


def test_a_version_whose_database_query_is_too_slow_goes_home_by_itself(stage: Stage) -> None:
    stage.change_limits(p95=0.5, p95_roll_back=2)
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("5.0.0", fault="slow-query")

    ending = stage.release(stage.request(shipped))

    flag = next(row for row in ending.rows if row.event is Event.RED_FLAG)
    assert ending.outcome == "rolled back", ending.sentence
    assert "p95" in flag.facts["sentence"]
    assert "the limit is" in flag.facts["sentence"]
    # Requests that take longer than a way home may wait are cut.
    stage.ends_well_on(before, outage=True)


def test_a_version_that_writes_no_audit_log_is_asked_about_and_rolled_back(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    stage.change_limits(audit_window=3)
    shipped = stage.lab.ship("5.0.1", fault="no-audit")

    ending = stage.release(stage.request(shipped), APPROVE, ROLL_IT_BACK)

    assert ending.outcome == "rolled back", ending.sentence
    assert "Omar Reyes chose to roll back: the audit log is required by law" in ending.sentence
    assert "the audit log does not write" in stage.said_in("C0ALERTS")
    stage.ends_well_on(before)


def test_people_may_stay_on_a_version_that_leaks(stage: Stage) -> None:
    shipped = stage.lab.ship("5.0.2", fault="leak")

    ending = stage.release(stage.request(shipped), APPROVE, STAY)

    assert ending.outcome == "stayed on the new version without a sign-off", ending.sentence
    assert "Carla Ortiz chose to stay" in ending.sentence
    assert "memory" in stage.said_in("C0ALERTS")
    stage.ends_well_on(shipped.commit)


def test_who_keeps_waiting_is_asked_again_and_an_answer_that_never_comes_leaves_the_live_version(
    stage: Stage,
) -> None:
    # The time is that of whoever approves and keeps waiting, too: on a busy machine an answer takes some seconds.
    stage.change_limits(audit_window=3, approval=20, reminder=8)
    shipped = stage.lab.ship("5.0.3", fault="no-audit")

    ending = stage.release(stage.request(shipped), APPROVE, WAIT)

    assert ending.outcome == "stayed on the new version without a sign-off", ending.sentence
    assert "nobody answered within" in ending.sentence
    assert stage.people.asked == 3
    assert "is on hold" in stage.said_in("C0ALERTS")
    stage.ends_well_on(shipped.commit)
