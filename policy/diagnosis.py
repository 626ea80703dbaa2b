"""What is wrong before anybody releases: each system is tried, and each red row says what to do next."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from policy.judgement import Judgement, Verdict, failed, passed, spoken, spoken_so_far, unknown
from policy.next_step import Cause
from policy.wording import listed

_VERSION = re.compile(r"v?(\d+)\.\d+")
_LEAST_COMPOSE = 2
_SEE = "not tried: see "
# One heartbeat may come by a third later than the one before: after two intervals at least one is missing.
_BEATS = 2
# What a process is, by its command line; PostgreSQL writes user and database into those of its sessions.
_OURS = (
    (re.compile(r"\bprefect\b.*\bworker\s+start\b"), "a Prefect worker"),
    (re.compile(r"\bprefect\b.*\bserver\s+start\b|\bprefect\.server\b"), "Prefect's server"),
    (re.compile(r"^postgres: .*\bprefect\b"), "Prefect's database"),
    (re.compile(r"-m prefect\.(flow_)?engine\b"), "a flow run of Prefect"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried of one part of the company, how it went, and what mends what was found."""

    part: str
    tried: str
    judgement: Judgement
    next_step: str = ""
    cause: Cause | None = None

    @property
    def is_red(self) -> bool:
        """Whether it was measured and does not hold."""
        return self.judgement.verdict is Verdict.FAILED

    @property
    def is_well(self) -> bool:
        """Whether it holds, or does not concern this company; unknown is not well."""
        return self.judgement.verdict.lets_pass


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


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A worker as Prefect shows it, how old its last heartbeat is, and how often one is due."""

    name: str
    online: bool
    silent_for: timedelta
    every: timedelta

    @property
    def lives(self) -> bool:
        """Whether it is heard: Prefect shows a worker that was killed as online for minutes."""
        return self.online and self.silent_for <= _BEATS * self.every

    @property
    def sentence(self) -> str:
        """Say when it was last heard."""
        return f"{self.name}, heartbeat {spoken_so_far(self.silent_for)} ago (one each {spoken(self.every)})"


def judge_workers(workers: Sequence[WorkerSeen], *, pool: str) -> Judgement:
    """Pass if a worker of the pool is heard; what Prefect shows as online and is silent is named."""
    lost = [f"{one.sentence}, though shown as online" for one in workers if one.online and not one.lives]
    if alive := [one.sentence for one in workers if one.lives]:
        return passed("; ".join((listed(alive), *(f"not heard: {one}" for one in lost))))
    newest = min(workers, key=lambda one: one.silent_for, default=None)
    last = listed(lost) or (f"the last was {newest.sentence}" if newest else "there was none yet")
    return failed(f"no worker of the pool {pool} is heard ({last}): nothing starts, and nothing is recovered")


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


def not_tried(part: str, tried: str, *, see: Finding) -> Finding:
    """What the fault of another row stands in the way of: it is not known, and that row says what to do."""
    return Finding(part, tried, unknown(f"{_SEE}{see.part}, {see.tried}"))


def one_per_cause(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings in their order: the first with a cause names it, each further one was not tried for it.

    Rows of one part that say the very same have one cause, too.
    """
    first: dict[Cause | tuple[str, str], Finding] = {}
    told = []
    for one in findings:
        said = one.judgement.sentence
        if one.is_well or said.startswith(_SEE):
            told.append(one)
            continue
        key = one.cause or (one.part, said)
        told.append(not_tried(one.part, one.tried, see=first[key]) if key in first else one)
        first.setdefault(key, one)
    return tuple(told)


def differing(saved: Mapping[str, Any], meant: Mapping[str, Any]) -> list[str]:
    """Name each field that is not the same in both, by its path; values are not shown."""
    return [path for name in sorted({*saved, *meant}) for path in _differing(name, saved.get(name), meant.get(name))]


def _differing(path: str, saved: object, meant: object) -> list[str]:
    if saved == meant:
        return []
    if isinstance(saved, dict) and isinstance(meant, dict):
        return [f"{path}.{inner}" for inner in differing(saved, meant)]
    if isinstance(saved, list) and isinstance(meant, list) and len(saved) == len(meant):
        pairs = enumerate(zip(saved, meant, strict=True))
        return [found for place, (one, other) in pairs for found in _differing(f"{path}[{place}]", one, other)]
    return [path]
