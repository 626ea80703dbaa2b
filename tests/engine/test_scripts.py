"""The scripts that we leave on a host do the same to the real engine as to the stand-in."""

import json
from datetime import timedelta
from importlib import resources

import pytest

from blocks.fleet import commands
from blocks.fleet.commands import Words
from blocks.fleet.server import state_of
from lab.home import COMPOSE_FILE
from tests.engine.bench import SERVICE, UP, Bench, Seen

OLD, NEW = Seen("old", running=True, exit_code=0), Seen("new", running=True, exit_code=0)
KEPT = commands.kept_folder(SERVICE, "20261125-101500-abcdef12")
OVERRIDE = commands.override_file(SERVICE)
SUPERSEDED, BY_HAND, TIME_WAS_UP = 76, 77, 124
LIMIT, GRACE, SHORT = timedelta(seconds=40), timedelta(seconds=20), timedelta(seconds=1)
STOP_SHORT = commands.stop(COMPOSE_FILE, SERVICE, SHORT)


def script(name: str) -> bytes:
    return (resources.files("blocks.fleet") / name).read_bytes()


@pytest.fixture
def fenced(bench: Bench) -> Bench:
    """The old program runs behind a fence of number 7, and the override file is about to name the new one."""
    assert bench.run(UP).status == 0
    fence = script("fenced.sh")
    assert bench.run(commands.install(str(bench.folder), fence), given=fence).status == 0
    assert bench.run(commands.fenced(str(bench.folder), 7)).status == 0
    return bench


def update(bench: Bench, number: int, image: str = "", *, grace: timedelta = GRACE) -> int:
    """Update as the fleet does, to the new program unless said otherwise; return the exit status."""
    image = image or bench.images["new"]
    words = commands.update(script("update.sh").decode(), COMPOSE_FILE, SERVICE, image, grace)
    fenced = commands.fenced(str(bench.folder), number, words, limit=LIMIT)
    return bench.run(fenced, given=commands.override(SERVICE, image)).status


def ended(bench: Bench) -> list[str]:
    """The exit code of what the last update stopped, if it stopped anything."""
    return bench.run(commands.read_ended(SERVICE)).out.split()[1:]


def keep(bench: Bench) -> None:
    """Keep the way back to the old program."""
    words = commands.keep(
        script("keep.sh").decode(), KEPT, SERVICE, COMPOSE_FILE, bench.images["old"], with_source=False
    )
    done = bench.run(words, given=script("roll-back.sh"))
    assert done.status == 0, done.err


def test_the_newest_holder_updates_and_the_lock_is_free_again(fenced: Bench) -> None:
    assert update(fenced, 7) == 0
    assert fenced.shows(NEW)

    assert update(fenced, 8) == 0
    assert fenced.shows(NEW)


@pytest.mark.parametrize(("program", "grace", "code"), [("stubborn", SHORT, "137"), ("old", GRACE, "0")])
def test_r5_how_the_container_before_it_ended_is_kept_beside_an_update(
    fenced: Bench, program: str, grace: timedelta, code: str
) -> None:
    fenced.run_program(program)

    assert update(fenced, 7, grace=grace) == 0

    assert fenced.shows(NEW)
    assert ended(fenced) == [code]
    assert update(fenced, 7) == 0
    assert ended(fenced) == [code]


def test_r5_an_update_that_died_between_stop_and_start_is_repeated_and_still_knows(fenced: Bench) -> None:
    fenced.run_program("stubborn")
    (fenced.folder / commands.FOLDER / f"{SERVICE}.ended").write_text(f"{fenced.identity()}\n")
    assert fenced.run(STOP_SHORT).status == 0

    assert update(fenced, 7) == 0

    assert fenced.shows(NEW)
    assert ended(fenced) == ["137"]


def test_r5_an_update_that_died_between_stop_and_start_can_go_home(bench: Bench) -> None:
    bench.run_program("old")
    keep(bench)
    assert bench.run(commands.stop(COMPOSE_FILE, SERVICE, GRACE)).status == 0
    bench.name_in_override("new")

    assert bench.run(commands.roll_back(KEPT)).status == 0

    assert bench.shows(OLD)


def test_a_container_that_was_dead_before_says_nothing_of_its_stop(fenced: Bench) -> None:
    fenced.run_program("stubborn")
    assert fenced.run(STOP_SHORT).status == 0

    assert update(fenced, 7) == 0

    assert fenced.shows(NEW)
    assert ended(fenced) == []


def test_r11_what_cannot_be_started_stops_nothing(fenced: Bench) -> None:
    before = fenced.identity()

    assert update(fenced, 7, fenced.images["absent"]) != 0

    fenced.name_in_compose_file("old")
    assert (fenced.identity(), fenced.shows(OLD)) == (before, True)


def test_an_older_holder_changes_nothing(fenced: Bench) -> None:
    assert update(fenced, 6) == SUPERSEDED

    assert fenced.shows(OLD)


def test_nothing_is_changed_where_a_person_repairs_by_hand(fenced: Bench) -> None:
    (fenced.folder / "HOLD").write_text("Dora looks at the disk\n")

    assert update(fenced, 7) == BY_HAND

    assert fenced.shows(OLD)


def test_a_failed_command_is_the_fences_own_status(fenced: Bench) -> None:
    (fenced.folder / COMPOSE_FILE).write_text("nonsense")

    assert update(fenced, 7) == 1


def test_a_command_that_takes_too_long_is_ended(fenced: Bench) -> None:
    fenced.run_program("stubborn")
    words = commands.stop(COMPOSE_FILE, SERVICE, timedelta(seconds=30))

    done = fenced.run(commands.fenced(str(fenced.folder), 7, words, limit=timedelta(seconds=1)))

    assert done.status == TIME_WAS_UP


@pytest.mark.parametrize("variables", ["COLOUR=green\n", None])
@pytest.mark.parametrize(
    "words",
    [commands.roll_back(KEPT), ("sh", "-c", 'cd / && exec sh "$0/roll-back.sh"')],
    ids=["by the fleet", "by hand"],
)
def test_the_way_back_puts_back_image_compose_file_and_environment_together(
    bench: Bench, words: Words, variables: str | None
) -> None:
    environment = bench.folder / ".env"
    if variables:
        environment.write_text(variables)
    assert bench.run(UP).status == 0
    compose_file = (bench.folder / COMPOSE_FILE).read_text()
    keep(bench)
    environment.write_text("COLOUR=red\n")
    bench.name_in_compose_file("new")
    assert bench.run(UP).status == 0
    assert bench.run(commands.is_as_kept(KEPT, COMPOSE_FILE, OVERRIDE)).status == 1

    done = bench.run((*words, str(bench.folder / KEPT)) if words[1] == "-c" else words)

    assert done.status == 0, done.err
    assert bench.shows(OLD)
    assert (bench.folder / COMPOSE_FILE).read_text() == compose_file
    assert (environment.read_text() if environment.exists() else None) == variables
    assert bench.run(commands.is_as_kept(KEPT, COMPOSE_FILE, OVERRIDE)).status == 0


def test_what_was_kept_first_stays_kept(bench: Bench) -> None:
    keep(bench)
    first = bench.run(commands.read_kept(KEPT))
    bench.name_in_compose_file("new")

    keep(bench)

    again = bench.run(commands.read_kept(KEPT))
    assert again == first
    assert first.out.splitlines()[0] == bench.images["old"]


def test_nothing_kept_has_a_status_of_its_own(bench: Bench) -> None:
    assert bench.run(commands.read_kept(KEPT)).status == commands.NOTHING_KEPT


def test_an_image_that_is_built_on_the_host_runs_by_its_identity_and_is_a_way_back(fenced: Bench) -> None:
    source = fenced.folder / commands.SOURCE
    source.mkdir(parents=True)
    (source / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nARG GIT_COMMIT\nENV VERSION=${GIT_COMMIT}\n")
    (source / COMPOSE_FILE).write_text(
        f"services:\n  {SERVICE}:\n    build:\n      context: .\n      args:\n        BASE: {fenced.images['new']}\n"
    )
    words = commands.build(script("build.sh").decode(), SERVICE, COMPOSE_FILE)

    built = fenced.run(words, given=commands.build_override(SERVICE, "r1", {"GIT_COMMIT": "b2b2b2b"}))

    assert built.status == 0, built.err
    (image,) = json.loads(fenced.run(commands.inspect_image(commands.built_image(SERVICE, "r1"))).out)
    assert "VERSION=b2b2b2b" in image["Config"]["Env"]
    assert update(fenced, 7, image["Id"]) == 0
    found = fenced.container()
    assert found is not None
    state = state_of("bench", held=False, container=found, image={})
    assert (state.image_digest, state.reference, state.was_built_there) == (image["Id"], image["Id"], True)
    keeping = commands.keep(script("keep.sh").decode(), KEPT, SERVICE, COMPOSE_FILE, image["Id"], with_source=False)
    assert fenced.run(keeping, given=script("roll-back.sh")).status == 0
    assert update(fenced, 7) == 0

    back = fenced.run(commands.fenced(str(fenced.folder), 7, commands.roll_back(KEPT)))

    assert back.status == 0, back.err
    again = fenced.container()
    assert again is not None
    assert again["Config"]["Image"] == image["Id"]


def test_a_build_that_fails_says_so(fenced: Bench) -> None:
    (fenced.folder / commands.SOURCE).mkdir(parents=True)
    words = commands.build(script("build.sh").decode(), SERVICE, COMPOSE_FILE)
    text = (fenced.folder / COMPOSE_FILE).read_text().replace("    restart", "    build: .\n    restart")
    (fenced.folder / COMPOSE_FILE).write_text(text)

    built = fenced.run(words, given=commands.build_override(SERVICE, "r1", {}))

    assert built.status not in (0, 125)
    assert "Dockerfile" in built.err
