"""Lies in the benchmark's images beside the lab's application, and lets a share of its requests take their time."""

import os
import random
import sys
import time

from application import __main__ as front

SHARE = float(os.environ.get("SLOW_SHARE", "0"))
SECONDS = 1.5
CHANCE = random.SystemRandom()


def now_and_then() -> None:
    """Be slow by chance: whoever drains a server may or may not meet a slow request."""
    front.FIGURES.next_number()
    if CHANCE.random() < SHARE:
        time.sleep(SECONDS)


front.misbehave = now_and_then

if __name__ == "__main__":
    sys.exit(front.main())
