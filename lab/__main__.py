"""`python -m lab`: start, stop and look at a company on this machine."""

import argparse
import contextlib
import signal
import sys
import threading
from pathlib import Path

from lab.client import ROOT, Lab
from lab.home import LEAST_SERVERS, Home
from lab.processes import LabError
from lab.settings_file import PEOPLE

NAMES = tuple(name for name, *_ in PEOPLE)


def up(home: Path, *, detach: bool, rate: float, servers: int, product: Path | None) -> int:
    """Start the lab; in the foreground it runs until Ctrl-C."""
    lab = Lab.start(home, rate=rate, servers=servers, product=product)
    show(lab)
    if detach:
        return 0
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    print("Ctrl-C stops it.", flush=True)
    told.wait()
    lab.stop()
    return 0


def down(home: Path, *, purge: bool) -> int:
    """Stop the lab and leave no process behind."""
    if not home.exists():
        print(f"No lab in {home}.")
        return 0
    place = Home(home)
    with contextlib.suppress(LabError):
        Lab.attach(home)
    Lab(place).stop(purge=purge)
    print(f"The lab in {home} is down{' and its folder removed' if purge else ''}.")
    return 0


def status(home: Path) -> int:
    """Say whether the lab runs, and what it serves."""
    try:
        show(Lab.attach(home))
    except LabError as problem:
        print(problem)
        return 1
    return 0


def code(home: Path, name: str) -> int:
    """Print what the person's authenticator app shows."""
    if name not in NAMES:
        raise LabError(f"nobody is called {name!r}; expected one of {', '.join(NAMES)}")
    print(Lab.attach(home).code_of(name))
    return 0


def publish(home: Path) -> int:
    """Bring to main what the owner of the product committed; say what was merged."""
    published = Lab.attach(home).publish()
    for one in published:
        print(f"{one.commit}  pull request {one.pull_request}: {one.version}")
    if not published:
        print("Nothing new: main has every commit already.")
    return 0


def show(lab: Lab) -> None:
    """Print where the lab's parts are."""
    home = lab.home
    print(f"The lab in {home.path} is up.")
    print(f"  application   {home.url('balancer')}   balancer's page {home.url('balancer_stats')}/")
    rotation = lab.in_rotation()
    for server, version in lab.versions_serving().items():
        print(f"  {server}  {version or 'no answer'}  {'in rotation' if rotation.get(server) else 'out'}")
    counts = lab.traffic()
    print(f"  traffic       {counts.sent} sent, {counts.failed} failed, {counts.lost} lost")
    print(f"  settings      {lab.settings_path}", flush=True)


def add_company(parser: argparse.ArgumentParser) -> None:
    """Let the command line say which company is started."""
    parser.add_argument("--servers", type=int, default=LEAST_SERVERS, metavar="N", help="up: web servers (2)")
    parser.add_argument("--product", type=Path, metavar="FOLDER", help="up: the git repository of your own application")


def main() -> int:
    """Carry out the command line."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("command", choices=["up", "down", "status", "code", "publish"])
    parser.add_argument("name", nargs="?", default=PEOPLE[0][0], help="code: whose one-time code (Tomas Lima)")
    parser.add_argument("--home", type=Path, default=ROOT / ".lab", help="the lab's folder (.lab)")
    parser.add_argument("--detach", action="store_true", help="up: return when it is ready")
    parser.add_argument("--traffic", type=float, default=20, metavar="N", help="up: requests a second (20)")
    add_company(parser)
    parser.add_argument("--purge", action="store_true", help="down: remove the lab's folder too")
    words = parser.parse_args()
    try:
        if words.command == "up":
            return up(words.home, detach=words.detach, rate=words.traffic, servers=words.servers, product=words.product)
        if words.command == "publish":
            return publish(words.home)
        if words.command == "down":
            return down(words.home, purge=words.purge)
        if words.command == "code":
            return code(words.home, words.name)
        return status(words.home)
    except LabError as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
