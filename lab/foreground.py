"""A lab that stays up in a terminal until somebody ends it, there or from another one."""

import signal
import sys
import threading

from lab.client import Lab
from lab.processes import LabError

LOOK_SECONDS = 0.5


def stay_up(lab: Lab, text: str) -> None:
    """Return once Ctrl-C came, or once the lab was taken down elsewhere, which is said; raise LabError if it died."""
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    print(text, flush=True)
    while not told.wait(LOOK_SECONDS):
        if lab.is_up:
            continue
        if lab.holds_folder:
            raise LabError(f"the lab in {lab.home.path} ended by itself; its log is {lab.home.logs}/supervisor.log")
        say_taken_down(lab)
        return


def say_taken_down(lab: Lab) -> None:
    """Say why this terminal ends."""
    print(f"The lab in {lab.home.path} was taken down elsewhere.", flush=True)


def report_failure(lab: Lab, problem: LabError) -> int:
    """Say what went wrong and return 1; what goes wrong in a lab that was taken down elsewhere is no failure."""
    if not lab.holds_folder:
        say_taken_down(lab)
        return 0
    print(problem, file=sys.stderr)
    return 1
