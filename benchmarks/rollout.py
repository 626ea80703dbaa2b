"""Measures a roll-out of two servers on the real Docker engine, with the tools that people use for it.

Each tool updates the same two servers from image A to image B while clients send 100 requests a second: half on kept
and half on fresh connections, one in ten a POST, whatever becomes of those before. An application takes 1.5 s to boot.

  limit          stop, create, start and boot of two servers by the engine itself, and nothing else
  drained limit  the same, each server drained and empty before and UP after: what any update without loss must take
  script         the best script that a person writes by hand, over kept SSH connections (benchmarks/peers/roll_out.sh)
  pyinfra        pyinfra with drain (benchmarks/peers/deploy.py)
  Ansible        Ansible with its module for HAProxy (benchmarks/peers/roll_out.yml)
  Countersign    the steps of this project with record, hold and fence; its process's start, its checks and the gate
                 are not among the seconds and stand beside them. The peers' seconds are those of their whole process.

Run it as root on Debian, on a machine that does nothing else:

  apt-get install --no-install-recommends docker.io docker-registry openssh-server openssh-client curl
  python -m benchmarks.rollout --runs 5

It prints Markdown, keeps every figure in WORK/rollout.json, says on standard error what it does, and leaves nothing
running. The peers are installed once into a virtual environment in WORK.
"""

import argparse
import contextlib
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks import limits
from benchmarks.failures import Begin, Case, Left
from benchmarks.product import Product
from benchmarks.report import (
    COUNTERSIGN,
    DRAINED_LIMIT,
    Setting,
    by_part,
    failures,
    roll_outs,
    verdict,
    write_json,
)
from benchmarks.scene import SLOW, Images, Measured, Scene
from benchmarks.tools import Command, Missing, Peers
from lab.client import Lab
from lab.docker_engine import what_is_missing
from lab.home import DOCKER

TOOLS = ("limit", DRAINED_LIMIT, "script", "pyinfra", "Ansible", COUNTERSIGN)
ALONE = ("limit",)
PEER_SECONDS, OWN_SECONDS = 20.0, 240.0
RollOut = Callable[[str], Measured]


class Bench:
    """The scene with every tool in it."""

    def __init__(self, scene: Scene, work: Path, tools: tuple[str, ...]) -> None:
        self._scene = scene
        self._tools = tools
        self._peers = Peers(scene, work)
        self.product = Product(scene)
        self._commands: Mapping[str, Callable[[str], Command]] = {
            "script": self._peers.script,
            "pyinfra": self._peers.pyinfra,
            "Ansible": self._peers.ansible,
        }

    def prepare(self) -> None:
        """Install the peers and start Prefect's server, where they are asked for."""
        if self._commands.keys() & set(self._tools):
            say("installing the peers into a virtual environment of their own (once)")
            self._peers.install()
        if COUNTERSIGN in self._tools:
            say("starting Prefect's server")
            self.product.start()

    def measure(self, title: str, images: Images, runs: int) -> Setting:
        """Let each tool roll out so many times, in turn, after one roll-out that warms everything up."""
        self._scene.put(images.before)
        limits.drained_limit(self._scene, images.after)
        found: dict[str, list[Measured]] = {tool: [] for tool in self._tools}
        for number in range(1, runs + 1):
            for tool in self._tools:
                measured = self._once(tool, images)
                found[tool].append(measured)
                say(f"{title}, run {number}: {tool} {measured.seconds:.2f} s, {measured.load.lost} requests lost")
        return Setting(title, found)

    def _once(self, tool: str, images: Images) -> Measured:
        self._scene.put(images.before)
        self._peers.hang_up()
        watched = Measured()
        with contextlib.nullcontext() if tool in ALONE else self._scene.clients(watched):
            measured = self._roll_out(tool)(images.after)
        measured.load = watched.load
        if measured.status == 0 and not self._scene.serve(self._scene.commit):
            self._scene.balancer.wait_until_up()
        return measured

    def _roll_out(self, tool: str) -> RollOut:
        if tool == COUNTERSIGN:
            return self.product.roll_out
        if tool in self._commands:
            return partial(self._run, tool)
        return partial(self._by_hand, limits.limit if tool in ALONE else limits.drained_limit)

    def _run(self, tool: str, image: str) -> Measured:
        command = self._commands[tool](image)
        return self._scene.run(command.words, environment=command.environment, name=tool)

    def _by_hand(self, way: Callable[[Scene, str], dict[str, float]], image: str) -> Measured:
        began = time.monotonic()
        parts = way(self._scene, image)
        return Measured(time.monotonic() - began, parts=parts)

    def break_it(self, images: Images) -> list[Left]:
        """Let each tool meet a version that never becomes healthy, and be killed in the middle."""
        found: list[Left] = []
        if COUNTERSIGN in self._tools:
            self.product.control.offer()
        for tool in self._tools:
            if tool not in self._commands and tool != COUNTERSIGN:
                continue
            own = tool == COUNTERSIGN
            case = Case(self._scene, images, tool, self._begin(tool), OWN_SECONDS if own else PEER_SECONDS)
            for play in (case.never_healthy, case.killed):
                self._peers.hang_up()
                found.append(play())
                say(f"{tool}: {found[-1]}")
        return found

    def _begin(self, tool: str) -> Begin:
        if tool == COUNTERSIGN:
            return self.product.begin

        def begin(image: str) -> "subprocess.Popen[bytes]":
            command = self._commands[tool](image)
            return self._scene.start(command.words, environment=command.environment, name=tool)

        return begin


def say(sentence: str) -> None:
    """Tell whoever waits."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {sentence}\n")


def machine() -> dict[str, str]:
    """What the figures were measured on, and how busy it was before."""
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    return {
        "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "processors": str(os.cpu_count()),
        "load before": load,
    }


def arguments() -> argparse.Namespace:
    """What a person typed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.rollout", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="roll-outs of each tool and traffic (5)")
    parser.add_argument("--work", type=Path, default=Path(".benchmark"), help="the folder for everything (.benchmark)")
    parser.add_argument("--only", nargs="+", choices=TOOLS, default=TOOLS, metavar="TOOL", help=" | ".join(TOOLS))
    parser.add_argument("--no-slow", action="store_true", help="leave out the traffic with 1 %% slow requests")
    parser.add_argument("--no-failures", action="store_true", help="leave out the second table")
    return parser.parse_args()


def measure(asked: argparse.Namespace, lab: Lab, before: dict[str, str]) -> None:
    """Measure what was asked for, print it and keep it."""
    work = asked.work.resolve()
    scene = Scene(lab)
    bench = Bench(scene, work, tuple(tool for tool in TOOLS if tool in asked.only))
    bench.prepare()
    images = scene.images(0.0)
    settings = [bench.measure("without slow requests", images, asked.runs)]
    if not asked.no_slow:
        settings.append(bench.measure("with 1 % slow requests of 1.5 s", scene.images(SLOW), asked.runs))
    pages = [", ".join(f"{name} {value}" for name, value in before.items())]
    pages += [page for setting in settings for page in (roll_outs(setting), by_part(setting))]
    if COUNTERSIGN in asked.only:
        scene.put(images.before)
        # The watch before the gate judges traffic; without any it would ask people.
        with scene.clients(Measured()):
            time.sleep(bench.product.watch_window)
            cost = bench.product.gate_cost(images.after)
        pages.append("The gate's own cost: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in cost.items()))
    found = [] if asked.no_failures else bench.break_it(images)
    pages += [failures(found)] if found else []
    pages.append(verdict(settings[0]))
    sys.stdout.write("\n\n".join(pages) + "\n")
    write_json(work / "rollout.json", before, settings, found)
    bench.product.control.stop()


def main() -> int:
    """Measure, or say what this machine lacks."""
    asked = arguments()
    before = machine()
    if missing := what_is_missing():
        sys.stderr.write(f"the real engine cannot run here; {missing}\n")
        return 1
    asked.work.mkdir(parents=True, exist_ok=True)
    say("starting the lab on the real Docker engine")
    lab = Lab.start(asked.work.resolve() / "lab", engine=DOCKER, rate=0)
    try:
        measure(asked, lab, before)
    except Missing as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        lab.stop(purge=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
