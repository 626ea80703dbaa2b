"""The roll-out that loses nothing, by hand: drain, empty, update, healthy, ready, UP, next."""

import shlex
from functools import partial
from typing import Any

import httpx
import pytest

from lab.client import Lab, Shipped
from tests.lab.deadline import reached
from tests.lab.remote import Remote, read_settings


def say(balancer: Remote, settings: dict[str, Any], line: str) -> str:
    return balancer.run(*settings["balancer"]["socket_command"], given=line + "\n").out


def serves(lab: Lab, server: str, commit: str) -> bool:
    return lab.version_of(server) == commit


def is_up(lab: Lab, server: str) -> bool:
    return lab.in_rotation()[server]


def is_empty(balancer: Remote, settings: dict[str, Any], server: str) -> bool:
    rows = [row.split(",") for row in say(balancer, settings, "show stat web 4 -1").splitlines() if row]
    row = next(row for row in rows if row[1:2] == [server])
    return int(dict(zip(rows[0], row, strict=True))["scur"]) == 0


def update(lab: Lab, settings: dict[str, Any], server: dict[str, Any], shipped: Shipped) -> None:
    image = f"{settings['registry']['name']}@{shipped.digest}"
    override = f'services: {{{server["service"]}: {{image: "{image}"}}}}\n'
    file = f".countersign/{server['service']}.image.yml"
    host = Remote(lab, server["port"])
    words = ["docker", "compose", "-f", settings["fleet"]["compose_file"], "-f", file]
    line = shlex.join([*words, "up", "-d", "--no-deps", server["service"]])
    folder = shlex.quote(server["directory"])
    said = host.shell(f"cd {folder} && mkdir -p .countersign && cat >{file} && {line}", given=override)
    host.close()
    assert said.code == 0, said.err


def test_a_roll_out_server_by_server_loses_no_request(lab: Lab) -> None:
    settings = read_settings(lab)
    shipped = lab.ship("1.5.0")
    balancer = Remote(lab, settings["balancer"]["port"])
    lab.set_traffic(60)
    lab.mark_traffic()

    for server in settings["fleet"]["servers"]:
        name = server["balancer_name"]
        assert say(balancer, settings, f"set server web/{name} state drain").strip() == ""
        assert reached(partial(is_empty, balancer, settings, name))
        update(lab, settings, server, shipped)
        assert reached(partial(serves, lab, server["name"], shipped.commit))
        say(balancer, settings, f"set server web/{name} state ready")
        assert reached(partial(is_up, lab, name))
    balancer.close()

    counts = lab.traffic()
    assert set(lab.versions_serving().values()) == {shipped.commit}
    assert counts.sent > 60
    assert (counts.lost, counts.failed) == (0, 0), counts.losses


def test_requests_to_a_dead_company_are_counted_as_lost(lab: Lab) -> None:
    for server in ("web-server-1", "web-server-2"):
        lab.kill_app(server)

    assert reached(lambda: lab.traffic().lost > 5)


def test_failed_requests_are_counted_apart_from_lost_ones(lab: Lab) -> None:
    shipped = lab.ship("1.5.0", fault="errors")
    for server in ("web-server-1", "web-server-2"):
        lab.deploy(server, str(shipped.digest))
    assert reached(lambda: set(lab.versions_serving().values()) == {shipped.commit})
    assert reached(lambda: all(lab.in_rotation().values()))
    lab.set_traffic(100)
    lab.mark_traffic()

    assert reached(lambda: lab.traffic().sent >= 200)
    counts = lab.traffic()
    assert counts.lost == 0, counts.losses
    assert 0.04 < counts.failed / counts.sent < 0.12


@pytest.mark.parametrize("word", ["drain", "maint"])
def test_a_server_out_of_rotation_is_put_back_by_reset(lab: Lab, word: str) -> None:
    lab.balancer_say(f"set server web/web-server-1 state {word}")
    assert not lab.in_rotation()["web-server-1"]

    lab.reset()

    assert lab.in_rotation() == {"web-server-1": True, "web-server-2": True}


def test_the_balancer_answers_a_sentence_to_an_unknown_server(lab: Lab) -> None:
    assert "No such server" in lab.balancer_say("set server web/web-server-9 state drain")


def test_health_through_the_balancer_is_that_of_a_server(lab: Lab) -> None:
    answer = httpx.get(lab.home.url("balancer") + "/api/health", timeout=30).json()

    assert answer["status"] == "healthy"
    assert answer["version"] in lab.versions_serving().values()
