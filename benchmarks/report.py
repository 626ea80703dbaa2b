"""The tables: Markdown for people, JSON for whoever computes further."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.failures import Left
from benchmarks.scene import Measured

DRAINED_LIMIT, COUNTERSIGN = "drained limit", "Countersign"
GOAL = 1.05
Runs = Mapping[str, Sequence[Measured]]


@dataclass(frozen=True, slots=True)
class Setting:
    """The same tools under one kind of traffic."""

    title: str
    runs: Runs


def roll_outs(setting: Setting) -> str:
    """Seconds, ratio, losses and p99 of each tool."""
    base = median_of(setting.runs[DRAINED_LIMIT]) if setting.runs.get(DRAINED_LIMIT) else None
    head = [
        f"### {setting.title}",
        "",
        "| | seconds (median, min-max) | x drained limit | lost of sent | failed | p99 | ended with |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join(head + [_row(tool, runs, base) for tool, runs in setting.runs.items()])


def _row(tool: str, runs: Sequence[Measured], base: float | None) -> str:
    seconds = [run.seconds for run in runs]
    sent, lost = sum(run.load.sent for run in runs), sum(run.load.lost for run in runs)
    ratio = f"{median(seconds) / base:.2f}" if base else "-"
    clients = f"{lost} of {sent} | {sum(run.load.failed for run in runs)} | {_p99(runs)}" if sent else "- | - | -"
    status = ", ".join(sorted({str(run.status) for run in runs}))
    return (
        f"| {tool} | {median(seconds):.2f} ({min(seconds):.2f}-{max(seconds):.2f}) | {ratio} | {clients} | {status} |"
    )


def _p99(runs: Sequence[Measured]) -> str:
    """Over the requests of all runs, from when each was due."""
    every = [one for run in runs for one in run.load.milliseconds]
    return f"{quantiles(every, n=100)[98]:.0f} ms" if len(every) > 1 else "-"


def by_part(setting: Setting) -> str:
    """Where the time goes, over both servers: the median of each part."""
    lines = [f"### Where the time goes, {setting.title}", "", "| | part | seconds |", "|---|---|---|"]
    for tool, runs in setting.runs.items():
        lines += [f"| {tool} | {part} | {_part(runs, part):.3f} |" for part in runs[0].parts]
        if any(run.around for run in runs):
            lines.append(f"| {tool} | beside it: the process's start, hold, way back, seal | {_around(runs):.2f} |")
    return "\n".join(lines)


def _part(runs: Sequence[Measured], part: str) -> float:
    return median(run.parts.get(part, 0.0) for run in runs)


def _around(runs: Sequence[Measured]) -> float:
    return median(run.around for run in runs)


def failures(found: Sequence[Left]) -> str:
    """What each tool left behind."""
    lines = [
        "### When it goes wrong",
        "",
        "| case | tool | ended with | server 1 | server 2 | whole again after | lost of sent |",
        "|---|---|---|---|---|---|---|",
    ]
    for left in found:
        first, second = left.servers.values()
        whole = f"{left.whole:.1f} s" if left.whole is not None else "not by itself"
        cells = (left.case, left.tool, str(left.status), first, second, whole, f"{left.lost} of {left.sent}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def verdict(setting: Setting) -> str:
    """Whether the goal was met: at most 1.05 x the drained limit, nothing lost, nobody faster."""
    mine, base = setting.runs.get(COUNTERSIGN), setting.runs.get(DRAINED_LIMIT)
    if not mine or not base:
        return "Goal: not judged, Countersign or the drained limit was left out."
    ratio = median_of(mine) / median_of(base)
    lost = sum(run.load.lost for run in mine)
    limits = ("limit", DRAINED_LIMIT, COUNTERSIGN)
    faster = [tool for tool, runs in setting.runs.items() if tool not in limits and median_of(runs) < median_of(mine)]
    met = ratio <= GOAL and not lost and not faster
    return (
        f"Goal {'met' if met else 'missed'}, {setting.title}: {ratio:.2f} x the drained limit (at most {GOAL}),"
        f" {lost} requests lost (at most 0), faster: {', '.join(faster) or 'nobody'}."
    )


def median_of(runs: Sequence[Measured]) -> float:
    """The median of the seconds."""
    return median(run.seconds for run in runs)


def write_json(path: Path, machine: Mapping[str, Any], settings: Sequence[Setting], found: Sequence[Left]) -> None:
    """Keep every figure; of the clients' latencies the file keeps p99 only."""
    content = {
        "machine": machine,
        "roll_outs": {
            setting.title: {tool: [_plain(run) for run in runs] for tool, runs in setting.runs.items()}
            for setting in settings
        },
        "failures": [asdict(left) for left in found],
    }
    path.write_text(json.dumps(content, indent=1))


def _plain(run: Measured) -> dict[str, Any]:
    load = {name: value for name, value in asdict(run.load).items() if name != "milliseconds"}
    return {**asdict(run), "load": {**load, "p99": _p99([run])}}
