"""Releases from request to sign-off, or home again."""

from prefect.client.schemas.objects import FlowRun

from policy.record import Event
from tests.stories.people import APPROVE, ROLL_BACK, Words
from tests.stories.stage import Stage, wait_until


def test_a_good_release_is_signed_off_loses_no_request_and_leaves_nothing_scheduled(stage: Stage) -> None:
    shipped = stage.lab.ship("2.0.0")

    def approve_while_a_message_waits(_run: FlowRun) -> Words:
        wait_until(lambda: bool(stage.lab.scheduled_messages()), what="Slack would speak if the machine died now")
        return APPROVE

    ending = stage.release(stage.request(shipped), approve_while_a_message_waits)

    counts = stage.lab.traffic()
    assert ending.outcome == "signed off", ending.sentence
    assert (counts.lost, counts.failed) == (0, 0), counts.losses
    stage.ends_well_on(shipped.commit)
    assert "Production Deployment Complete" in stage.said_in("C0DEPLOYMENTS")
    assert stage.lab.scheduled_messages() == []
    assert "has fallen silent" not in stage.said_in("C0ALERTS")


def test_a_release_that_fails_a_share_of_its_requests_goes_home_by_itself(stage: Stage) -> None:
    before = stage.lab.versions_serving()["web-server-1"]
    shipped = stage.lab.ship("2.0.1", fault="errors")

    ending = stage.release(stage.request(shipped), APPROVE)

    assert ending.outcome == "rolled back", ending.sentence
    assert any(row.event is Event.RED_FLAG for row in ending.rows)
    stage.ends_well_on(str(before))
    assert "Deployment Rolled Back" in stage.said_in("C0DEPLOYMENTS")


def test_a_version_that_never_says_that_it_is_the_new_one_leaves_the_old_one_serving(stage: Stage) -> None:
    """One that is never healthy is released by the least company, one that crashes at boot by the genuine engine."""
    stage.change_limits(boot=10)
    before = stage.lab.versions_serving()["web-server-1"]
    shipped = stage.lab.ship("2.0.2", fault="wrong-version in production")

    ending = stage.release(stage.request(shipped), APPROVE)

    assert ending.outcome == "rolled back", ending.sentence
    assert "web-server-1" in ending.sentence
    stage.ends_well_on(str(before))


def test_a_version_that_is_ill_on_staging_already_never_reaches_production(stage: Stage) -> None:
    stage.change_limits(staging=5)
    before = stage.lab.versions_serving()["web-server-1"]
    shipped = stage.lab.ship("2.0.6", fault="unhealthy")

    ending = stage.release(stage.request(shipped))

    assert ending.outcome == "stopped", ending.sentence
    assert "staging" in ending.sentence
    stage.ends_well_on(str(before))


def test_a_refused_approval_brings_production_home(stage: Stage) -> None:
    before = stage.lab.versions_serving()["web-server-1"]
    shipped = stage.lab.ship("2.0.3")

    ending = stage.release(stage.request(shipped), ROLL_BACK)

    assert ending.outcome == "rolled back", ending.sentence
    assert "Omar Reyes chose to roll back" in ending.sentence
    stage.ends_well_on(str(before))


def test_an_approval_that_is_never_given_brings_production_home(stage: Stage) -> None:
    stage.change_limits(approval=10, reminder=2)
    before = stage.lab.versions_serving()["web-server-1"]
    shipped = stage.lab.ship("2.0.4")

    ending = stage.release(stage.request(shipped))

    assert ending.outcome == "rolled back", ending.sentence
    assert "min left" in stage.said_in("C0ALERTS")
    stage.ends_well_on(str(before))
