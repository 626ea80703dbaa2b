"""Countersign's own roll-out, in a process of its own: `python -m benchmarks.countersign FACTS`.

The steps are the release's own (`flows.rollout.update` with record, hold and fence, and the way home around it); what
stands before and after them in a release, checks and verification, is left out; the gate is asked where the facts
say so, and its time is kept apart. FACTS is a JSON file.
"""

import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.context import FlowRunContext

from blocks.company import Company
from flows.approval import require_approval
from flows.hold import holding
from flows.rollout import first_server_evidence, secure_the_way_back, update, watch_until_clear
from flows.watch import watching
from flows.way_home import way_home
from policy.items import Way
from policy.limits import Risk
from policy.metrics import Ending
from policy.record import Event, Row
from policy.release import Build, Release, Request
from tasks.run import Run
from tasks.seal import seal


@dataclass(frozen=True, slots=True)
class Facts:
    """What is rolled out, and where the result goes."""

    key: str
    previous_commit: str
    commit: str
    image: str
    result: str
    gate: str = ""


def release_of(facts: Facts, company: Company) -> Release:
    """The release that a request for this commit resolves to, where nothing speaks against it."""
    return Release(
        key=facts.key,
        environment=company.rules.environment,
        way=Way.STANDARD,
        request=Request(
            commit=facts.commit,
            summary="Benchmark of the roll-out",
            requested_by="Ana Souza",
            way_back_understood=True,
            environment=company.rules.environment,
        ),
        commit=facts.commit,
        previous_commit=facts.previous_commit,
        commits=(),
        files=(),
        complete=True,
        migrations=(),
        risk=Risk.LOW,
        reasons=("a benchmark",),
        servers=tuple(server.name for server in company.fleet.servers),
        limits=company.limits,
        opened_at=datetime.now(UTC),
    )


@flow(name="Roll-out of a benchmark", persist_result=False)
def roll_out(words: dict[str, str]) -> None:
    """Both servers serve the new image in rotation; how long that took, by step, stands in the result."""
    facts = Facts(**words)
    with Company.load("production") as company, holding(company, release_of(facts, company)) as run, way_home(run):
        name, _, digest = facts.image.partition("@")
        run.build = Build(commit=facts.commit, image=name, digest=digest, merged_at=None, run_url=None)
        run.record.append(Event.BUILT, item="2.1.1", facts=run.build.model_dump(mode="json"))
        secure_the_way_back(run)
        servers = run.servers
        if facts.gate:
            pass_the_gate(run, Path(facts.gate))
            servers = servers[1:]
        began_at, began = datetime.now(UTC), time.monotonic()
        update(run, servers)
        write_result(facts, run, began_at, time.monotonic() - began)
        seal(run, outcome=Ending.SIGNED_OFF, sentence="the benchmark ends here")


def pass_the_gate(run: Run, path: Path) -> None:
    """Update the first server and ask people; when it was asked and when it went on stands at `path`."""
    with watching(run) as watch:
        update(run, run.servers[:1])
        watch_until_clear(run, watch, at_least=run.limits.watch_interval)
        path.write_text(json.dumps({"run": run_id(), "asked": time.time()}))
        require_approval(run, first_server_evidence, watch)
        path.write_text(json.dumps({"run": run_id(), "went_on": time.time()}))


def run_id() -> str:
    """The number of this run in Prefect."""
    context = FlowRunContext.get()
    return str(context.flow_run.id) if context and context.flow_run else ""


def write_result(facts: Facts, run: Run, began_at: datetime, seconds: float) -> None:
    """Keep the time of the whole, and of each step over both servers."""
    rows = [row for row in run.record.seen if row.at >= began_at]
    Path(facts.result).write_text(json.dumps({"seconds": seconds, "parts": parts_of(rows, began_at)}, indent=1))


def parts_of(rows: list[Row], began_at: datetime) -> dict[str, float]:
    """Each step's seconds: until it was meant (looking), and from there until it was seen to hold."""
    parts: dict[str, float] = {}
    before = began_at
    for row in rows:
        if row.event in (Event.INTENDED, Event.CONFIRMED):
            what = "meant" if row.event is Event.INTENDED else "done"
            name = f"{row.step}, {what}"
            parts[name] = parts.get(name, 0.0) + (row.at - before).total_seconds()
            before = row.at
    return parts


if __name__ == "__main__":
    roll_out(json.loads(Path(sys.argv[1]).read_text()))
