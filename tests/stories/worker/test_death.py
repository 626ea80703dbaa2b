"""The whole worker machine dies while Prefect lives on; a retry is pressed in test_approval_traps and test_crash."""

from lab.control_plane import ControlPlane
from policy.record import Event
from tests.stories.production import DEPLOYMENT, Production, request_of
from tests.stories.stage import STORY_SECONDS, wait_until


def test_after_a_power_loss_of_worker_and_release_the_next_worker_brings_production_home(plane: ControlPlane) -> None:
    lab = plane.lab
    production = Production(lab)
    production.save_limits(choice=5)
    before = lab.version_of("web-server-2")
    shipped = lab.ship("9.2.1")
    run = plane.run_deployment(DEPLOYMENT, request_of(shipped))
    plane.wait_for(run, "PAUSED", seconds=STORY_SECONDS)

    plane.kill_worker()
    plane.kill_run(run)
    plane.start_worker()

    wait_until(lambda: production.ended_well_on(before), what="the next worker's recovery brought production home")
    assert not any(row.event is Event.APPROVED for row in production.rows())
