"""What the tests of several blocks share: one lab a session, and its settings."""

import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from blocks.fleet import Fleet
from blocks.load_balancer import HAProxy
from blocks.postgres import Postgres
from lab.client import Lab
from lab.home import Home
from lab.postgres import Cluster
from tests.blocks.own_cluster import OWNER, make_company, seen_by


@pytest.fixture
def lab(running_lab: Lab) -> Lab:
    """The lab in its first state, without traffic: a block's test counts what it did itself."""
    running_lab.reset()
    running_lab.set_traffic(0)
    return running_lab


@pytest.fixture
def settings(lab: Lab) -> dict[str, Any]:
    """The settings with which a worker finds the lab."""
    return tomllib.loads(lab.settings_path.read_text())


@pytest.fixture
def fleet(settings: dict[str, Any]) -> Iterator[Fleet]:
    """The two web servers of the lab, their fences raised to 1."""
    fleet = Fleet(**settings["fleet"], host_header=settings["application"]["host_header"])
    for server in fleet.servers:
        fleet.raise_fence(server, 1)
    yield fleet
    fleet.close()


@pytest.fixture
def balancer(settings: dict[str, Any]) -> Iterator[HAProxy]:
    """The lab's HAProxy, its fence raised to 1."""
    keys = ("user", "key_file", "known_hosts")
    shutil.rmtree(Path(settings["balancer"]["directory"]) / ".countersign", ignore_errors=True)
    balancer = HAProxy(**settings["balancer"], **{key: settings["fleet"][key] for key in keys})
    balancer.raise_fence(1)
    yield balancer
    balancer.close()


@pytest.fixture(scope="session")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Where a PostgreSQL of its own keeps its secrets."""
    home = Home(tmp_path_factory.mktemp("own"))
    yield home
    shutil.rmtree(home.scratch, ignore_errors=True)


@pytest.fixture(scope="session")
def own_cluster(own_home: Home) -> Iterator[Cluster]:
    """A server with one database, `truth`: it starts without the lab."""
    cluster = Cluster(own_home, "truth", "postgres")
    cluster.start()
    make_company(cluster, own_home, "truth")
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def truth(own_cluster: Cluster, own_home: Home) -> Postgres:
    """The database `truth` as its owner sees it."""
    return seen_by(OWNER, "APP", own_cluster, own_home)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Poll until something is true, at most ten seconds."""
    return _wait_until


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = monotonic() + 60
    while not true():
        assert monotonic() < deadline
        sleep(0.02)
