"""Where plain use of Prefect with a worker goes wrong: a slot given back, a cancel at the gate, a worker that stops."""

from blocks.record import list_records
from lab.control_plane import ControlPlane
from policy.record import Event, last
from tests.stories.production import DEPLOYMENT, ended_well_on, request_of, rows_of_newest, save_limits, store_of
from tests.stories.stage import STORY_SECONDS, wait_until

BOOT_SECONDS = 5


def outcome_of_newest(plane: ControlPlane) -> str:
    """How the newest record ended."""
    sealed = last(rows_of_newest(plane.lab), Event.SEALED)
    return str(sealed.facts["outcome"]) if sealed else "open"


def test_whoever_starts_beside_a_waiting_release_touches_nothing_and_a_cancel_at_the_gate_goes_home(
    plane: ControlPlane,
) -> None:
    lab = plane.lab
    save_limits(lab)
    before = lab.version_of("web-server-2")
    first, later = lab.ship("9.3.0"), lab.ship("9.3.1")
    lab.mark_traffic()
    waiting = plane.run_deployment(DEPLOYMENT, request_of(first))
    plane.wait_for(waiting, "PAUSED", seconds=STORY_SECONDS)
    records = list_records(store_of(lab))

    # A paused run has given its slot away: nothing of Prefect's keeps these two from starting.
    rivals = [
        plane.run_deployment(DEPLOYMENT, request_of(later, requested_by=name)) for name in ("Dora Levin", "Dev Anand")
    ]
    sentences = [plane.wait_for(rival, "FAILED", seconds=STORY_SECONDS)[1] for rival in rivals]

    for sentence in sentences:
        assert f"Ana Souza is releasing {first.commit[:7]} (Patient search performance) since" in sentence
    assert list_records(store_of(lab)) == records
    assert lab.versions_serving() == {"web-server-1": first.commit, "web-server-2": before}
    assert plane.state_of(waiting)[0] == "PAUSED"

    plane.cancel(waiting)

    wait_until(lambda: ended_well_on(lab, before), what="recovery brought the cancelled release home")
    plane.wait_for(waiting, "CANCELLED", seconds=STORY_SECONDS)
    assert outcome_of_newest(plane) == "rolled back"
    assert not any(row.event is Event.APPROVED for row in rows_of_newest(lab))
    assert lab.traffic().lost == 0, lab.traffic().losses


def test_a_worker_that_is_stopped_between_drain_and_start_leaves_its_release_to_the_next_one(
    plane: ControlPlane,
) -> None:
    lab = plane.lab
    save_limits(lab)
    before = lab.version_of("web-server-1")
    shipped = lab.ship("9.3.2", boot_seconds=BOOT_SECONDS)
    records = list_records(store_of(lab))
    lab.mark_traffic()
    run = plane.run_deployment(DEPLOYMENT, request_of(shipped))

    def drained() -> bool:
        begun = list_records(store_of(lab)) != records
        return begun and any(row.event is Event.CONFIRMED and row.step == "drained" for row in rows_of_newest(lab))

    wait_until(drained, what="the first server is empty")
    plane.stop_worker()

    # No `finally` has run: nobody has said a word, neither to Prefect nor to the record.
    assert list(plane.processes_of(run)) == []
    assert plane.state_of(run)[0] == "RUNNING"
    assert not lab.in_rotation()["web-server-1"]
    assert not any(row.event is Event.GOING_HOME for row in rows_of_newest(lab))
    plane.start_worker()

    wait_until(lambda: ended_well_on(lab, before), what="the next worker's recovery brought production home")
    assert outcome_of_newest(plane) == "rolled back"
    assert lab.traffic().lost == 0, lab.traffic().losses
