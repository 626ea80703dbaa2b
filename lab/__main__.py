"""`python -m lab`: start, stop and look at a company on this machine."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from lab.client import ROOT, Lab
from lab.foreground import stay_up
from lab.home import LEAST_SERVERS, Home, is_free
from lab.processes import LabError
from lab.release_request import command_for
from lab.settings_file import PEOPLE, find_name
from lab.slack_reader import read_slack

NAMES = tuple(name for name, *_ in PEOPLE)


def up(said: argparse.Namespace) -> int:
    """Start the lab; in the foreground it runs until Ctrl-C."""
    lab = Lab.start(said.home, rate=said.traffic, servers=said.servers, product=said.product)
    show(lab)
    if said.detach:
        return 0
    try:
        stay_up(lab, "Ctrl-C stops it.")
    finally:
        lab.leave()
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
    """Print what the person's authenticator app shows; whose it is stands beside it, out of the way of a script."""
    known = find_name(name)
    if known is None:
        raise LabError(f"nobody is called {name!r}; expected one of {', '.join(NAMES)}")
    shown = Lab.attach(home).code_of(known)
    print(f"{known}:", file=sys.stderr, flush=True)
    print(shown)
    return 0


def publish(home: Path) -> int:
    """Bring to main what the owner of the product committed, or a version of the portal; say how it is released."""
    lab = Lab.attach(home)
    published = lab.publish()
    for one in published:
        print(f"{one.commit}  pull request {one.pull_request}: {one.title}")
    if not published:
        print("Nothing new: main has every commit already.")
    elif not is_free(lab.home.ports["prefect"]):
        print(f"To release it:\n  {command_for(lab, published[-1])}")
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
    parser.add_argument("--servers", type=int, default=LEAST_SERVERS, metavar="N", help="web servers (2)")
    parser.add_argument("--product", type=Path, metavar="FOLDER", help="the git repository of your own application")


def slack(home: Path, channel: str) -> int:
    """Print what was written in Slack."""
    print("\n".join(read_slack(Lab.attach(home).slack_messages, channel)))
    return 0


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; `carry_out` is what was asked for, as a function of the rest."""
    parser = argparse.ArgumentParser(prog="python -m lab", description="A company on this machine, to release to.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, says: str, carry_out: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=says, description=f"{says[0].upper()}{says[1:]}.")
        one.add_argument("--home", type=Path, default=ROOT / ".lab", help="the lab's folder (.lab)")
        one.set_defaults(carry_out=carry_out)
        return one

    one = command("up", "start the company, without Prefect, and keep it until Ctrl-C", up)
    one.add_argument("--detach", action="store_true", help="return when it is ready")
    one.add_argument("--traffic", type=float, default=20, metavar="N", help="requests a second (20)")
    add_company(one)
    one = command(
        "down", "stop the company and leave no process behind", lambda said: down(said.home, purge=said.purge)
    )
    one.add_argument("--purge", action="store_true", help="remove the lab's folder too")
    command("status", "say what each server serves, and what became of the requests", lambda said: status(said.home))
    one = command("code", "show a person's one-time code, as their app does", lambda said: code(said.home, said.name))
    one.add_argument("name", nargs="?", default=PEOPLE[0][0], help="whose (Tomas Lima)")
    command(
        "publish",
        "let your commits, or one more of the portal, be merged to main and built",
        lambda said: publish(said.home),
    )
    one = command("slack", "show what was written in Slack, newest last", lambda said: slack(said.home, said.channel))
    one.add_argument("--channel", default="", help="only this channel, or what was written to this person")
    return parser.parse_args(words)


def main() -> int:
    """Carry out the command line."""
    said = parse()
    try:
        return int(said.carry_out(said))
    except LabError as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
