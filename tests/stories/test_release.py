"""Releases from request to sign-off, or home again."""

import pytest

from policy.record import Event
from tests.stories.people import APPROVE, ROLL_BACK
from tests.stories.stage import Stage


def test_a_good_release_is_signed_off_and_loses_no_request(stage: Stage) -> None:
    shipped = stage.lab.ship("2.0.0")

    ending = stage.release(stage.request(shipped), APPROVE)

    counts = stage.lab.traffic()
    assert ending.outcome == "signed off", ending.sentence
    assert (counts.lost, counts.failed) == (0, 0), counts.losses
    stage.ends_well_on(shipped.commit)
    assert "Production Deployment Complete" in stage.said_in("C0DEPLOYMENTS")


def test_a_release_that_fails_a_share_of_its_requests_goes_home_by_itself(stage: Stage) -> None:
    before = stage.lab.versions_serving()["web-server-1"]
    shipped = stage.lab.ship("2.0.1", fault="errors")

    ending = stage.release(stage.request(shipped), APPROVE)

    assert ending.outcome == "rolled back", ending.sentence
    assert any(row.event is Event.RED_FLAG for row in ending.rows)
    stage.ends_well_on(str(before))
    assert "Deployment Rolled Back" in stage.said_in("C0DEPLOYMENTS")


@pytest.mark.parametrize("fault", ["unhealthy", "wrong-version"])
def test_a_version_that_never_becomes_healthy_leaves_the_old_one_serving(stage: Stage, fault: str) -> None:
    """One that crashes at boot does so on the genuine engine: tests/engine."""
    before = stage.lab.versions_serving()["web-server-1"]
    shipped = stage.lab.ship("2.0.2", fault=f"{fault} in production")

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
    stage.change_limits(approval=15, reminder=2)
    before = stage.lab.versions_serving()["web-server-1"]
    shipped = stage.lab.ship("2.0.4")

    ending = stage.release(stage.request(shipped))

    assert ending.outcome == "rolled back", ending.sentence
    assert "min left" in stage.said_in("C0ALERTS")
    stage.ends_well_on(str(before))
