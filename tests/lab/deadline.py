"""Waiting for the world, with an end."""

import time
from collections.abc import Callable


def reached(true: Callable[[], bool], *, seconds: float = 60) -> bool:
    """Return True as soon as the condition holds, False when the time is over."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
