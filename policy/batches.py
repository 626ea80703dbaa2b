"""How many servers get requests at any time, and which of the waiting ones leave next (2.1.5)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import floor

from policy.judgement import Judgement, Verdict, failed, passed
from policy.limits import Limits
from policy.plans import ServerState
from policy.way_home import WayBack
from policy.wording import counted, listed

# What a share written as a decimal may lose in the computer's arithmetic: 0.29 of 100 servers are 29.
_DIGITS = 9


class Runs(StrEnum):
    """Which of the two versions of a release a server has, by its image."""

    NEW = "on the new version"
    OLD = "on the old version"
    OTHER = "on a version that is neither the new nor the old one"
    UNKNOWN = "on a version that is not known"


@dataclass(frozen=True, slots=True)
class Missing:
    """A server that stays and does not count: what it runs, and why; `ill` where it said itself that it is not well."""

    name: str
    runs: Runs
    why: str
    ill: bool = False

    @property
    def sentence(self) -> str:
        """Say it as a person would."""
        return f"{self.name}, {self.runs}, {'is ill: ' if self.ill else ''}{self.why}"


def find_missing(states: Sequence[ServerState], way_back: WayBack | None) -> tuple[Missing, ...]:
    """Return those of the servers that do not serve, each with what it runs and why it is missing."""
    return tuple(
        Missing(one.name, _what_runs(one, way_back), one.fault, ill=one.health is Verdict.FAILED)
        for one in states
        if one.fault
    )


def _what_runs(state: ServerState, way_back: WayBack | None) -> Runs:
    """By its image: an answer of a server that is ill need not say its version."""
    if state.digest is None or way_back is None:
        return Runs.UNKNOWN
    if state.digest == way_back.old.get(state.name):
        return Runs.OLD
    return Runs.NEW if state.digest == way_back.new_on(state.name) else Runs.OTHER


def fewest_serving(servers: int, *, limits: Limits) -> int:
    """Return how many of so many servers get requests at any time; of one server it is that one."""
    return servers - floor(round(servers * limits.may_be_down, _DIGITS))


def judge_share(servers: int, *, limits: Limits) -> Judgement:
    """Pass when the share that may be down is one server at least, and the batches fit into it."""
    may_leave = servers - fewest_serving(servers, limits=limits)
    share = f"limits.may_be_down: {limits.may_be_down:.0%} of {counted(servers, 'server')}"
    if may_leave < 1:
        return failed(f"{share} is less than one server, so none could ever be updated; expected 1/{servers} at least")
    if limits.batch_servers > may_leave:
        return failed(
            f"limits.batch_servers: {limits.batch_servers} servers would leave at once, and {share} lets"
            f" {may_leave}; expected {may_leave} at most"
        )
    return passed(f"at most {limits.batch_servers} of {counted(servers, 'server')} leave at once")


def judge_leaving(leaving: Collection[str], staying: Collection[str], *, servers: int, limits: Limits) -> Judgement:
    """Pass when enough servers go on serving without the ones that leave."""
    fewest = fewest_serving(servers, limits=limits)
    if len(staying) >= fewest:
        return passed(f"{len(staying)} of {counted(servers, 'server')} go on serving (at least {fewest})")
    names = listed(sorted(staying)) or "none"
    return failed(
        f"without {listed(sorted(leaving))} only {len(staying)} of {counted(servers, 'server')} would serve ({names}),"
        f" at least {fewest} must"
    )


def may_not_leave(leaving: Collection[str], why: str, missing: Collection[Missing]) -> str:
    """Say who may not leave and why; a server that is ill on the new version comes first: this release made it so."""
    guilty = [one for one in missing if one.ill and one.runs is Runs.NEW]
    others = [one for one in missing if one not in guilty]
    refused = f"{listed(sorted(leaving))} may not leave the rotation: {why}"
    return "; ".join((*(one.sentence for one in guilty), refused, *(one.sentence for one in others)))


def next_batch(waiting: Sequence[str], serving: Collection[str], *, servers: int, limits: Limits) -> tuple[str, ...]:
    """Return who is next, in the order of the roll-out: no more than a batch, and enough servers go on serving.

    A server that does not serve takes nothing away. There is always somebody next: whether the only one may leave
    is judged by whoever lets it.
    """
    spare = len(serving) - fewest_serving(servers, limits=limits)
    batch: list[str] = []
    for name in waiting[: limits.batch_servers]:
        spare -= name in serving
        if batch and spare < 0:
            break
        batch.append(name)
    return tuple(batch)


def plan_batches(
    waiting: Sequence[str], serving: Collection[str], *, servers: int, limits: Limits
) -> tuple[tuple[str, ...], ...]:
    """Return all batches in order, as long as whoever serves now goes on serving."""
    batches: list[tuple[str, ...]] = []
    while waiting:
        batches.append(next_batch(waiting, serving, servers=servers, limits=limits))
        waiting = waiting[len(batches[-1]) :]
    return tuple(batches)


def say_batches(servers: int, *, limits: Limits) -> str:
    """Say how the servers after the first one take turns."""
    if limits.batch_servers == 1:
        return "The servers after the first one are updated one at a time."
    fewest = fewest_serving(servers, limits=limits)
    return (
        f"The servers after the first one are updated {limits.batch_servers} at a time;"
        f" at least {fewest} of {servers} get requests all the while."
    )
