"""A lab that stays up in a terminal until somebody ends it, there or from another one."""

import signal
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
        print(f"The lab in {lab.home.path} was taken down elsewhere.", flush=True)
        return
