"""The lab on the real engine, for the table of commands and for the stories."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import temporary_settings

from lab.client import Lab
from lab.control_plane import ControlPlane
from lab.docker_engine import DockerEngine, Place, what_is_missing
from lab.home import DOCKER, STAND_IN, Home
from lab.image_builder import Shelf
from lab.processes import of_this_lab
from lab.registry import build_registry
from lab.stand_in import StandIn
from tests.engine.bench import HOST, Bench
from tests.serving import served
from tests.stories.company import Blocks
from tests.stories.conftest import client_settings, one_certificate, quiet_server
from tests.stories.stage import Stage


@pytest.fixture(scope="package")
def running_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One company on the Docker engine, docker-registry and OpenSSH; where they must be, their absence is a failure."""
    if missing := what_is_missing():
        sentence = f"the real container engine cannot run here; {missing}; then: pytest tests/engine"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    lab = Lab.start(tmp_path_factory.mktemp("docker-lab"), engine=DOCKER)
    yield lab
    lab.stop(purge=True)
    place = Place(lab.home)
    assert (of_this_lab(lab.home), place.mounts(), place.has_bridge()) == ([], [], False)
    assert not lab.home.path.exists()


@pytest.fixture(scope="package")
def control(running_lab: Lab) -> Iterator[ControlPlane]:
    """A Prefect server for the stories on the real engine."""
    control = quiet_server(running_lab)
    yield control
    control.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The only certificate that Prefect's clients read."""
    return one_certificate(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="package")
def blocks(control: ControlPlane) -> Blocks:
    """The block documents of these stories."""
    del control
    return Blocks()


@pytest.fixture
def connected(control: ControlPlane, certificate: str) -> Iterator[None]:
    """This test talks to its own Prefect server; the other stories' may be in use before and after in this process."""
    with temporary_settings(client_settings(control, certificate)):
        yield


@pytest.fixture
def stage(lab: Lab, blocks: Blocks, connected: None, tmp_path: Path) -> Stage:
    """The lab as it was at first, and a store that belongs to this story alone."""
    del connected
    stage = Stage(lab, blocks, tmp_path)
    stage.wait_for_calm()
    return stage


@pytest.fixture(scope="package", params=[STAND_IN, DOCKER])
def one_bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A host on either engine."""
    if request.param == DOCKER:
        home = request.getfixturevalue("running_lab").home
        yield Bench(home, DockerEngine(home))
        return
    home = Home(tmp_path_factory.mktemp("stand-in"))
    registry = build_registry(
        Shelf(home.registry), "ci", home.secret("REGISTRY_PASSWORD"), repository=home.product.image
    )
    with served(registry) as address:
        home.ports["registry"] = int(address.rpartition(":")[2])
        stand_in = StandIn(home)
        stand_in.start()
        bench = Bench(home, stand_in)
        yield bench
        bench.engine.remove_containers(HOST)
        stand_in.stop()


@pytest.fixture
def bench(one_bench: Bench) -> Bench:
    """The host with a Compose file and nothing else."""
    one_bench.clean()
    return one_bench
