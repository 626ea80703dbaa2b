"""The process or the whole worker machine dies while Prefect lives on, and somebody presses Retry."""

import time
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from blocks.record import Record, list_records
from blocks.store import FolderStore
from deployments.save_blocks import save
from deployments.settings import Settings
from lab.client import Lab, Shipped
from lab.control_plane import ControlPlane
from policy.record import Event, Row
from tests.stories.stage import wait_until

CHOICE_SECONDS = 90
# The worker reports a crash twice, and a retry in between is lost.
LOST_RETRY_SECONDS = 12
GATE_SECONDS = 120


@pytest.fixture(scope="module")
def offered(control: ControlPlane) -> Iterator[ControlPlane]:
    """Prefect with a worker and every deployment, as a company runs it."""
    control.offer()
    yield control
    control.kill_worker()


@pytest.fixture
def plane(offered: ControlPlane, lab: Lab) -> ControlPlane:
    """The same, with the lab in its first state."""
    del lab
    return offered


def let_people_choose_for(lab: Lab, seconds: float) -> None:
    """Save the settings with another time to choose after a crash."""
    with lab.settings_path.open("rb") as file:
        words = tomllib.load(file)
    words["limits"] |= {"choice": seconds, "first_server_watch": 1, "immediate_watch": 3, "extended_watch": 5}
    save(Settings(**words))


def request_of(shipped: Shipped) -> dict[str, Any]:
    return {
        "commit": shipped.commit,
        "summary": "Patient search performance",
        "requested_by": "Ana Souza",
        "way_back_understood": True,
    }


def rows_of_newest(lab: Lab) -> tuple[Row, ...]:
    store = FolderStore(folder=str(lab.home.folder("store")))
    return Record(store, list_records(store)[-1], holder=0, spool=lab.home.folder("spool")).rows()


def test_a_forced_retry_after_a_crash_at_the_gate_asks_again(plane: ControlPlane) -> None:
    lab = plane.lab
    let_people_choose_for(lab, CHOICE_SECONDS)
    before = lab.version_of("web-server-2")
    shipped = lab.ship("9.2.0")
    run = plane.run_deployment("Production deployment/production", request_of(shipped))
    plane.wait_for(run, "PAUSED", seconds=GATE_SECONDS)

    plane.kill_run(run)
    wait_until(lambda: plane.state_of(run)[0] == "CRASHED", what="the worker reports the crash")
    crashed = time.monotonic()
    wait_until(lambda: time.monotonic() > crashed + LOST_RETRY_SECONDS, what="a retry is no longer overwritten")
    plane.retry(run)
    wait_until(lambda: plane.state_of(run)[0] == "PAUSED", what="the retry waits at the gate again")

    assert lab.version_of("web-server-2") == before
    assert not any(row.event is Event.APPROVED for row in rows_of_newest(lab))
    code = lab.code_of("Tomas Lima")
    plane.resume(run, {"decision": "approve", "name": "Tomas Lima", "code": code})
    plane.wait_for(run, "COMPLETED", seconds=GATE_SECONDS)
    assert set(lab.versions_serving().values()) == {shipped.commit}
    assert all(lab.in_rotation().values())


def test_after_a_power_loss_of_worker_and_release_the_next_worker_brings_production_home(plane: ControlPlane) -> None:
    lab = plane.lab
    let_people_choose_for(lab, 5)
    before = lab.version_of("web-server-2")
    shipped = lab.ship("9.2.1")
    run = plane.run_deployment("Production deployment/production", request_of(shipped))
    plane.wait_for(run, "PAUSED", seconds=GATE_SECONDS)

    plane.kill_worker()
    plane.kill_run(run)
    plane.start_worker()

    wait_until(lambda: set(lab.versions_serving().values()) == {before}, what="every server is back")
    wait_until(lambda: all(lab.in_rotation().values()), what="both servers are in rotation")
    wait_until(lambda: any(row.event is Event.SEALED for row in rows_of_newest(lab)), what="the record is sealed")
    assert not any(row.event is Event.APPROVED for row in rows_of_newest(lab))
