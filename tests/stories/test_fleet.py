"""Where one machine is not enough: ten servers in batches, records in S3, and a worker that dies for good."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prefect.flow_runs import resume_flow_run

from blocks.store import S3Store
from lab.client import Lab
from lab.control_plane import ControlPlane
from lab.object_store import RECORDS
from policy.record import Event
from tests.lab.own_product import git, make_greeter
from tests.stories.company import Blocks
from tests.stories.people import APPROVE
from tests.stories.stage import Stage

BATCH, FEWEST = 3, 7
KEYS = {"bucket": RECORDS, "access_key": "BACKUP_ACCESS_KEY", "secret_key": "BACKUP_SECRET_KEY"}


@pytest.fixture
def greeter(tmp_path: Path) -> Path:
    """An application of somebody's own."""
    return make_greeter(tmp_path / "greeter")


@pytest.fixture
def fleet(control: ControlPlane, blocks: Blocks, tmp_path: Path, greeter: Path) -> Iterator[Stage]:
    """A company of ten servers with that application, its records in S3."""
    del control
    lab = Lab.start(tmp_path / "lab", servers=10, product=greeter)
    try:
        stage = Stage(lab, blocks, tmp_path)
        endpoint = lab.home.url("s3")
        stage.keep_records_in(
            S3Store(endpoint=endpoint, secrets_folder=str(lab.home.secrets), **KEYS), KEYS | {"endpoint": endpoint}
        )
        yield stage
    finally:
        lab.stop(purge=True)


@contextmanager
def counted_rotation(lab: Lab) -> Iterator[list[int]]:
    """Count all the while how many servers the balancer gives requests."""
    counts, over = [10], threading.Event()

    def count() -> None:
        while not over.wait(0.05):
            counts.append(sum(lab.in_rotation().values()))

    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    yield counts
    over.set()
    thread.join()


def test_a_release_of_ten_servers_begun_on_one_worker_is_recovered_on_another(
    fleet: Stage, greeter: Path, tmp_path: Path
) -> None:
    fleet.change_limits(batch_servers=BATCH, may_be_down=0.3, choice=1)
    before = str(fleet.lab.version_of("web-server-1"))
    git(greeter, "commit", "--quiet", "--allow-empty", "-m", "Greet in the evening")
    (shipped,) = fleet.lab.publish()

    with counted_rotation(fleet.lab) as in_rotation, fleet.process(fleet.request(shipped)) as process:
        fleet.when("updated", "web-server-5", process.kill)
        gate = fleet.wait_for_gate()
        at_the_gate = [one for one, commit in fleet.lab.versions_serving().items() if commit == shipped.commit]
        resume_flow_run(gate.id, run_input=fleet.typed(APPROVE))
        process.wait()
        fleet.work_from(tmp_path / "other-worker")
        fleet.recover_until_free()

    assert at_the_gate == ["web-server-1"]
    first_batch = [row.subject for row in fleet.rows() if (row.step, row.event) == ("updated", Event.CONFIRMED)][1:4]
    assert sorted(first_batch) == ["web-server-2", "web-server-3", "web-server-4"]
    assert min(in_rotation) >= FEWEST
    assert fleet.outcome() == "rolled back"
    fleet.ends_well_on(before)
