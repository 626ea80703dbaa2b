"""The words of the commands: what a host is asked to do, letter by letter."""

import shlex
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from blocks.fleet import commands
from blocks.fleet.server import Server, digest_of, repository_of, state_of

DIGEST = f"sha256:{'a' * 64}"
COMPOSE = "docker-compose.prod.yml"
GIVEN = "# für alle\n\n".encode()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            commands.up(COMPOSE, "web-1"),
            "docker compose -f docker-compose.prod.yml -f .countersign/web-1.image.yml up -d --no-deps web-1",
        ),
        (
            commands.stop(COMPOSE, "web-1", timedelta(seconds=30)),
            "docker compose -f docker-compose.prod.yml stop -t 30 web-1",
        ),
        (commands.start(COMPOSE, "web-1"), "docker compose -f docker-compose.prod.yml start web-1"),
        (commands.check_configuration(COMPOSE), "docker compose -f docker-compose.prod.yml config --quiet"),
        (commands.inspect_image("sha256:1"), "docker image inspect sha256:1"),
        (commands.pull(f"r:5000/web@{DIGEST}"), f"docker pull r:5000/web@{DIGEST}"),
        (commands.fenced("/opt/web", 42), "sh /opt/web/.countersign/fenced.sh 42"),
        (
            commands.fenced("/opt/web", 42, ("docker", "pull", "x"), limit=timedelta(minutes=2)),
            "sh /opt/web/.countersign/fenced.sh 42 timeout -k 10 120 docker pull x",
        ),
        (commands.roll_back(".countersign/kept/r1/web-1"), "sh .countersign/kept/r1/web-1/roll-back.sh"),
    ],
)
def test_a_command_is_these_words(words: commands.Words, line: str) -> None:
    assert shlex.join(words) == line


def test_what_comes_from_outside_is_one_word_and_never_shell() -> None:
    words = commands.update("exec true", "a; shred /", "web-1", "$(reboot)", timedelta(seconds=30), commit="`halt`")

    assert words[:2] == ("sh", "-c")
    assert not [word for word in ("reboot", "shred", "halt") if word in words[2]]
    assert words[4:] == ("a; shred /", "web-1", "$(reboot)", "30", "`halt`")


@pytest.mark.parametrize("arrived", range(len(GIVEN) + 1))
def test_a_command_whose_caller_dies_before_it_gave_everything_does_nothing(tmp_path: Path, arrived: int) -> None:
    file = tmp_path / "roll-back.sh"
    words = commands.given_whole(("sh", "-c", 'cat >"$1"', "sh", str(file)), GIVEN)

    done = subprocess.run(words, input=GIVEN[:arrived], capture_output=True, check=False)

    whole = arrived == len(GIVEN)
    assert (done.returncode, file.exists()) == ((0, True) if whole else (78, False))
    assert file.read_bytes() == GIVEN if whole else b"only a part" in done.stderr


@pytest.mark.parametrize("arrived", [0, 1, len(GIVEN) - 1])
def test_a_fence_whose_script_did_not_arrive_whole_is_not_put_in_place(tmp_path: Path, arrived: int) -> None:
    words = commands.install(str(tmp_path), GIVEN)
    subprocess.run(words, input=GIVEN, check=True)

    assert subprocess.run(words, input=GIVEN[:arrived], capture_output=True, check=False).returncode == 78

    assert (tmp_path / commands.FOLDER / "fenced.sh").read_bytes() == GIVEN


def test_a_command_ends_as_it_would_without_being_given_anything() -> None:
    assert (
        subprocess.run(commands.given_whole(("sh", "-c", "exit 17"), GIVEN), input=GIVEN, check=False).returncode == 17
    )


def test_the_override_names_one_service_and_its_image() -> None:
    assert commands.override("web-1", f"r:5000/web@{DIGEST}").decode() == (
        f'services: {{web-1: {{image: "r:5000/web@{DIGEST}"}}}}\n'
    )


@pytest.mark.parametrize(
    ("image", "repository", "digest"),
    [
        (f"127.0.0.1:5000/holi-web@{DIGEST}", "127.0.0.1:5000/holi-web", DIGEST),
        ("127.0.0.1:5000/holi-web:1.2", "127.0.0.1:5000/holi-web", None),
        ("127.0.0.1:5000/holi-web", "127.0.0.1:5000/holi-web", None),
        (f"web:1.2@{DIGEST}", "web", DIGEST),
        ("web@sha256:short", "web", None),
    ],
)
def test_a_reference_is_taken_apart(image: str, repository: str, digest: str | None) -> None:
    assert (repository_of(image), digest_of(image)) == (repository, digest)


def test_an_image_of_several_repositories_goes_by_the_digest_of_its_own() -> None:
    container = {
        "Id": "c1",
        "Image": "sha256:1",
        "State": {"Running": False, "ExitCode": 137, "StartedAt": "2026-11-25T10:00:00.123456789Z"},
        "Config": {"Image": "r:5000/web:1.2", "Labels": None},
    }
    image = {"RepoDigests": [f"other/web@sha256:{'b' * 64}", f"r:5000/web@{DIGEST}"]}

    state = state_of("web-server-1", held=False, container=container, image=image)

    assert state.image_digest == DIGEST
    assert state.ended_badly
    assert state.started_at is not None
    assert state.started_at.tzinfo is not None
    assert state.sentence == f"web-server-1 has stopped with exit code 137 on {DIGEST[:19]}…"


def test_a_server_is_called_in_the_balancer_as_everywhere_unless_said_otherwise() -> None:
    facts = {
        "name": "a",
        "host": "h",
        "service": "web-1",
        "directory": "/opt/web",
        "health": "http://h/health",
    }

    assert Server.model_validate(facts).balancer_name == "a"
    assert Server.model_validate({**facts, "balancer_name": "b"}).balancer_name == "b"
