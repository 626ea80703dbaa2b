"""The fleet over real SSH, against the lab's hosts."""

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Route

from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.fleet import Fleet, HeldByHand, MayHaveRun, Superseded
from blocks.fleet.fenced import FencedFolder
from blocks.fleet.ssh import Connection
from lab.client import Lab, Shipped
from tests.serving import served

Wait = Callable[[Callable[[], bool]], None]


def reference(settings: dict[str, Any], shipped: Shipped) -> str:
    return f"{settings['registry']['name']}@{shipped.digest}"


@pytest.fixture
def connection(settings: dict[str, Any]) -> Iterator[Connection]:
    """A connection to the first web server's host."""
    fleet = settings["fleet"]
    connection = Connection(
        "web-server-1",
        fleet["servers"][0]["host"],
        fleet["servers"][0]["port"],
        fleet["user"],
        fleet["key_file"],
        fleet["known_hosts"],
        timedelta(seconds=5),
    )
    yield connection
    connection.close()


@pytest.fixture
def folder(connection: Connection, tmp_path: Path) -> FencedFolder:
    """An empty folder behind a fence at 5."""
    folder = FencedFolder(connection, str(tmp_path))
    folder.raise_fence(5)
    return folder


def test_a_server_is_updated_by_digest_and_put_back_with_its_files(
    lab: Lab, fleet: Fleet, settings: dict[str, Any], wait_until: Wait
) -> None:
    server = fleet.find("web-server-1")
    directory = Path(server.directory)
    before, compose = fleet.read_state(server), (directory / fleet.compose_file).read_text()
    new = lab.ship("2.0.0")
    image = reference(settings, new)

    kept = fleet.keep_files(server, 1, "r1")
    fleet.pull(server, 1, image)
    assert fleet.has_image(server, image)
    fleet.update(server, 1, image)

    after = fleet.read_state(server)
    assert (kept.digest, after.image_digest) == (before.image_digest, new.digest)
    assert after.revision == new.commit
    wait_until(lambda: new.commit in fleet.read_health(server).body)
    assert not fleet.has_kept_files(server, "r1")

    (directory / fleet.compose_file).write_text(compose + "# changed by the release\n")
    (directory / ".env").write_text((directory / ".env").read_text() + "NEW=1\n")
    fleet.restore(server, 1, "r1")

    again = fleet.read_state(server)
    assert again.image_digest == before.image_digest
    assert again.running
    assert (directory / fleet.compose_file).read_text() == compose
    assert fleet.has_kept_files(server, "r1")
    wait_until(lambda: fleet.read_health(server).status_code == 200)
    assert lab.versions_serving()["web-server-1"] == before.revision


def test_what_was_kept_first_stays_and_works_by_hand(lab: Lab, fleet: Fleet, settings: dict[str, Any]) -> None:
    server = fleet.find("web-server-1")
    before = fleet.read_state(server)
    first = fleet.keep_files(server, 1, "r1")
    fleet.update(server, 1, reference(settings, lab.ship("2.0.1")))

    assert fleet.keep_files(server, 1, "r1") == first
    line = fleet.hand_commands("r1")["web-server-1"]
    assert line.startswith("ssh -p ")
    subprocess.run(
        ["sh", *line.rpartition("'sh ")[2].rstrip("'").split()],
        env={"PATH": f"{lab.home.host('web-server-1')}/bin:/usr/bin:/bin"},
        check=True,
    )
    assert fleet.read_state(server).image_digest == before.image_digest
    assert fleet.read_kept(server, "never") is None


def test_updating_to_what_runs_already_changes_nothing(lab: Lab, fleet: Fleet, settings: dict[str, Any]) -> None:
    server = fleet.find("web-server-1")
    image = reference(settings, lab.ship("2.0.2"))
    fleet.update(server, 1, image)
    first = fleet.read_state(server)
    fleet.update(server, 1, image)

    assert fleet.read_state(server) == first


def test_a_redirect_is_no_health_of_the_server(fleet: Fleet) -> None:
    healthy = fleet.find("web-server-2")
    app = Starlette(routes=[Route("/api/health", lambda _: RedirectResponse(healthy.health))])

    with served(app) as address:
        answer = fleet.read_health(healthy.model_copy(update={"health": f"{address}/api/health"}))

    assert answer.status_code == 307


def test_stop_and_start_keep_the_container(fleet: Fleet, wait_until: Wait) -> None:
    server = fleet.find("web-server-2")
    before = fleet.read_state(server)
    fleet.stop(server, 1)
    stopped = fleet.read_state(server)
    assert (stopped.running, stopped.exit_code, stopped.ended_badly) == (False, 0, False)
    assert fleet.read_health(server).status_code == 0

    fleet.start(server, 1)
    assert fleet.read_state(server).container == before.container
    wait_until(lambda: fleet.read_health(server).status_code == 200)


def test_r5_how_the_version_before_ended_is_read_from_the_host(
    lab: Lab, fleet: Fleet, settings: dict[str, Any], wait_until: Wait
) -> None:
    server = fleet.find("web-server-2")
    stubborn = lab.ship("2.0.4", fault="stubborn")
    fleet.update(server, 1, reference(settings, stubborn))
    assert fleet.read_ended(server) == 0
    wait_until(lambda: stubborn.commit in fleet.read_health(server).body)
    fleet.stop_grace = timedelta(seconds=1)

    fleet.update(server, 1, reference(settings, lab.ship("2.0.5")))

    assert fleet.read_ended(server) == 137


def test_r11_an_image_that_is_gone_and_a_full_disk_are_refused_before_anything_stops(
    lab: Lab, fleet: Fleet, settings: dict[str, Any]
) -> None:
    """R11: the pull comes first, and what runs is left alone."""
    server = fleet.find("web-server-2")
    before = fleet.read_state(server)

    with pytest.raises(Refused, match=r"web-server-2: cannot pull .*manifest unknown"):
        fleet.pull(server, 1, f"{settings['registry']['name']}@sha256:{'0' * 64}")
    lab.fill_disk("web-server-2")
    with pytest.raises(Refused, match=r"web-server-2: cannot pull .*no space left on device"):
        fleet.pull(server, 1, reference(settings, lab.ship("2.0.3")))
    with pytest.raises(Refused, match="expected NAME@sha256"):
        fleet.update(server, 1, f"{settings['registry']['name']}:latest")

    assert fleet.read_state(server) == before


def test_disk_and_log_are_read(fleet: Fleet) -> None:
    server = fleet.find("web-server-1")

    assert 0 < fleet.read_disk(server) <= 1
    assert "listens on port" in fleet.read_log_tail(server, 200)
    fleet.check_configuration(server)


def test_an_unknown_server_is_refused_by_naming_those_there_are(fleet: Fleet) -> None:
    with pytest.raises(Refused, match=r"'web-3'; there are web-server-1, web-server-2"):
        fleet.find("web-3")


def test_an_older_holder_changes_nothing(fleet: Fleet) -> None:
    server = fleet.find("web-server-1")
    before = fleet.read_state(server)
    fleet.raise_fence(server, 7)

    with pytest.raises(Superseded, match="number 6 is refused, 7 took over"):
        fleet.stop(server, 6)
    with pytest.raises(Superseded):
        fleet.raise_fence(server, 3)

    assert fleet.read_fence(server) == 7
    assert fleet.read_state(server) == before


def test_a_server_that_a_person_repairs_is_not_touched(fleet: Fleet) -> None:
    server = fleet.find("web-server-1")
    (Path(server.directory) / "HOLD").write_text("Dora looks at the disk\n")

    assert fleet.read_state(server).held
    with pytest.raises(HeldByHand, match="Dora looks at the disk"):
        fleet.stop(server, 1)
    fleet.raise_fence(server, 8)

    assert fleet.read_state(server).running


def test_a_higher_number_is_kept_and_everything_is_in_the_journal(folder: FencedFolder) -> None:
    assert folder.change(9, ("sh", "-c", "exit 4"), limit=timedelta(seconds=5)).status == 4

    assert folder.read_fence() == 9
    lines = (Path(folder.directory) / ".countersign" / "journal").read_text().splitlines()
    assert [line.split(" ", 1)[1].strip() for line in lines] == [
        "5 raised",
        "9 timeout -k 10 5 sh -c exit 4",
        "9 exit 4",
    ]


def test_what_a_command_leaves_running_does_not_keep_the_lock(folder: FencedFolder) -> None:
    folder.change(5, ("sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $! >pid"), limit=timedelta(seconds=5))
    before = time.monotonic()
    folder.raise_fence(6)

    assert time.monotonic() - before < 50
    subprocess.run(["kill", (Path(folder.directory) / "pid").read_text().strip()], check=True)


def test_commands_of_one_folder_run_one_after_the_other(folder: FencedFolder) -> None:
    script = 'test ! -e busy && touch busy && sleep 0.2 && rm busy && echo "$1" >>order'
    with ThreadPoolExecutor(4) as holders:
        statuses = [
            holders.submit(
                lambda n: folder.change(5, ("sh", "-c", script, "sh", n), limit=timedelta(seconds=5)).status,
                str(number),
            )
            for number in range(4)
        ]
    assert [status.result() for status in statuses] == [0, 0, 0, 0]


def test_a_command_that_does_not_end_is_ended_on_its_host(folder: FencedFolder) -> None:
    with pytest.raises(MayHaveRun, match="did not end within 1 s"):
        folder.change(5, ("sleep", "60"), limit=timedelta(seconds=1))

    folder.raise_fence(6)


def test_a_folder_without_fence_says_so(connection: Connection, tmp_path: Path) -> None:
    folder = FencedFolder(connection, str(tmp_path))

    assert folder.read_fence() == 0
    with pytest.raises(Misconfigured, match="no fence was raised"):
        folder.change(1, ("true",), limit=timedelta(seconds=5))


def test_a_number_that_cannot_be_read_refuses_everybody(folder: FencedFolder) -> None:
    (Path(folder.directory) / ".countersign" / "number").write_text("")

    with pytest.raises(Refused, match="not a number"):
        folder.change(9, ("touch", "changed"), limit=timedelta(seconds=5))
    assert not (Path(folder.directory) / "changed").exists()


def test_status_output_and_input_are_the_commands_own(connection: Connection) -> None:
    ran = connection.run(("sh", "-c", "cat; echo wrong >&2; exit 3"), stdin=b"x" * 300_000)

    assert (ran.status, len(ran.out), ran.last_words) == (3, 300_000, "wrong")


def test_a_command_that_says_much_to_both_streams_ends_as_it_would_alone(connection: Connection) -> None:
    """A build tells its progress to the error stream: more than the two streams may hold together unread."""
    much = "head -c 3000000 /dev/zero | tr '\\0' x"

    ran = connection.run(("sh", "-c", f"({much}) >&2; {much}; exit 3"), limit=timedelta(seconds=20))

    assert (ran.status, len(ran.out), len(ran.err)) == (3, 3_000_000, 3_000_000)


def test_a_kept_connection_that_died_is_replaced(lab: Lab, connection: Connection) -> None:
    assert connection.run(("echo", "a")).out == "a\n"
    lab.cut("web-server-1")
    with pytest.raises(Unreachable):
        connection.run(("true",))
    lab.mend("web-server-1")

    assert connection.run(("echo", "b")).out == "b\n"


def test_a_command_that_was_cut_off_may_have_run(lab: Lab, connection: Connection, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as other:
        began = tmp_path / "began"
        running = other.submit(connection.run, ("sh", "-c", 'touch "$1"; exec sleep 30', "sh", str(began)))
        deadline = time.monotonic() + 25
        while not began.exists():
            assert time.monotonic() < deadline
        lab.cut("web-server-1")
        with pytest.raises(MayHaveRun, match="may have run"):
            running.result()
    lab.mend("web-server-1")


def test_a_command_that_takes_too_long_may_have_run(connection: Connection) -> None:
    with pytest.raises(MayHaveRun, match="no end of `sleep` within 1 s"):
        connection.run(("sleep", "5"), limit=timedelta(seconds=1))


def test_a_host_with_another_key_is_refused(lab: Lab, settings: dict[str, Any]) -> None:
    lab.rotate_host_key("staging")
    fleet, staging = settings["fleet"], settings["staging"]
    files = (fleet["key_file"], fleet["known_hosts"])

    with pytest.raises(Refused, match="key is not the one in"):
        Connection("staging", staging["host"], staging["port"], fleet["user"], *files).run(("true",))


def test_what_is_missing_on_the_worker_is_named(settings: dict[str, Any], tmp_path: Path) -> None:
    fleet = settings["fleet"]
    empty = tmp_path / "empty"
    empty.touch()
    place = ("web-server-1", fleet["servers"][0]["host"], fleet["servers"][0]["port"])

    unknown = Connection(*place, fleet["user"], fleet["key_file"], str(empty))
    with pytest.raises(Misconfigured, match="empty has no key of this host"):
        unknown.run(("true",))
    keyless = Connection(*place, fleet["user"], str(tmp_path / "no-key"), fleet["known_hosts"])
    with pytest.raises(Misconfigured, match="no-key"):
        keyless.run(("true",))
    stranger = Connection(*place, "root", fleet["key_file"], fleet["known_hosts"])
    with pytest.raises(Refused, match="refused the key"):
        stranger.run(("true",))
