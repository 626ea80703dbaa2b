"""A lab in a terminal: it ends with 0 once somebody took it down elsewhere, and says so if it died."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.client import ROOT, Lab
from lab.foreground import report_failure
from lab.home import READY, Home
from lab.processes import LabError
from tests.lab.deadline import reached

STAYS = """
import sys
from pathlib import Path
from lab.client import Lab
from lab.foreground import stay_up
from lab.home import Home
stay_up(Lab(Home(Path(sys.argv[1]))), "it stays")
"""
DEAD = 2**22 + 1


class Terminal:
    """A terminal in which a lab stays; the process of the test stands for its supervisor."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.be_held_by(os.getpid())
        self.process = subprocess.Popen(
            [sys.executable, "-c", STAYS, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "it stays\n"

    def be_held_by(self, pid: int) -> None:
        """Let a process say that it holds the lab."""
        (self.home.path / READY).write_text(f"{pid}\n")

    def ended(self) -> tuple[int, str]:
        """Return its exit status and what it said last, once it has ended."""
        said, _ = self.process.communicate(timeout=60)
        return self.process.returncode, said


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path / "lab")
    yield terminal
    terminal.process.kill()
    terminal.process.wait()


def test_a_lab_that_was_taken_down_elsewhere_ends_its_terminal_with_one_line(terminal: Terminal) -> None:
    (terminal.home.path / READY).unlink()

    assert terminal.ended() == (0, f"The lab in {terminal.home.path} was taken down elsewhere.\n")


def test_a_lab_whose_folder_another_one_took_is_left_to_that_one(terminal: Terminal) -> None:
    terminal.be_held_by(DEAD)

    assert terminal.ended() == (0, f"The lab in {terminal.home.path} was taken down elsewhere.\n")


def test_ctrl_c_ends_it_too(terminal: Terminal) -> None:
    terminal.process.send_signal(signal.SIGINT)

    assert terminal.ended() == (0, "")


def test_whoever_leaves_does_not_stop_what_took_the_folder_since(tmp_path: Path) -> None:
    other = subprocess.Popen(["sleep", "60"])
    home = Home(tmp_path / "lab")
    (home.path / READY).write_text(f"{DEAD}\n")
    lab = Lab(home)
    (home.path / READY).write_text(f"{other.pid}\n")

    lab.leave()

    assert other.poll() is None
    other.kill()
    other.wait()


def test_a_supervisor_that_was_killed_is_noticed(tmp_path: Path) -> None:
    home = Home(tmp_path / "lab")
    supervisor = subprocess.Popen(["sleep", "60"])
    (home.path / READY).write_text(f"{supervisor.pid}\n")
    lab = Lab(home, supervisor)
    assert lab.is_up

    supervisor.kill()

    assert reached(lambda: not lab.is_up)
    assert lab.holds_folder


def test_what_fails_in_a_lab_that_was_taken_down_is_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path / "lab")
    (home.path / READY).write_text(f"{os.getpid()}\n")
    lab = Lab(home)

    assert report_failure(lab, LabError("Prefect's server ended by itself")) == 1
    (home.path / READY).unlink()
    assert report_failure(lab, LabError("Prefect's server ended by itself")) == 0

    said = capsys.readouterr()
    assert said.err == "Prefect's server ended by itself\n"
    assert said.out == f"The lab in {home.path} was taken down elsewhere.\n"
