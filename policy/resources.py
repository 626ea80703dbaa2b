"""How much of its machine a server uses, and whether the others can carry its load (3.2.4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from policy.judgement import Judgement, failed, passed, unknown, worst_of
from policy.limits import Limits
from policy.measurement import measured, ratio
from policy.wording import counted


@dataclass(frozen=True, slots=True)
class Usage:
    """The shares of a server's resources in use; None where the system had no value."""

    server: str
    cpu: float | None
    memory: float | None
    disk: float | None


@dataclass(frozen=True, slots=True)
class Without:
    """So many servers leave, and by this factor the load of each of the others grows."""

    servers: int
    factor: float


NOBODY = Without(0, 1)


@dataclass(frozen=True, slots=True)
class Connections:
    """The database connections in use, and how many the application may hold altogether."""

    used: int
    pool: int


def judge_usage(usages: Sequence[Usage], *, limits: Limits) -> Judgement:
    """Pass when processor, memory and disk of every server are below their limits."""
    shares = [
        _judge_share(f"{usage.server} {what}", share, limit)
        for usage in usages
        for what, share, limit in (
            ("cpu", usage.cpu, limits.cpu),
            ("memory", usage.memory, limits.memory),
            ("disk", usage.disk, limits.disk),
        )
    ]
    return _summed_up(shares)


def judge_connections(connections: Connections | None, *, limits: Limits) -> Judgement:
    """Pass when the database connections in use are below their share of the pool."""
    if connections is None:
        return unknown("the database connections in use are not known")
    share = ratio(connections.used, connections.pool)
    counted = f"database connections: {connections.used} of {connections.pool},"
    return _judge_share(counted, share, limits.connections)


def judge_capacity(others: Sequence[Usage], *, servers_up: int, limits: Limits, leaving: int = 1) -> Judgement:
    """Pass when the servers that stay can carry the load of all that are up: each stays below its limits.

    `servers_up` counts those that are to be drained, of which there are so many as are `leaving`.
    """
    servers_left = servers_up - leaving
    if servers_left < 1:
        return failed(f"{max(servers_up, 0)} server is up: the last one is never drained")
    if len(others) < servers_left:
        return unknown(f"the use of {len(others)} of {counted(servers_left, 'remaining server')} is known")
    without = Without(leaving, servers_up / servers_left)
    judgements = [
        _judge_share(f"{usage.server} {what}", share, limit, without=without)
        for usage in others
        for what, share, limit in (("cpu", usage.cpu, limits.cpu), ("memory", usage.memory, limits.memory))
    ]
    return _summed_up(judgements)


def judge_smaller_pool(connections: Connections, *, servers_up: int, limits: Limits, leaving: int = 1) -> Judgement:
    """Pass when the pool, which shrinks with each server that is drained, still holds the connections of all."""
    servers_left = servers_up - leaving
    if servers_left < 1:
        return failed(f"{max(servers_up, 0)} server is up: the last one is never drained")
    share = ratio(connections.used, connections.pool)
    without = Without(leaving, servers_up / servers_left)
    return _judge_share("database connections", share, limits.connections, without=without)


def judge_unmeasured_capacity(others: Sequence[str]) -> Judgement:
    """Pass when another server serves; without metrics nobody knows whether it carries the load of all."""
    if not others:
        return failed("no other server is up: the last one is never stopped")
    return passed(f"{', '.join(others)} can serve; the load is not known: no [prometheus] in the settings")


def _judge_share(what: str, share: float | None, limit: float, *, without: Without = NOBODY) -> Judgement:
    value = measured(share)
    if value is None:
        return unknown(f"{what} is not known")
    sentence = f"{what} {value:.0%}"
    if without.servers:
        less = "one server" if without.servers == 1 else f"{without.servers} servers"
        sentence += f", {value * without.factor:.0%} with {less} less"
    sentence += f" (limit {limit:.0%})"
    return passed(sentence) if value * without.factor < limit else failed(sentence)


def _summed_up(judgements: Sequence[Judgement]) -> Judgement:
    """Say everything that is wrong, or else everything."""
    worst = worst_of(judgements)
    if worst.verdict.lets_pass:
        return passed("; ".join(judgement.sentence for judgement in judgements))
    wrong = (judgement.sentence for judgement in judgements if not judgement.verdict.lets_pass)
    return Judgement(worst.verdict, "; ".join(wrong))
