"""Where plain use of Prefect with a worker goes wrong: a slot given back, a cancel at the gate, a worker that stops.

One that dies together with its machine is played in each phase by `make crash-test` (tests/crash/power_loss.py).
"""

from lab.client import Shipped
from lab.control_plane import ControlPlane
from lab.release_request import DEPLOYMENT
from policy.record import Event
from tests.stories.production import Production, request_of
from tests.stories.stage import STORY_SECONDS, wait_until

# A worker that is told to stop takes some seconds on a busy machine, and the server is not to be back before.
BOOT_SECONDS = 15
ENOUGH_TO_BOOT = {"boot": 60, "staging": 90}


def test_whoever_starts_beside_a_waiting_release_touches_nothing_and_a_cancel_at_the_gate_goes_home(
    plane: ControlPlane,
) -> None:
    lab = plane.lab
    production = Production(lab)
    production.save_limits()
    before = lab.version_of("web-server-2")
    first, later = lab.ship("9.3.0"), lab.ship("9.3.1")
    lab.mark_traffic()
    waiting = plane.run_deployment(DEPLOYMENT, request_of(first))
    plane.wait_for(waiting, "PAUSED", seconds=STORY_SECONDS)
    records = production.records()

    # A paused run has given its slot away: nothing of Prefect's keeps these two from starting.
    rivals = [
        plane.run_deployment(DEPLOYMENT, request_of(later, requested_by=name)) for name in ("Dora Levin", "Dev Anand")
    ]
    sentences = [plane.wait_for(rival, "FAILED", seconds=STORY_SECONDS)[1] for rival in rivals]

    for sentence in sentences:
        assert f"Ana Souza is releasing {first.commit[:7]} (Patient search performance), for" in sentence
    assert production.records() == records
    assert lab.versions_serving() == {"web-server-1": first.commit, "web-server-2": before}
    assert plane.state_of(waiting)[0] == "PAUSED"

    plane.cancel(waiting)

    wait_until(lambda: production.ended_well_on(before), what="recovery brought the cancelled release home")
    plane.wait_for(waiting, "CANCELLED", seconds=STORY_SECONDS)
    assert production.outcome() == "rolled back"
    assert not any(row.event is Event.APPROVED for row in production.rows())
    assert lab.traffic().lost == 0, lab.traffic().losses
    # One that the schedule began beside it has the same name until it hears that it came too late.
    wait_until(lambda: len(recoveries_of(plane, first)) == 1, what="one recovery has its name")
    (home,) = recoveries_of(plane, first)
    (_, said) = plane.wait_for(home, "COMPLETED", seconds=STORY_SECONDS)
    assert said.startswith(f"rolled back: every server that it touched runs {str(before)[:7]} again: ")
    assert plane.state_of(waiting) == ("CANCELLED", said)


def recoveries_of(plane: ControlPlane, shipped: Shipped) -> list[str]:
    """The runs that say in their name that they bring this commit home."""
    begun = plane.runs_begun("Recovery/recovery")
    return [str(run["id"]) for run in begun if run["name"].startswith(f"Recovery of {shipped.commit[:7]}")]


def test_a_worker_that_is_stopped_between_drain_and_start_leaves_its_release_to_the_next_one(
    plane: ControlPlane,
) -> None:
    lab = plane.lab
    production = Production(lab)
    production.save_limits(**ENOUGH_TO_BOOT)
    before = lab.version_of("web-server-1")
    shipped = lab.ship("9.3.2", boot_seconds=BOOT_SECONDS)
    records = production.records()
    lab.mark_traffic()
    run = plane.run_deployment(DEPLOYMENT, request_of(shipped))

    def drained() -> bool:
        begun = production.records() != records
        return begun and any(row.event is Event.CONFIRMED and row.step == "drained" for row in production.rows())

    wait_until(drained, what="the first server is empty")
    plane.stop_worker()

    # No `finally` has run: nobody has said a word, neither to Prefect nor to the record.
    assert list(plane.processes_of(run)) == []
    assert plane.state_of(run)[0] == "RUNNING"
    assert not lab.in_rotation()["web-server-1"]
    assert not any(row.event is Event.GOING_HOME for row in production.rows())
    plane.start_worker()

    wait_until(lambda: production.ended_well_on(before), what="the next worker's recovery brought production home")
    assert production.outcome() == "rolled back"
    assert lab.traffic().lost == 0, lab.traffic().losses
