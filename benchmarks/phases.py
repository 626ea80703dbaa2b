"""Measures how long the questions of 1.1 to 1.4 take when each answer of an outside system takes 300 ms.

Everything is asked of the lab's stand-ins over real HTTP, and of the lab's servers, registry and database, which are
not slowed down. 1.3.1 was done before: how long a pipeline takes is not ours. 1.3.3 is left out: it waits for a window.

  together     as a release asks them: task runs in Prefect, rows in the record, pages
  chain        the item that takes longest when it is asked alone, of 1.1 to 1.3 and of 1.4: its calls need each other
  one by one   every item alone, one after the other, as a script would; what two of them need is fetched by each

  python -m benchmarks.phases --runs 5

It prints Markdown and says on standard error what it does.
"""

import argparse
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from prefect import flow
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks.company import Company
from blocks.record import Record
from deployments.save_blocks import save
from deployments.settings import Settings
from flows import preparation
from flows.opening import open_release
from lab.client import Lab
from lab.control_plane import ControlPlane
from policy.items import Way
from policy.release import Request
from tasks.item import Question, answer
from tasks.run import Once, Run
from tasks.staging import deployed_to_staging
from tasks.step import carry_out

GOAL = 1.15
SLOWED = (
    "github",
    "slack",
    "on_call",
    "status_page",
    "sentry",
    "doppler",
    "snyk",
    "jira",
    "grafana",
)
SECTIONS = {"1.1 to 1.3": ("1.1.", "1.2.", "1.3."), "1.4": ("1.4.",)}
# What is told, not asked, and what waits for its window or for the pipeline.
LEFT_OUT = {"1.3.1", "1.3.3", "1.3.8", "1.3.9"}


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of one round, and how many calls the outside systems saw in it."""

    together: dict[str, float]
    alone: dict[str, float]
    calls: int
    calls_alone: int

    def chain(self, section: str) -> tuple[str, float]:
        """Return the item of the section that takes longest alone, and how long."""
        found = {number: took for number, took in self.alone.items() if number.startswith(SECTIONS[section])}
        number = max(found, key=found.__getitem__)
        return number, found[number]

    @property
    def chains(self) -> float:
        """The longest chain of each section, one after the other."""
        return sum(self.chain(section)[1] for section in SECTIONS)


def questions() -> list[Question]:
    """Every item that the two functions ask, in the order of the checklist."""
    asked = {one.item.number: one for one in vars(preparation).values() if isinstance(one, Question)}
    wanted = tuple(start for starts in SECTIONS.values() for start in starts)
    return [one for number, one in sorted(asked.items()) if number.startswith(wanted) and number not in LEFT_OUT]


def measure(lab: Lab, run: Run, delay: float) -> Times:
    """Ask everything together, then each item alone."""
    with slowed(lab, delay):
        before = calls_of(lab)
        together = {}
        for section, ask in zip(SECTIONS, (preparation.gather_evidence, preparation.final_checks), strict=True):
            began = time.monotonic()
            ask(replace(run, once=Once()))
            together[section] = time.monotonic() - began
        between = calls_of(lab)
        alone = {}
        for question in questions():
            began = time.monotonic()
            answer(question, replace(run, once=Once()))
            alone[question.item.number] = time.monotonic() - began
        return Times(together, alone, between - before, calls_of(lab) - between)


@contextmanager
def slowed(lab: Lab, delay: float) -> Iterator[None]:
    """Every call to an outside system takes so many seconds longer."""
    for vendor in SLOWED:
        lab.do("break_vendor", vendor=vendor, kind="slow", seconds=delay)
    yield
    for vendor in SLOWED:
        lab.do("mend_vendor", vendor=vendor)


def calls_of(lab: Lab) -> int:
    """Return how many calls the outside systems have seen."""
    return sum(lab.do("count_calls").values())


def carry_out_rounds(lab: Lab, company: Company, *, delay: float, runs: int) -> list[Times]:
    """Open a release, deploy it to staging, and measure so many rounds."""
    shipped = lab.ship("1.1.0")
    request = Request(
        commit=shipped.commit, summary="Measured, never released", requested_by="Ana Souza", way_back_understood=True
    )
    found: list[Times] = []

    @flow(name="Benchmark of the phases", persist_result=False)
    def rounds() -> None:
        release = open_release(request, company, way=Way.STANDARD)
        run = Run(release, company, Record(company.store, release.key, holder=1, spool=company.spool), number=1)
        carry_out(deployed_to_staging(run), run)
        for number in range(1, runs + 1):
            found.append(measure(lab, run, delay))
            together = sum(found[-1].together.values())
            say(f"round {number}: {together:.2f} s together, the chain {found[-1].chains:.2f} s")

    rounds()
    return found


def report(rounds: Iterable[Times], delay: float) -> str:
    """The medians, and which items are the chain."""
    rounds = list(rounds)
    together = median(sum(one.together.values()) for one in rounds)
    chain = median(one.chains for one in rounds)
    serial = median(sum(one.alone.values()) for one in rounds)
    numbers = " then ".join(rounds[0].chain(section)[0] for section in SECTIONS)
    calls, calls_alone = rounds[0].calls, rounds[0].calls_alone
    return "\n".join(
        (
            f"{len(questions())} items of 1.1 to 1.4, each answer after {delay * 1000:.0f} ms, median of {len(rounds)}",
            "",
            "| | seconds | x chain | calls |",
            "|---|---|---|---|",
            f"| the longest chain ({numbers}) | {chain:.2f} | 1.00 | |",
            f"| together, as a release asks | {together:.2f} | {together / chain:.2f} | {calls} |",
            f"| one by one, as a script would | {serial:.2f} | {serial / chain:.2f} | {calls_alone} |",
            "",
            f"The goal is {GOAL} x the chain.",
        )
    )


def say(sentence: str) -> None:
    """Tell whoever waits."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {sentence}\n")


def main() -> None:
    """Start a lab without traffic of its own, measure, print, and leave nothing behind."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.phases", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="rounds (5)")
    parser.add_argument("--delay", type=float, default=0.3, help="seconds that each answer takes (0.3)")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="phases-") as folder:
        say("starting the lab")
        lab = Lab.start(Path(folder) / "lab")
        control = ControlPlane(lab)
        try:
            control.start_server()
            with temporary_settings({PREFECT_API_URL: control.environment["PREFECT_API_URL"]}):
                save(measured_settings(lab))
                with Company.load("production") as company:
                    rounds = carry_out_rounds(lab, company, delay=asked.delay, runs=asked.runs)
            sys.stdout.write(report(rounds, asked.delay) + "\n")
        finally:
            control.stop()
            lab.stop(purge=True)


def measured_settings(lab: Lab) -> Settings:
    """The lab's own, without the window of 1.3.3."""
    words = tomllib.loads(lab.settings_path.read_text())
    for section in ("staging_metrics", "load_test"):
        del words[section]
    return Settings(**words)


if __name__ == "__main__":
    main()
