"""The process or the whole worker machine dies while Prefect lives on, and somebody presses Retry."""

from lab.client import Lab
from lab.control_plane import ControlPlane
from policy.record import Event
from tests.stories.production import DEPLOYMENT, Production, request_of
from tests.stories.stage import STORY_SECONDS, wait_until

CHOICE_SECONDS = 300
# The worker looks at a crash again seconds after it was reported, and a retry in between is lost.
SECOND_LOOK = "prefect.flow_runs.worker - Check whether the flow run exceeded its memory"


def test_a_forced_retry_after_a_crash_at_the_gate_asks_again(plane: ControlPlane) -> None:
    lab = plane.lab
    production = Production(lab)
    production.save_limits(choice=CHOICE_SECONDS)
    before = lab.version_of("web-server-2")
    shipped = lab.ship("9.2.0")
    run = plane.run_deployment(DEPLOYMENT, request_of(shipped))
    plane.wait_for(run, "PAUSED", seconds=STORY_SECONDS)

    looks = second_looks(lab)
    plane.kill_run(run)
    wait_until(lambda: second_looks(lab) > looks, what="the worker looked at the crash again")
    plane.retry(run)
    wait_until(lambda: plane.state_of(run)[0] == "PAUSED", what="the retry waits at the gate again")

    assert lab.version_of("web-server-2") == before
    assert not any(row.event is Event.APPROVED for row in production.rows())
    code = lab.code_of("Tomas Lima")
    plane.resume(run, {"decision": "approve", "name": "Tomas Lima", "code": code})
    plane.wait_for(run, "COMPLETED", seconds=STORY_SECONDS)
    assert set(lab.versions_serving().values()) == {shipped.commit}
    assert all(lab.in_rotation().values())


def second_looks(lab: Lab) -> int:
    """How often the worker looked again at a process that had died."""
    return (lab.home.folder("logs") / "prefect-worker.log").read_text().count(SECOND_LOOK)


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
