"""Measures what more servers cost: seconds a batch beyond the application's own boot, memory, open connections.

Each fleet is a lab of its own with the portal on so many servers, under its usual traffic. The steps are the release's
own (`flows.rollout`), with record, hold and fences, in a fresh process; checks, gate and watch are left out.

  boot          one server by hand, nobody else at it: stop, create, start, until it says itself that it is healthy
  a batch       from the first look until the balancer sees every server of the batch up
  beyond        a batch without one boot
  memory        the most that the process of the roll-out held
  connections   the most sockets that it had open, to hosts, store, Prefect and the servers' health checks

  nice -n 5 python -m benchmarks.fleet --servers 2 5 10

It prints Markdown, with what fifty servers would need by a straight line through what was measured, and says on
standard error what it does.
"""

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from prefect import flow
from prefect.settings import PREFECT_API_URL, temporary_settings

from benchmarks.countersign import Facts, release_of
from blocks.company import Company
from deployments.save_blocks import save
from deployments.settings import read_settings
from flows.hold import holding
from flows.rollout import secure_the_way_back, split_next_batch, update
from flows.way_home import way_home
from lab.client import ROOT, Lab, Shipped
from lab.control_plane import ControlPlane
from lab.processes import wait_until
from policy.metrics import Ending
from policy.record import Event
from policy.release import Build
from tasks.seal import seal

FIFTY = 50
SHARE = 0.3
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Measured:
    """One roll-out of one fleet; the seconds are those of the batches after the first server."""

    servers: int
    batch: int
    boot: float
    batches: tuple[float, ...]
    megabytes: float
    connections: int
    lost: int

    @property
    def beyond(self) -> float:
        """The seconds that a batch takes beside the application's own boot."""
        return median(self.batches) - self.boot


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line through what was measured."""

    start: float
    slope: float

    def at(self, where: float) -> float:
        """Return what the line says there."""
        return self.start + self.slope * where


def line_through(points: Sequence[tuple[float, float]]) -> Line:
    """Return the line of least squares; through one place it is level."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0
    return Line(middle_y - slope * middle_x, slope)


def batches_of(servers: int) -> tuple[int, ...]:
    """One at a time, and as many as may be down where that is more."""
    return tuple(dict.fromkeys((1, max(1, math.floor(servers * SHARE)))))


@flow(name="Roll-out of a fleet", persist_result=False)
def roll_out(words: dict[str, str]) -> None:
    """Every server serves the new image in rotation; what each batch took stands in the result."""
    facts = Facts(**words)
    with (
        counted_connections() as most,
        Company.load("production") as company,
        holding(company, release_of(facts, company)) as run,
        way_home(run),
    ):
        name, _, digest = facts.image.partition("@")
        run.build = Build(commit=facts.commit, image=name, digest=digest, merged_at=None, run_url=None)
        run.record.append(Event.BUILT, item="2.1.1", facts=run.build.model_dump(mode="json"))
        secure_the_way_back(run)
        update(run, run.servers[:1])
        remaining, took = list(run.servers[1:]), []
        while remaining:
            began = time.monotonic()
            batch, remaining = split_next_batch(run, remaining)
            update(run, batch)
            took.append(time.monotonic() - began)
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        Path(facts.result).write_text(json.dumps({"batches": took, "megabytes": megabytes, "connections": most[0]}))
        seal(run, outcome=Ending.SIGNED_OFF, sentence="the benchmark ends here")


@contextmanager
def counted_connections() -> Iterator[list[int]]:
    """Count all the while how many sockets this process has open; the most stands in the list."""
    most, over = [0], threading.Event()

    def count() -> None:
        while not over.wait(LOOK_SECONDS):
            most[0] = max(most[0], sum(1 for _ in sockets()))

    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    yield most
    over.set()
    thread.join()


def sockets() -> Iterator[str]:
    """Yield every open socket of this process."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - what closes meanwhile must not raise
        with suppress(OSError):
            target = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115 - the same
            if target.startswith("socket:"):
                yield target


def measure_fleet(servers: int, folder: Path) -> list[Measured]:
    """Start a lab of so many servers and roll out once for each size of a batch."""
    say(f"starting a lab of {servers} servers")
    lab = Lab.start(folder / f"lab-{servers}", servers=servers)
    control = ControlPlane(lab)
    try:
        control.start_server()
        with temporary_settings({PREFECT_API_URL: control.environment["PREFECT_API_URL"]}):
            return [measure(lab, control, servers, batch) for batch in batches_of(servers)]
    finally:
        control.stop()
        lab.stop(purge=True)


def measure(lab: Lab, control: ControlPlane, servers: int, batch: int) -> Measured:
    """Roll a new version out in batches of this size, in a process of its own."""
    settings = read_settings(lab.settings_path)
    chosen = {"batch_servers": batch, "may_be_down": max(SHARE, 1 / servers)}
    limits = settings.limits.model_copy(update=chosen)
    save(settings.model_copy(update={"limits": limits}))
    boot = measure_boot(lab)
    previous = str(lab.version_of("web-server-1"))
    shipped = lab.ship(f"2.{servers}.{batch}")
    lab.mark_traffic()
    facts = facts_of(lab, previous, shipped)
    say(f"{servers} servers, {batch} at a time; a boot takes {boot:.2f} s")
    words = [sys.executable, "-m", "benchmarks.fleet", "--one", json.dumps(asdict(facts))]
    subprocess.run(words, cwd=ROOT, env={**os.environ, **control.environment}, check=True, stdout=sys.stderr)
    found = json.loads(Path(facts.result).read_text())
    measured = Measured(
        servers,
        batch,
        boot,
        tuple(found["batches"]),
        found["megabytes"],
        found["connections"],
        lab.traffic().lost,
    )
    say(f"{median(measured.batches):.2f} s a batch, {measured.megabytes:.0f} MB, {measured.lost} requests lost")
    return measured


def measure_boot(lab: Lab) -> float:
    """Return how long a server takes by hand from the command until it says that it is healthy, on a new image.

    Afterwards the lab is in its first state.
    """
    name = list(lab.versions_serving())[-1]
    other = lab.ship(f"1.99.{int(time.time())}")
    lab.balancer_say(f"set server web/{name} state maint")
    began = time.monotonic()
    lab.deploy(name, str(other.digest))
    wait_until(
        f"{name} serves what was put there", lambda: lab.version_of(name) == other.commit, seconds=60, home=lab.home
    )
    took = time.monotonic() - began
    lab.reset()
    return took


def facts_of(lab: Lab, previous: str, shipped: Shipped) -> Facts:
    """What the process of the roll-out is told."""
    registry = f"127.0.0.1:{lab.home.ports['registry']}/{lab.home.product.image}"
    return Facts(
        key=f"{datetime.now(UTC):%Y%m%d-%H%M%S}-fleet",
        previous_commit=previous,
        commit=shipped.commit,
        image=f"{registry}@{shipped.digest}",
        result=str(lab.home.path / f"fleet-{shipped.version}.json"),
    )


def report(found: Sequence[Measured]) -> str:
    """What was measured, and what fifty servers would need by straight lines through it."""
    rows = [
        f"| {one.servers} | {one.batch} | {len(one.batches)} | {one.boot:.2f} | {median(one.batches):.2f} |"
        f" {one.beyond:.2f} | {one.megabytes:.0f} | {one.connections} | {one.lost} |"
        for one in found
    ]
    return "\n".join(
        (
            "| servers | at a time | batches | boot, s | a batch, s | beyond, s | memory, MB | connections | lost |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            extrapolate(found),
        )
    )


def extrapolate(found: Sequence[Measured], servers: int = FIFTY) -> str:
    """Say what so many servers would need; nobody has measured that."""
    if len({one.servers for one in found}) == 1:
        return f"One size of a fleet says nothing of {servers} servers."
    batch = max(1, math.floor(servers * SHARE))
    beyond = line_through([(one.batch, one.beyond) for one in found])
    memory = line_through([(one.servers, one.megabytes) for one in found])
    connections = line_through([(one.servers, one.connections) for one in found])
    boot = median(one.boot for one in found)
    ways = []
    for size in (1, batch):
        count = math.ceil((servers - 1) / size)
        minutes = count * (boot + max(0.0, beyond.at(size))) / 60
        ways.append(f"{size} at a time in {count} batches and {minutes:.0f} min")
    return (
        f"By straight lines through these figures {servers} servers would need {memory.at(servers):.0f} MB and"
        f" {connections.at(servers):.0f} connections on the worker, and be updated after the gate"
        f" {', or '.join(ways)}. Nobody has measured that."
    )


def say(sentence: str) -> None:
    """Tell whoever waits."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {sentence}\n")


def main() -> None:
    """Measure each fleet, print, and leave nothing behind."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fleet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", type=int, nargs="+", default=[2, 5, 10], help="sizes of the fleets (2 5 10)")
    parser.add_argument("--one", help="carry out one roll-out; used by this program itself")
    asked = parser.parse_args()
    if asked.one:
        roll_out(json.loads(asked.one))
        return
    with TemporaryDirectory(prefix="fleet-") as folder:
        found = [one for servers in asked.servers for one in measure_fleet(servers, Path(folder))]
    sys.stdout.write(report(found) + "\n")


if __name__ == "__main__":
    main()
