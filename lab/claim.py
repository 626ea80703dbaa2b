"""A folder has one lab at a time: whoever starts one claims it, and its supervisor keeps the claim until it ends."""

import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from lab.home import Home
from lab.processes import LabError

CLAIM = "claim"
ENDING_SECONDS = 2.0
# What `make down` takes down.
USUAL = tuple(Path(__file__).parent.parent / name for name in (".lab", ".lab-rehearsal"))


@contextlib.contextmanager
def claimed(home: Home) -> Iterator[int]:
    """Yield a descriptor that claims the folder for every process that has it; raises LabError while a lab has it.

    The system gives a claim back when its last process ends, however that ended, and a moment after that is seen.
    """
    descriptor = os.open(home.path / CLAIM, os.O_WRONLY | os.O_CREAT, 0o600)
    deadline = time.monotonic() + ENDING_SECONDS
    try:
        while not _is_ours(descriptor):
            if time.monotonic() > deadline:
                raise LabError(say_taken(home.path))
            time.sleep(0.02)
        yield descriptor
    finally:
        os.close(descriptor)


def _is_ours(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def refuse_a_second(path: Path) -> None:
    """Return unless a lab lives in this folder; raises LabError then: what is under way in it would be lost."""
    if (path / CLAIM).exists():
        with claimed(Home(path)):
            return


def say_taken(path: Path) -> str:
    """Say that a lab lives in this folder, and what is typed to stop it."""
    stop = "make down" if path in USUAL else f"{sys.executable} -m lab down --home {path}"
    return f"a lab runs in {path} already; a second one would end it with all that is under way. To stop it: {stop}"
