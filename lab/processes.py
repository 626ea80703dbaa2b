"""The lab's own processes: started with a mark in their environment, and found by it when a lab died."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab.home import Home

MARK = "LAB_PROCESS"
# Debian's own programs first: what else is on a machine's PATH may be of another version.
PROGRAM_PATH = "/usr/bin:/usr/sbin:/bin:/sbin:/usr/local/bin:/usr/local/sbin"


class LabError(Exception):
    """A part of the lab did not start; the message says which, and where its log is."""


def marked(home: Home, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment that shows which lab a process belongs to."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, MARK: str(home.path), **(more or {})}


def program(name: str) -> str:
    """Return where a program is: one that came with a package lies beside this interpreter."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name) or name


def spawn(
    home: Home,
    name: str,
    words: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own; what it says goes to a file of the lab."""
    identity = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    with (home.logs / f"{name}.log").open("ab") as log:
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]  # the identity is given as a whole or not at all
            list(words),
            env=marked(home, environment),
            cwd=cwd or "/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **identity,
        )


def is_open(address: str, port: int) -> bool:
    """True if something accepts connections there."""
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(what: str, true: Callable[[], bool], *, seconds: float, home: Home) -> None:
    """Return when the condition holds; fail with a sentence when the time is over."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise LabError(f"waited {seconds:.0f} s, and not yet: {what}; the logs are in {home.logs}")
        time.sleep(0.02)


def end(process: subprocess.Popen[bytes] | None, *, grace: float = 5.0, polite: int = signal.SIGTERM) -> None:
    """End a process that we started: politely, then by force."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(polite)
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def of_this_lab(home: Home) -> list[int]:
    """Return the processes that carry this lab's mark, except this one."""
    mark = f"{MARK}={home.path}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def end_all(home: Home, *, grace: float = 1.0) -> int:
    """End every process of this lab that is still there; return how many there were."""
    ended: set[int] = set()
    deadline = time.monotonic() + grace
    while left := of_this_lab(home):
        number = signal.SIGKILL if time.monotonic() > deadline else signal.SIGTERM
        for pid in left:
            if pid not in ended or number is signal.SIGKILL:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
                    os.kill(pid, number)
        ended.update(left)
        time.sleep(0.03)
    return len(ended)
