"""Metrics over servers of known growth: the stand-in always, the real Prometheus where it is installed."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from lab.prometheus import prepare

KINDS = [
    pytest.param(False, id="stand-in"),
    pytest.param(
        True,
        id="real",
        marks=pytest.mark.skipif(
            shutil.which("prometheus") is None,
            reason="needs prometheus and promtool on PATH (Debian: apt-get install prometheus)",
        ),
    ),
]
ROOT = Path(__file__).parents[2]


@contextmanager
def metrics(folder: Path, targets: dict[str, str], *, real: bool) -> Iterator[str]:
    """The address of metrics that scrape the targets each second; last week each had 10 requests a second."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = prepare(folder, port, targets, rate=10.0, real=real)
    log = (folder / "log").open("wb")
    process = subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=log, env=dict(os.environ))
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: httpx.get(f"{url}/-/ready").status_code == 200)
        yield url
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def eventually(true: Callable[[], bool], *, seconds: float = 60) -> None:
    """Return when the condition holds; fail when the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if true():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail(f"not so after {seconds:.0f} s")
