"""Releases on the real engine: Docker and Compose, OpenSSH servers, HAProxy, images by digest from a real registry."""

from prefect.flow_runs import resume_flow_run

from tests.stories.people import APPROVE
from tests.stories.stage import Stage


def test_a_good_release_is_signed_off_and_loses_no_request(stage: Stage) -> None:
    shipped = stage.lab.ship("20.0.0")

    ending = stage.release(stage.request(shipped), APPROVE)

    counts = stage.lab.traffic()
    assert ending.outcome == "signed off", ending.sentence
    assert counts.sent > 100
    assert (counts.lost, counts.failed) == (0, 0), counts.losses
    stage.ends_well_on(shipped.commit)


def test_a_version_that_crashes_at_boot_leaves_the_old_one_serving(stage: Stage) -> None:
    stage.change_limits(boot=10)
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("20.0.2", fault="crash in production")

    ending = stage.release(stage.request(shipped), APPROVE)

    assert ending.outcome == "rolled back", ending.sentence
    assert "web-server-1" in ending.sentence
    stage.ends_well_on(before)


def test_a_process_that_is_killed_between_the_servers_is_brought_home(stage: Stage) -> None:
    stage.change_limits(choice=1)
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("20.0.3")

    with stage.process(stage.request(shipped)) as process:
        stage.when("updated", "web-server-2", process.kill)
        gate = stage.wait_for_gate()
        resume_flow_run(gate.id, run_input=stage.typed(APPROVE))
        process.wait()
        stage.recover_until_free()

    assert stage.outcome() == "rolled back"
    stage.ends_well_on(before)


def test_an_image_that_is_gone_stops_the_release_before_anything_is_touched(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("20.0.4")
    stage.when("team notified", "Slack", lambda: stage.lab.remove_image(shipped.commit))

    ending = stage.release(stage.request(shipped))

    assert ending.outcome == "stopped", ending.sentence
    assert f"the registry has no image of {shipped.commit[:7]}" in ending.sentence
    stage.ends_well_on(before)


def test_a_release_that_is_cancelled_in_the_middle_of_an_update_is_brought_home(stage: Stage) -> None:
    stage.change_limits(choice=1)
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("20.0.5")

    with stage.process(stage.request(shipped)) as process:
        stage.when("updated", "web-server-1", process.cancel)
        process.wait()
        stage.recover_until_free()

    assert stage.outcome() == "rolled back"
    stage.ends_well_on(before)
