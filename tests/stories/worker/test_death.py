"""The process or the whole worker machine dies while Prefect lives on, and somebody presses Retry."""

import time

from lab.control_plane import ControlPlane
from policy.record import Event
from tests.stories.production import DEPLOYMENT, Production, request_of
from tests.stories.stage import STORY_SECONDS, wait_until

CHOICE_SECONDS = 300
# The worker reports a crash twice, and a retry in between is lost.
LOST_RETRY_SECONDS = 12


def test_a_forced_retry_after_a_crash_at_the_gate_asks_again(plane: ControlPlane) -> None:
    lab = plane.lab
    production = Production(lab)
    production.save_limits(choice=CHOICE_SECONDS)
    before = lab.version_of("web-server-2")
    shipped = lab.ship("9.2.0")
    run = plane.run_deployment(DEPLOYMENT, request_of(shipped))
    plane.wait_for(run, "PAUSED", seconds=STORY_SECONDS)

    plane.kill_run(run)
    wait_until(lambda: plane.state_of(run)[0] == "CRASHED", what="the worker reports the crash")
    crashed = time.monotonic()
    wait_until(lambda: time.monotonic() > crashed + LOST_RETRY_SECONDS, what="a retry is no longer overwritten")
    plane.retry(run)
    wait_until(lambda: plane.state_of(run)[0] == "PAUSED", what="the retry waits at the gate again")

    assert lab.version_of("web-server-2") == before
    assert not any(row.event is Event.APPROVED for row in production.rows())
    code = lab.code_of("Tomas Lima")
    plane.resume(run, {"decision": "approve", "name": "Tomas Lima", "code": code})
    plane.wait_for(run, "COMPLETED", seconds=STORY_SECONDS)
    assert set(lab.versions_serving().values()) == {shipped.commit}
    assert all(lab.in_rotation().values())


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
