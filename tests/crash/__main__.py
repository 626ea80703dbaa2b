"""Kills each kind of release at every point of its record: `python -m tests.crash`, or `make crash-test`."""

import argparse
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.crash.harness import table_of
from tests.crash.journey import journeys
from tests.crash.share import play_share


def main() -> int:
    """Play the points in labs side by side and print the table; 0 if every one ended well."""
    words = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    words.add_argument("--labs", type=int, default=2, help="how many labs play at once; each wants about one core")
    words.add_argument("--every", type=int, default=1, metavar="N", help="play each Nth point only")
    words.add_argument("--skip", type=int, default=0, metavar="N", help="leave out the first N points of each lab")
    words.add_argument("--journey", default="", choices=[one.name for one in journeys()], help="play this one only")
    words.add_argument("--table", type=Path, help="write the table into this file, too")
    chosen = words.parse_args()

    began = time.monotonic()
    with ProcessPoolExecutor(chosen.labs, mp_context=multiprocessing.get_context("spawn")) as pool:
        shared = (chosen.labs, chosen.every, chosen.skip, chosen.journey)
        jobs = [pool.submit(play_share, lab, *shared) for lab in range(chosen.labs)]
        played = [one for job in jobs for one in job.result()]
    played.sort(key=lambda one: (one.point.number, one.point.moment))

    well = sum(one.well for one in played)
    minutes = (time.monotonic() - began) / 60
    sentence = f"{well} of {len(played)} points ended well, in {minutes:.0f} min on {chosen.labs} labs."
    text = f"{table_of(played)}\n\n{sentence}\n"
    sys.stdout.write(text)
    if chosen.table:
        chosen.table.write_text(text)
    return 0 if well == len(played) else 1


if __name__ == "__main__":
    sys.exit(main())
