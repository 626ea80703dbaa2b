"""Every command we give Docker and Compose ends the same on the real engine and on the stand-in."""

import json
import os
import signal
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from blocks.fleet import commands
from blocks.fleet.commands import Words
from blocks.fleet.server import digest_of, state_of
from lab.home import COMPOSE_FILE
from tests.engine.bench import ABSENT, HOST, LIST, SERVICE, UP, Bench, Seen

OLD, NEW = Seen("old", running=True, exit_code=0), Seen("new", running=True, exit_code=0)
STOPPED = Seen("old", running=False, exit_code=0)
DEAD = Seen("dying", running=False, exit_code=3)
# What the fleet reads in a pull's last words: with one of them, trying again is of no use.
FINAL_WORDS = ("no space left", "manifest unknown", "denied", "unauthorized", "no basic auth credentials")


def nothing(bench: Bench) -> None:
    """The service has no container yet."""


def running(bench: Bench) -> None:
    bench.run_program("old")


def stopped(bench: Bench) -> None:
    bench.run_program("old")
    assert bench.run(STOP).status == 0


def stubborn(bench: Bench) -> None:
    bench.run_program("stubborn")


def killed(bench: Bench) -> None:
    bench.run_program("old")
    (pid,) = bench.engine.running(HOST)
    os.kill(pid, signal.SIGKILL)
    assert bench.shows(Seen("old", running=False, exit_code=137))


def told(program: str) -> Callable[[Bench], None]:
    """The old program runs, and the override file names another one."""

    def given(bench: Bench) -> None:
        bench.run_program("old")
        bench.name_in_override(program)

    return given


def with_file(text: str) -> Callable[[Bench], None]:
    """The Compose file holds this."""

    def given(bench: Bench) -> None:
        (bench.folder / COMPOSE_FILE).write_text(text)

    return given


def without_file(bench: Bench) -> None:
    (bench.folder / COMPOSE_FILE).unlink()


def without_override(bench: Bench) -> None:
    (bench.folder / commands.override_file(SERVICE)).unlink()


CONFIG = commands.check_configuration(COMPOSE_FILE)
STOP = commands.stop(COMPOSE_FILE, SERVICE, timedelta(seconds=20))
CUT_SHORT = commands.stop(COMPOSE_FILE, SERVICE, timedelta(seconds=1))
START = commands.start(COMPOSE_FILE, SERVICE)
NO_YAML = with_file("services:\n  web-1:\n  nonsense\n")
UNKNOWN_KEY = with_file("services:\n  web-1:\n    image: a\n    nonsense: 3\n")
NO_IMAGE = with_file('services:\n  web-1:\n    restart: "no"\n')
EMPTY = with_file("")
OTHER_SERVICE = with_file("services:\n  web-7:\n    image: a\n")

TABLE = [
    # what is there            what is said  status  what is there then
    (nothing, CONFIG, 0, None),
    (without_file, CONFIG, 1, None),
    (NO_YAML, CONFIG, 1, None),
    (UNKNOWN_KEY, CONFIG, 1, None),
    (NO_IMAGE, CONFIG, 1, None),
    (EMPTY, CONFIG, 1, None),
    (nothing, LIST, 0, None),
    (without_file, LIST, 1, None),
    (NO_YAML, LIST, 1, None),
    (OTHER_SERVICE, LIST, 1, None),
    (nothing, UP, 0, OLD),
    (running, UP, 0, OLD),
    (stopped, UP, 0, OLD),
    (killed, UP, 0, OLD),
    (told("new"), UP, 0, NEW),
    (told("dying"), UP, 0, DEAD),
    (told("absent"), UP, 1, OLD),
    (without_file, UP, 1, None),
    (without_override, UP, 1, None),
    (NO_YAML, UP, 1, None),
    (UNKNOWN_KEY, UP, 1, None),
    (nothing, STOP, 0, None),
    (running, STOP, 0, STOPPED),
    (stopped, STOP, 0, STOPPED),
    (stubborn, CUT_SHORT, 0, Seen("stubborn", running=False, exit_code=137)),
    (OTHER_SERVICE, STOP, 1, None),
    (nothing, START, 1, None),
    (running, START, 0, OLD),
    (stopped, START, 0, OLD),
    (killed, START, 0, OLD),
    (OTHER_SERVICE, START, 1, None),
    (without_file, START, 1, None),
]
NAMES = {CONFIG: "config", LIST: "ps", UP: "up", STOP: "stop", CUT_SHORT: "stop", START: "start"}


def name_of(row: tuple[Callable[[Bench], None], Words, int, Seen | None]) -> str:
    given, words, status, then = row
    return f"{given.__name__}-{NAMES[words]}-{status}-{then.program if then else 'nothing'}"


@pytest.mark.parametrize(("given", "words", "status", "then"), TABLE, ids=map(name_of, TABLE))
def test_a_compose_command_ends_with_this_status_and_leaves_this(
    bench: Bench, given: Callable[[Bench], None], words: Words, status: int, then: Seen | None
) -> None:
    given(bench)

    done = bench.run(words)

    assert done.status == status, done.err
    assert bool(done.err.strip()) or status == 0
    bench.name_in_compose_file("old")
    assert bench.shows(then)


def test_no_container_is_no_line_and_one_is_its_identity(bench: Bench) -> None:
    before = bench.run(LIST).out
    bench.run_program("old")
    listed = bench.run(LIST).out.split()

    assert before == ""
    assert [bench.inspected(one)["Id"] for one in listed] == listed


def test_a_container_is_found_by_where_its_project_lies(bench: Bench) -> None:
    def listed(folder: str, service: str) -> str:
        labels = {"project.working_dir": folder, "service": service, "oneoff": "False"}
        pairs = [("--filter", f"label=com.docker.compose.{name}={value}") for name, value in labels.items()]
        words = [word for pair in pairs for word in pair]
        return bench.run(("docker", "ps", "-a", "-q", "--no-trunc", *words)).out.strip()

    before = listed(str(bench.folder), SERVICE)
    stopped(bench)

    assert before == ""
    assert listed(str(bench.folder), SERVICE) == bench.identity()
    assert listed(str(bench.folder.parent), SERVICE) == ""
    assert listed(str(bench.folder), "web-7") == ""


@pytest.mark.parametrize("given", [nothing, running, killed])
def test_the_state_of_a_service_is_found_from_wherever_its_project_was_started(
    bench: Bench, given: Callable[[Bench], None]
) -> None:
    given(bench)
    link = bench.folder.with_name("by-another-path")
    link.symlink_to(bench.folder)

    said = [
        bench.run(commands.inside(str(folder), commands.state(COMPOSE_FILE, SERVICE))).out
        for folder in (bench.folder, link)
    ]

    link.unlink()
    assert said[0] == said[1]
    assert ('"Id"' in said[0]) == (given is not nothing)


@pytest.mark.parametrize("words", [UP, START], ids=["up", "start"])
def test_what_runs_already_is_left_alone(bench: Bench, words: Words) -> None:
    bench.run_program("old")
    before = bench.container()

    assert bench.run(words).status == 0

    after = bench.container()
    assert before
    assert after
    assert (after["Id"], after["State"]["StartedAt"]) == (before["Id"], before["State"]["StartedAt"])


@pytest.mark.parametrize("words", [UP, START], ids=["up", "start"])
def test_a_stopped_container_starts_again_as_itself(bench: Bench, words: Words) -> None:
    stopped(bench)
    before = bench.identity()

    assert bench.run(words).status == 0

    assert bench.identity() == before


def test_another_image_makes_another_container(bench: Bench) -> None:
    bench.run_program("old")
    before = bench.identity()

    bench.run_program("new")

    assert bench.identity() != before


@pytest.mark.parametrize("given", [running, stopped, killed])
def test_the_fleet_reads_the_state_of_a_server_out_of_the_engines_answers(
    bench: Bench, given: Callable[[Bench], None]
) -> None:
    given(bench)
    container = bench.container()
    assert container

    state = state_of("web-server-1", held=False, container=container, image={})

    assert state.running == (given is running)
    assert state.image == bench.images["old"]
    assert state.image_digest == digest_of(bench.images["old"])
    assert state.revision == "old"
    assert state.started_at
    assert abs(datetime.now(UTC) - state.started_at) < timedelta(minutes=1)
    assert state.ended_badly == (given is killed)


@pytest.mark.parametrize("words", [UP, START], ids=["up", "start"])
def test_a_port_that_somebody_else_took_fails_the_start_and_the_container_ended_badly(
    bench: Bench, words: Words
) -> None:
    stopped(bench)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((bench.address, bench.port))
        other.listen()
        done = bench.run(words)

    assert done.status == 1
    assert "bind: address already in use" in done.err
    assert bench.seen() == Seen("old", running=False, exit_code=128)
    assert bench.run(START).status == 0
    assert bench.shows(OLD)


def test_an_image_is_known_by_its_digest_and_by_its_identity(bench: Bench) -> None:
    bench.run_program("old")
    container = bench.container()
    assert container

    found = [
        json.loads(bench.run(commands.inspect_image(name)).out)[0] for name in (bench.images["old"], container["Image"])
    ]

    assert found[0] == found[1]
    assert found[0]["Id"] == container["Image"]
    assert found[0]["RepoDigests"] == [bench.images["old"]]
    assert found[0]["Config"]["Labels"]["org.opencontainers.image.revision"] == "old"


@pytest.mark.parametrize("name", ["a digest", "an identity"])
def test_an_image_that_is_not_on_the_host_is_status_1(bench: Bench, name: str) -> None:
    image = bench.images["absent"] if name == "a digest" else ABSENT

    assert bench.run(commands.inspect_image(image)).status == 1


def test_a_container_that_is_not_there_is_status_1(bench: Bench) -> None:
    assert bench.run(("docker", "inspect", "0" * 64)).status == 1
    assert bench.run(commands.log_tail("0" * 64, 5)).status == 1


def test_the_tail_of_a_log_holds_both_streams(bench: Bench) -> None:
    bench.run_program("dying")
    assert bench.shows(DEAD)

    assert sorted(bench.run(commands.log_tail(bench.identity(), 5)).out.splitlines()) == ["to say", "to shout"]
    assert len(bench.run(commands.log_tail(bench.identity(), 1)).out.splitlines()) == 1


def test_a_pulled_image_is_on_the_host(bench: Bench) -> None:
    assert bench.run(commands.pull(bench.images["new"])).status == 0
    assert bench.run(commands.pull(bench.images["new"])).status == 0

    assert bench.run(commands.inspect_image(bench.images["new"])).status == 0


@pytest.mark.parametrize(
    ("why", "final"),
    [
        ("no such image", ["manifest unknown"]),
        ("wrong password", ["unauthorized"]),
        ("no password", ["no basic auth credentials"]),
        ("no registry", []),
    ],
)
def test_a_pull_says_by_its_words_whether_trying_again_may_help(bench: Bench, why: str, final: list[str]) -> None:
    image = bench.images["absent"]
    if why == "wrong password":
        bench.log_in_with("wrong")
    if why == "no password":
        bench.log_in_with(None)
    if why == "no registry":
        image = f"127.0.0.1:1/holi-web@{ABSENT}"

    done = bench.run(commands.pull(image))

    assert done.status == 1
    assert [words for words in FINAL_WORDS if words in done.err.lower()] == final, done.err
