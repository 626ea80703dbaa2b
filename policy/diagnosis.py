"""What is wrong before anybody releases: each system is tried, and each red row says what to do next."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from policy.combined import listed
from policy.judgement import Judgement, Verdict, failed, passed, spoken, unknown
from policy.page import as_cell

_VERSION = re.compile(r"v?(\d+)\.\d+")
_LEAST_COMPOSE = 2
# What a process is, by its command line; PostgreSQL writes user and database into those of its sessions.
_OURS = (
    (re.compile(r"\bprefect\b.*\bworker\s+start\b"), "a Prefect worker"),
    (re.compile(r"\bprefect\b.*\bserver\s+start\b|\bprefect\.server\b"), "Prefect's server"),
    (re.compile(r"^postgres: .*\bprefect\b"), "Prefect's database"),
    (re.compile(r"-m prefect\.(flow_)?engine\b"), "a flow run of Prefect"),
)
_WORDS = {Verdict.FAILED: "RED", Verdict.UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried of one part of the company, how it went, and what to do where it is red."""

    part: str
    tried: str
    judgement: Judgement
    next_step: str = ""

    @property
    def is_red(self) -> bool:
        """Whether it failed or could not be measured."""
        return not self.judgement.verdict.lets_pass


def judge_clock(ahead: timedelta, *, limit: timedelta) -> Judgement:
    """Fail where a clock is off by more than `limit`: rows of the audit log and ages of samples would be wrong."""
    way = "ahead of" if ahead > timedelta(0) else "behind"
    if abs(ahead) > limit:
        return failed(f"{spoken(ahead)} {way} the worker's clock, the limit is {spoken(limit)}")
    return passed(f"within {spoken(limit)} of the worker's clock")


def judge_disk(share: float, *, limit: float) -> Judgement:
    """Fail unless the share of the disk in use is below the limit of 3.2.4."""
    said = f"{share:.0%} in use, the limit is {limit:.0%}"
    return passed(said) if share < limit else failed(said)


def judge_engine(version: str) -> Judgement:
    """Pass if Docker named its version: its engine runs, and the user may speak to it."""
    if _VERSION.match(version):
        return passed(f"Docker {version}")
    return failed(f"the user cannot speak to Docker's engine: {version or 'it said nothing'}")


def judge_compose(version: str) -> Judgement:
    """Pass if `docker compose` is Compose v2 or newer."""
    found = _VERSION.match(version)
    if found is None:
        return failed(f"there is no `docker compose`: {version or 'it said nothing'}")
    if int(found[1]) < _LEAST_COMPOSE:
        return failed(f"Compose {version}, expected {_LEAST_COMPOSE}.0 or newer")
    return passed(f"Compose {version}")


def judge_tools(missing: Collection[str], *, writable: bool) -> Judgement:
    """Pass if every program that our scripts call is there, and the user may write into the server's directory."""
    if missing:
        return failed(f"missing: {', '.join(missing)}")
    return passed("programs are there, the directory is writable") if writable else failed("may not write there")


def judge_company(processes: Sequence[str]) -> Judgement:
    """Fail where a part of Prefect runs on a server that releases restart; unknown where no process is seen."""
    if not processes:
        return unknown("`ps -eo args` showed no process")
    found = dict.fromkeys(what for pattern, what in _OURS for process in processes if pattern.search(process))
    return failed(f"{listed(found)} runs here") if found else passed("no part of Prefect runs here")


def judge_balanced(expected: Collection[str], seen: Collection[str]) -> Judgement:
    """Pass if the balancer knows exactly the servers of the settings."""
    lacking, strange = sorted(set(expected) - set(seen)), sorted(set(seen) - set(expected))
    if not lacking and not strange:
        return passed(f"knows {', '.join(expected)}")
    said = (
        f"does not know {', '.join(lacking)}" if lacking else "",
        f"also has {', '.join(strange)}" if strange else "",
    )
    return failed(" and ".join(part for part in said if part))


def judge_granted(needed: Collection[str], granted: Collection[str]) -> Judgement:
    """Pass if everything that is needed is granted; unknown where the vendor does not say what is."""
    if not granted:
        return unknown("the vendor does not say what the token may do")
    if lacking := sorted(set(needed) - set(granted)):
        return failed(f"it lacks {', '.join(lacking)}; it has {', '.join(sorted(granted))}")
    return passed(f"it has {', '.join(sorted(needed))}")


def judge_each(wrong: Sequence[str], *, well: str) -> Judgement:
    """Pass if nothing is wrong with any of several things, else name what is."""
    return failed("; ".join(wrong)) if wrong else passed(well)


def headline(findings: Sequence[Finding]) -> str:
    """Say in one line how many rows are red."""
    red = sum(finding.is_red for finding in findings)
    if not findings:
        return "Nothing was tried"
    well = f"All {len(findings)} are well" if len(findings) > 1 else "It is well"
    return f"{red} of {len(findings)} {'needs' if red == 1 else 'need'} somebody" if red else well


def red_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return what failed, then what is unknown, then the rest, each as it came."""
    order = (Verdict.FAILED, Verdict.UNKNOWN)
    return sorted(
        findings, key=lambda one: order.index(one.judgement.verdict) if one.judgement.verdict in order else len(order)
    )


def render_page(findings: Sequence[Finding]) -> str:
    """Return the table as a page in Markdown, the red rows first."""
    head = ["| | Part | Tried | Found | What to do next |", "|---|---|---|---|---|"]
    rows = [
        f"| {_say(one)} | {as_cell(one.part)} | {as_cell(one.tried)} | {as_cell(one.judgement.sentence)} |"
        f" {as_cell(one.next_step) if one.is_red else ''} |"
        for one in red_first(findings)
    ]
    return "\n".join(("## Doctor", "", f"**{headline(findings)}**", "", *head, *rows, ""))


def render_text(findings: Sequence[Finding]) -> str:
    """Return the table for a terminal, the red rows last, where they are seen."""
    width_of_part = max((len(one.part) for one in findings), default=0)
    width = max((len(one.tried) for one in findings), default=0)
    lines = []
    for one in reversed(red_first(findings)):
        lines.append(f"{_say(one):<8} {one.part:<{width_of_part}}  {one.tried:<{width}}  {one.judgement.sentence}")
        if one.is_red and one.next_step:
            lines.append(f"{'':<8} {'':<{width_of_part}}  {'':<{width}}  -> {one.next_step}")
    return "\n".join((*lines, "", headline(findings)))


def _say(finding: Finding) -> str:
    verdict = finding.judgement.verdict
    return _WORDS.get(verdict, "ok" if verdict is Verdict.PASSED else "-")
