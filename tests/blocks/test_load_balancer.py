"""The balancer: a genuine HAProxy through its socket, and one that is steered by commands."""

import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest

from blocks.errors import BlockError, Misconfigured, Refused, Unreachable
from blocks.fleet import Superseded
from blocks.load_balancer import BalancedServer, CommandBalancer, HAProxy
from lab.client import Lab
from policy.next_step import Kind

Wait = Callable[[Callable[[], bool]], None]
STEER = """\
case $1 in
state) cat servers ;;
drain) sed -i "s/^$2 ready/$2 drain/" servers && grep -q "^$2 " servers ;;
ready) sed -i "s/^$2 drain/$2 ready/" servers && grep -q "^$2 " servers ;;
cut) sed -i "s/[0-9]*$/0/" servers ;;
esac
"""


@pytest.fixture
def steered(settings: dict[str, Any], tmp_path: Path) -> Iterator[CommandBalancer]:
    """A balancer that knows two servers and obeys a script."""
    (tmp_path / "steer.sh").write_text(STEER)
    (tmp_path / "servers").write_text("web-server-1 ready up 3\nweb-server-2 ready down 0\n")
    steer = ("sh", "steer.sh")
    balancer = CommandBalancer(
        host=settings["balancer"]["host"],
        port=settings["balancer"]["port"],
        **{key: settings["fleet"][key] for key in ("user", "key_file", "known_hosts")},
        directory=str(tmp_path),
        state_command=(*steer, "state"),
        drain_command=(*steer, "drain", "{server}"),
        ready_command=(*steer, "ready", "{server}"),
        cut_command=(*steer, "cut", "{server}"),
    )
    balancer.raise_fence(1)
    yield balancer
    balancer.close()


def state_of(balancer: HAProxy | CommandBalancer, name: str) -> BalancedServer:
    return next(server for server in balancer.read_servers() if server.name == name)


def test_haproxy_shows_every_server_of_the_backend(balancer: HAProxy, wait_until: Wait) -> None:
    wait_until(lambda: all(server.up for server in balancer.read_servers()))

    assert [(server.name, server.admin_state) for server in balancer.read_servers()] == [
        ("web-server-1", "ready"),
        ("web-server-2", "ready"),
    ]


def test_a_drained_server_gets_nothing_until_it_is_ready_again(lab: Lab, balancer: HAProxy) -> None:
    balancer.drain("web-server-1", 1)
    assert (state_of(balancer, "web-server-1").admin_state, lab.in_rotation()["web-server-1"]) == (
        "drain",
        False,
    )

    balancer.ready("web-server-1", 1)
    assert state_of(balancer, "web-server-1").admin_state == "ready"


def test_a_server_that_died_is_seen_down(lab: Lab, balancer: HAProxy, wait_until: Wait) -> None:
    lab.kill_app("web-server-2")

    wait_until(lambda: not state_of(balancer, "web-server-2").up)
    assert state_of(balancer, "web-server-2").admin_state == "ready"


def test_what_does_not_end_in_time_is_cut(
    lab: Lab, balancer: HAProxy, settings: dict[str, Any], wait_until: Wait
) -> None:
    slow = lab.ship("3.0.0", "slow")
    lab.deploy("web-server-1", str(slow.digest))
    balancer.drain("web-server-2", 1)
    wait_until(lambda: state_of(balancer, "web-server-1").up)
    over = Event()
    askers = [Thread(target=_ask, args=(settings["application"]["url"], over)) for _ in range(10)]
    for asker in askers:
        asker.start()
    wait_until(lambda: state_of(balancer, "web-server-1").sessions > 0)
    over.set()

    balancer.cut_sessions_after("web-server-1", 1, timedelta(seconds=0.5))

    wait_until(lambda: state_of(balancer, "web-server-1").sessions == 0)
    for asker in askers:
        asker.join()


def _ask(url: str, over: Event) -> None:
    while not over.is_set():
        with suppress(httpx.HTTPError):
            httpx.post(f"{url}/api/login", json={}, timeout=20)


def test_an_unknown_server_and_an_older_holder_are_refused(balancer: HAProxy) -> None:
    with pytest.raises(Refused, match="No such server"):
        balancer.drain("web-server-9", 1)
    balancer.raise_fence(4)
    with pytest.raises(Superseded):
        balancer.drain("web-server-1", 3)

    assert balancer.read_fence() == 4
    assert state_of(balancer, "web-server-1").admin_state == "ready"


@pytest.mark.parametrize(
    ("instead", "error", "said", "kind"),
    [
        ({"backend": "nowhere"}, Unreachable, "no readable answer about backend nowhere", Kind.BACKEND_UNKNOWN),
        ({"socket_command": ("sh", "-c", "cat; false")}, Unreachable, "its socket does not answer", Kind.SOCKET_SILENT),
        ({"socket_command": ("no-socat",)}, Misconfigured, "`no-socat` cannot be run there", Kind.PROGRAM_ABSENT),
    ],
)
def test_what_keeps_the_socket_from_answering_is_told_apart(
    balancer: HAProxy, instead: dict[str, Any], error: type[BlockError], said: str, kind: Kind
) -> None:
    with pytest.raises(error, match=said) as raised:
        balancer.model_copy(update=instead).read_servers()

    assert raised.value.cause is not None
    assert raised.value.cause.kind is kind


def test_the_line_that_a_person_types_gives_the_server_requests_again(lab: Lab, balancer: HAProxy) -> None:
    balancer.drain("web-server-1", 1)
    *ssh, line = shlex.split(balancer.hand_ready_command("web-server-1"))

    subprocess.run(["sh", "-c", line], check=True, stdout=subprocess.DEVNULL)

    assert ssh == ["ssh", "-p", str(balancer.port), f"{balancer.user}@{balancer.host}"]
    assert lab.in_rotation()["web-server-1"]


def test_a_balancer_with_commands_is_steered_the_same_way(steered: CommandBalancer) -> None:
    assert steered.read_servers() == (
        BalancedServer("web-server-1", "ready", up=True, sessions=3),
        BalancedServer("web-server-2", "ready", up=False, sessions=0),
    )
    steered.drain("web-server-1", 1)
    steered.cut_sessions_after("web-server-1", 1, timedelta(0))
    assert steered.read_servers()[0] == BalancedServer("web-server-1", "drain", up=True, sessions=0)
    steered.ready("web-server-1", 2)
    assert steered.read_servers()[0].admin_state == "ready"

    with pytest.raises(Superseded):
        steered.drain("web-server-1", 1)
    typed = shlex.split(steered.hand_ready_command("web-server-1"))[-1]
    assert typed == f"cd {steered.directory} && sh steer.sh ready web-server-1"
    with pytest.raises(Refused, match="sh for web-server-9 ended with 1"):
        steered.drain("web-server-9", 2)


def test_a_line_of_another_form_is_no_state(steered: CommandBalancer) -> None:
    (Path(steered.directory) / "servers").write_text("web-server-1 on fire 3\n")

    with pytest.raises(Unreachable, match="expected a name"):
        steered.read_servers()


WHOLE = """\
1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight
3 web 1 web-server-1 10.0.0.1 2 0 1
3 web 2 web-server-2 10.0.0.2 2 0 1

# pxname,svname,qcur,qmax,scur,smax,slim
web,web-server-1,0,0,1,4,
web,web-server-2,0,0,7,9,
"""


@pytest.mark.parametrize(
    ("columns", "state", "up"),
    [
        pytest.param("2 0 1", "ready", True, id="running"),
        pytest.param("1 0 1", "ready", True, id="starting slowly"),
        pytest.param("0 0 1", "ready", False, id="down by its check"),
        pytest.param("3 0 1", "ready", False, id="asks by its check for no more requests (NOLB)"),
        pytest.param("2 8 1", "drain", True, id="drained by hand"),
        pytest.param("2 16 1", "drain", True, id="drained as another is"),
        pytest.param("2 0 0", "drain", True, id="drained by its weight"),
        pytest.param("0 1 1", "maint", False, id="under maintenance"),
        pytest.param("0 9 0", "maint", False, id="under maintenance and drained"),
        pytest.param("0 32 1", "maint", False, id="without an address"),
    ],
)
def test_what_haproxy_gives_no_requests_is_not_in_rotation(
    balancer: HAProxy, tmp_path: Path, columns: str, state: str, *, up: bool
) -> None:
    answer = tmp_path / "answer"
    answer.write_text(WHOLE.replace("10.0.0.1 2 0 1", f"10.0.0.1 {columns}"))
    said = balancer.model_copy(update={"socket_command": ("cat", str(answer))})

    server, other = said.read_servers()

    assert (server.admin_state, server.up) == (state, up)
    assert server.in_rotation is (state == "ready" and up)
    assert other.in_rotation


def test_a_server_whose_weight_somebody_set_to_nothing_is_drained(balancer: HAProxy) -> None:
    def weigh(weight: str) -> None:
        line = f"set weight {balancer.backend}/web-server-1 {weight}\n"
        subprocess.run(balancer.socket_command, input=line.encode(), check=True, stdout=subprocess.DEVNULL)

    weigh("0")
    try:
        assert state_of(balancer, "web-server-1").admin_state == "drain"
    finally:
        weigh("100%")
    assert state_of(balancer, "web-server-1").admin_state == "ready"


@pytest.mark.parametrize("cut", [",7,9,", ",9,", "7,9,", ",0,0,7,9,"])
def test_an_answer_that_was_cut_off_is_no_answer(balancer: HAProxy, tmp_path: Path, cut: str) -> None:
    answer = tmp_path / "answer"
    said = balancer.model_copy(update={"socket_command": ("cat", str(answer))})
    answer.write_text(WHOLE)
    assert [server.sessions for server in said.read_servers()] == [1, 7]

    answer.write_text(WHOLE[: WHOLE.rindex(cut)])

    with pytest.raises(Unreachable):
        said.read_servers()
