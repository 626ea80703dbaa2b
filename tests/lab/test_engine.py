"""The stand-in for Docker: what it does as Docker does, and what it refuses."""

import json
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.client import Lab, Shipped
from lab.engine.images import write_credentials
from lab.home import COMPOSE_FILE
from tests.lab.deadline import reached

Docker = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def docker(running_lab: Lab) -> Docker:
    """The command `docker` on web-server-1, in its project's folder."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        host = running_lab.home.host("web-server-1")
        command = [str(host / "bin" / "docker"), *words]
        folder = running_lab.home.project("web-server-1")
        environment = {"HOME": str(host), "LAB_PROCESS": str(running_lab.home.path)}
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=30, check=False
        )

    return run


def compose(*words: str) -> tuple[str, ...]:
    return ("compose", "-f", COMPOSE_FILE, *words)


def override(lab: Lab, digest: str) -> tuple[str, ...]:
    """Lay an image over the Compose file; return the words that name both files."""
    folder = lab.home.project("web-server-1") / ".countersign"
    folder.mkdir(exist_ok=True)
    (folder / "web-1.image.yml").write_text(f'services: {{web-1: {{image: "{reference(lab, digest)}"}}}}\n')
    return ("compose", "-f", COMPOSE_FILE, "-f", ".countersign/web-1.image.yml")


def reference(lab: Lab, digest: str) -> str:
    return f"127.0.0.1:{lab.home.ports['registry']}/holi-web@{digest}"


def inspect(docker: Docker) -> dict[str, Any]:
    identity = docker(*compose("ps", "-a", "-q", "web-1")).stdout.strip()
    found: dict[str, Any] = json.loads(docker("inspect", identity).stdout)[0]
    return found


def test_the_running_container_is_shown_with_its_image(lab: Lab, docker: Docker) -> None:
    found = inspect(docker)

    image = json.loads(docker("image", "inspect", found["Image"]).stdout)[0]
    assert found["State"]["Status"] == "running"
    assert found["Config"]["Image"] in image["RepoDigests"]
    revision = image["Config"]["Labels"]["org.opencontainers.image.revision"]
    assert revision == lab.version_of("web-server-1")


@pytest.mark.usefixtures("lab")
def test_up_again_changes_nothing(docker: Docker) -> None:
    before = inspect(docker)

    said = docker(*compose("up", "-d", "--no-deps", "web-1"))

    assert said.returncode == 0
    assert inspect(docker)["Id"] == before["Id"]
    assert inspect(docker)["State"]["StartedAt"] == before["State"]["StartedAt"]


def test_another_image_makes_another_container(lab: Lab, docker: Docker) -> None:
    before = inspect(docker)
    shipped = lab.ship("1.5.0")

    said = docker(*override(lab, str(shipped.digest)), "up", "-d", "--no-deps", "web-1")

    assert said.returncode == 0, said.stderr
    assert inspect(docker)["Id"] != before["Id"]
    assert reached(lambda: lab.version_of("web-server-1") == shipped.commit)


@pytest.mark.usefixtures("lab")
def test_a_stopped_container_shows_how_it_ended(docker: Docker) -> None:
    docker(*compose("stop", "web-1"))
    stopped = inspect(docker)["State"]

    docker(*compose("start", "web-1"))

    assert (stopped["Status"], stopped["Running"], stopped["ExitCode"]) == ("exited", False, 0)
    assert inspect(docker)["State"]["Running"]


def test_a_stubborn_application_is_killed_after_the_grace_time(lab: Lab, docker: Docker) -> None:
    shipped = lab.ship("1.5.0", fault="stubborn")
    lab.deploy("web-server-1", str(shipped.digest))
    assert reached(lambda: lab.version_of("web-server-1") == shipped.commit)

    docker(*compose("stop", "-t", "1", "web-1"))

    assert inspect(docker)["State"]["ExitCode"] == 137


def test_a_crash_at_boot_is_recorded_with_its_last_words(lab: Lab, docker: Docker) -> None:
    shipped = lab.ship("1.5.0", fault="crash")
    lab.deploy("web-server-1", str(shipped.digest))

    assert reached(lambda: inspect(docker)["State"]["Status"] == "exited")
    assert inspect(docker)["State"]["ExitCode"] == 1
    assert "Cannot find module" in docker("logs", "--tail", "1", inspect(docker)["Id"]).stdout


def test_a_killed_application_stays_down(lab: Lab, docker: Docker) -> None:
    lab.kill_app("web-server-1")

    assert reached(lambda: inspect(docker)["State"]["ExitCode"] == 137)
    assert not inspect(docker)["State"]["Running"]


def test_a_pulled_image_is_listed_by_its_digest(lab: Lab, docker: Docker) -> None:
    shipped = lab.ship("1.5.0")

    said = docker("pull", reference(lab, str(shipped.digest)))

    assert said.returncode == 0, said.stderr
    assert str(shipped.digest) in docker("images", "--digests").stdout


@pytest.mark.parametrize("what", ["absent digest", "removed image"])
def test_an_image_that_is_not_there_is_manifest_unknown(lab: Lab, docker: Docker, what: str) -> None:
    digest = "sha256:" + "0" * 64
    if what == "removed image":
        shipped = lab.ship("1.5.0")
        lab.remove_image(shipped.commit)
        digest = str(shipped.digest)

    said = docker("pull", reference(lab, digest))

    assert said.returncode == 1
    assert "manifest unknown" in said.stderr


def test_a_full_disk_fails_the_pull_and_keeps_the_container(lab: Lab, docker: Docker) -> None:
    shipped = lab.ship("1.5.0")
    before = inspect(docker)["Id"]
    lab.fill_disk("web-server-1")

    said = docker(*override(lab, str(shipped.digest)), "up", "-d", "--no-deps", "web-1")

    assert said.returncode == 1
    assert "no space left on device" in said.stderr
    assert inspect(docker)["Id"] == before


@pytest.mark.parametrize(
    ("password", "refusal"), [(None, "no basic auth credentials"), ("wrong", "unauthorized: authentication required")]
)
def test_wrong_registry_credentials_are_refused(lab: Lab, docker: Docker, password: str | None, refusal: str) -> None:
    shipped = lab.ship("1.5.0")
    host, registry = lab.home.host("web-server-1"), f"127.0.0.1:{lab.home.ports['registry']}"
    write_credentials(host, registry if password else "elsewhere", "ci", str(password))

    said = docker("pull", reference(lab, str(shipped.digest)))

    assert said.returncode == 1
    assert refusal in said.stderr


def test_a_taken_port_is_refused(lab: Lab, docker: Docker) -> None:
    docker(*compose("stop", "web-1"))
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", lab.home.ports["app_web-server-1"]))
        other.listen()
        said = docker(*compose("start", "web-1"))

    assert said.returncode == 1
    assert "address already in use" in said.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("run", "alpine"), 125),
        (("pull", "--quiet", "127.0.0.1:1/holi-web:1"), 125),
        (("ps",), 125),
        (("logs", "holilabsv2-web-1-1"), 125),
        (compose("down"), 125),
        (compose("up", "-d", "web-1"), 125),
        (compose("up", "-d", "--no-deps", "--pull", "always", "web-1"), 125),
        (("compose", "ps", "-a", "-q", "web-1"), 1),
        (("compose", "-f", "nothing.yml", "config", "--quiet"), 1),
        (compose("up", "-d", "--no-deps", "web-9"), 1),
        (("inspect", "nobody"), 1),
        (("image", "inspect", "nothing"), 1),
        (("pull", "not a reference"), 1),
    ],
)
def test_words_that_are_not_known_are_refused(docker: Docker, words: tuple[str, ...], code: int) -> None:
    said = docker(*words)

    assert said.returncode == code
    assert said.stderr.strip()


def test_config_finds_a_broken_file(lab: Lab, docker: Docker) -> None:
    assert docker(*compose("config", "--quiet")).returncode == 0
    file: Path = lab.home.project("web-server-1") / COMPOSE_FILE
    file.write_text(file.read_text() + "\n  nonsense\n")

    assert docker(*compose("config", "--quiet")).returncode == 1


def test_an_open_pull_request_has_no_image(lab: Lab) -> None:
    waiting: Shipped = lab.ship("1.5.0", merged=False)

    assert waiting.digest is None


@pytest.mark.usefixtures("lab")
def test_words_arrive_as_they_were_given(docker: Docker) -> None:
    assert docker("inspect", "").returncode == 1
    assert "docker compose ps a  b" in docker("compose", "-f", COMPOSE_FILE, "ps", "a ", "b").stderr
