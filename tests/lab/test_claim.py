"""A second lab in a folder whose lab lives is refused; one that died may be started again."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.claim import CLAIM, claimed, refuse_a_second, say_taken
from lab.client import ROOT, Lab
from lab.days import DAYS
from lab.decider import Given
from lab.demo import play
from lab.home import LEAST_SERVERS, Home
from lab.processes import LabError, of_this_lab, spawn
from lab.rehearse import rehearse
from tests.lab.deadline import reached

STARTS: dict[str, Callable[[Path], object]] = {
    "lab": lambda folder: Lab.start(folder, servers=LEAST_SERVERS + 1),
    "demo": play,
    "rehearse": lambda folder: rehearse(folder, DAYS[0], Given([])),
}

HOLDS = """
import signal, sys
from pathlib import Path
from lab.claim import claimed
from lab.home import Home
with claimed(Home(Path(sys.argv[1]))):
    print("claimed", flush=True)
    signal.pause()
"""


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Home]:
    """A folder with a process of its lab, and the claim of a supervisor that lives: of this process."""
    home = Home(tmp_path / "lab")
    process = spawn(home, "server", ["sleep", "60"])
    with claimed(home):
        yield home
    process.kill()
    process.wait()


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_whoever_starts_a_second_lab_is_refused_and_the_first_is_left_as_it_is(
    living: Home, start: Callable[[Path], object]
) -> None:
    before = sorted(living.path.rglob("*"))

    with pytest.raises(LabError, match=rf"a lab runs in {living.path} already.*To stop it: .* down --home"):
        start(living.path)

    assert sorted(living.path.rglob("*")) == before
    assert len(of_this_lab(living)) == 1


@pytest.mark.parametrize("folder", [".lab", ".lab-rehearsal"])
def test_the_usual_labs_are_stopped_with_make_down(folder: str) -> None:
    assert say_taken(ROOT / folder).endswith("To stop it: make down")


def test_a_folder_in_which_no_lab_was_is_not_made_by_looking(tmp_path: Path) -> None:
    refuse_a_second(tmp_path / "lab")

    assert not (tmp_path / "lab").exists()


def test_the_claim_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    home = Home(tmp_path / "lab")
    holder = subprocess.Popen([sys.executable, "-c", HOLDS, home.path], cwd=ROOT, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"claimed\n"
    with pytest.raises(LabError, match="already"):
        refuse_a_second(home.path)

    holder.kill()
    holder.communicate()

    refuse_a_second(home.path)


def test_of_a_running_lab_only_its_supervisor_has_the_claim(lab: Lab) -> None:
    with pytest.raises(LabError, match="already"):
        Lab.start(lab.home.path)

    assert lab.versions_serving()
    assert reached(lambda: _having_claim(lab.home) == [lab.home.supervisor])


def _having_claim(home: Home) -> list[int]:
    claim = str(home.path / CLAIM)
    return [pid for pid in of_this_lab(home) if claim in _open_in(pid)]


def _open_in(pid: int) -> set[str]:
    try:
        return {str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return set()
