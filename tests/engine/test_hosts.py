"""The fleet on real SSH servers: who is let in, and a host that goes away."""

import tomllib
from collections.abc import Iterator
from typing import Any

import paramiko
import pytest

from blocks.errors import Refused, Unreachable
from blocks.fleet import Fleet
from lab.client import Lab
from lab.processes import LabError
from tests.lab.deadline import reached


@pytest.fixture
def settings(lab: Lab) -> dict[str, Any]:
    """The settings with which a worker finds the lab."""
    return tomllib.loads(lab.settings_path.read_text())


@pytest.fixture
def fleet(settings: dict[str, Any]) -> Iterator[Fleet]:
    """The two web servers."""
    fleet = Fleet(**settings["fleet"], host_header=settings["application"]["host_header"])
    yield fleet
    fleet.close()


def test_each_server_is_a_host_of_its_own_and_shows_its_own_container(lab: Lab, fleet: Fleet) -> None:
    first, second = (fleet.read_state(server) for server in fleet.servers)

    assert len({server.host for server in fleet.servers}) == 2
    assert first.running
    assert second.running
    assert first.container != second.container
    assert first.revision == second.revision == lab.version_of("staging")


def test_a_host_that_is_cut_off_is_unreachable_and_comes_back(lab: Lab, fleet: Fleet) -> None:
    server = fleet.find("web-server-1")
    assert fleet.read_state(server).running

    lab.cut("web-server-1")

    with pytest.raises(Unreachable, match="web-server-1"):
        fleet.read_state(server)
    assert lab.version_of("web-server-1") is None
    lab.mend("web-server-1")
    assert fleet.read_state(server).running
    assert reached(lambda: lab.version_of("web-server-1") is not None)


def test_a_host_that_shows_another_key_is_refused(lab: Lab, fleet: Fleet) -> None:
    lab.rotate_host_key("web-server-2")

    with pytest.raises(Refused, match="web-server-2"):
        fleet.read_state(fleet.find("web-server-2"))


@pytest.mark.parametrize("show", ["a password", "an unknown key"])
def test_who_shows_anything_but_the_key_is_not_let_in(settings: dict[str, Any], show: str) -> None:
    fleet, server = settings["fleet"], settings["fleet"]["servers"][0]
    client = paramiko.SSHClient()
    client.load_host_keys(fleet["known_hosts"])
    shown = {"password": "hunter2"} if show == "a password" else {"pkey": paramiko.RSAKey.generate(2048)}

    with pytest.raises(paramiko.AuthenticationException):
        client.connect(
            server["host"], server["port"], fleet["user"], **shown, allow_agent=False, look_for_keys=False, timeout=30
        )


def test_the_disk_of_this_machine_is_not_filled(lab: Lab) -> None:
    with pytest.raises(LabError, match="only the stand-in's can be filled"):
        lab.fill_disk("web-server-1")
