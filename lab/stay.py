"""`make lab`: the company, Prefect and a worker, until Ctrl-C or `make down`."""

import argparse
import sys
from pathlib import Path

from lab.__main__ import add_company, show
from lab.claim import refuse_a_second
from lab.client import ROOT, Lab
from lab.control_plane import ControlPlane
from lab.foreground import report_failure, stay_up
from lab.prisma_cli import try_to_install
from lab.processes import LabError


def main() -> int:
    """Start everything and stay."""
    parser = argparse.ArgumentParser(prog="python -m lab.stay", description=__doc__)
    parser.add_argument("--home", type=Path, default=ROOT / ".lab", help="the lab's folder (.lab)")
    parser.add_argument("--traffic", type=float, default=20, metavar="N", help="requests a second (20)")
    add_company(parser)
    words = parser.parse_args()
    try:
        refuse_a_second(words.home)
        if words.product is None:
            try_to_install()
        print(f"starting the company; what is up already: {words.home}/logs/supervisor.log", flush=True)
        lab = Lab.start(words.home, rate=words.traffic, servers=words.servers, product=words.product)
    except LabError as problem:
        print(problem, file=sys.stderr)
        return 1
    control = ControlPlane(lab)
    try:
        show(lab)
        print(f"starting Prefect; what it says: {lab.home.logs}/prefect-server.log", flush=True)
        control.start()
        print(f"  Prefect's UI  {control.ui}")
        print("  to use it from a shell:")
        for name, value in control.environment.items():
            if name in ("PREFECT_API_URL", "COUNTERSIGN_SETTINGS"):
                print(f"    export {name}={value}")
        print("  one-time codes of the lab's people, as their apps show them:")
        print(f'    {sys.executable} -m lab code "Tomas Lima" --home {words.home}')
        print("  a new commit on main to release:")
        print(f"    {sys.executable} -m lab publish --home {words.home}")
        print("  what was written in Slack:")
        print(f"    {sys.executable} -m lab slack --home {words.home}")
        stay_up(lab, f"\nEverything stays up: {control.ui}  Ctrl-C stops it.")
    except LabError as problem:
        return report_failure(lab, problem)
    finally:
        control.stop()
        lab.leave()
    return 0


if __name__ == "__main__":
    sys.exit(main())
