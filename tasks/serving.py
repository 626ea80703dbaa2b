"""Who serves meanwhile: no server leaves unless enough others answer, and can carry its load where that is known."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from blocks.company import Company
from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.fleet import Server
from blocks.load_balancer import BalancedServer
from policy.batches import Missing, find_missing, judge_leaving, may_not_leave
from policy.health import judge_health
from policy.judgement import Judgement, Verdict, unknown, worst_of
from policy.resources import judge_capacity, judge_smaller_pool, judge_unmeasured_capacity
from policy.way_home import read_way_back
from tasks.run import Run
from tasks.world import read_servers

Balanced = tuple[BalancedServer, ...]
NOBODY_ELSE = "no other server is up"


def refuse_unless_another_is_up(run: Run, server: Server) -> None:
    """Raise Refused if `server` is the last one that serves."""
    if not list_serving(run.company, without=(server.name,)):
        raise Refused(may_not_leave((server.name,), NOBODY_ELSE, list_missing((server.name,), run)))


def refuse_unless_enough_stay(run: Run, server: Server, balanced: Balanced | None = None) -> None:
    """Raise Refused if fewer than `limits.may_be_down` lets would serve; `balanced` is what the balancer just said."""
    staying = list_serving(run.company, balanced, without=(server.name,))
    judgement = judge_leaving((server.name,), staying, servers=len(run.release.servers), limits=run.limits)
    if not staying or not judgement.verdict.lets_pass:
        why = judgement.sentence if staying else NOBODY_ELSE
        raise Refused(may_not_leave((server.name,), why, list_missing((server.name, *staying), run)))


def judge_room_without(leaving: Collection[Server], run: Run) -> Judgement:
    """Pass if the other servers are enough and can carry the load of those that leave (3.2.4 at N/(N-k)).

    The sentence names who may not leave and, where servers are missing, what each of them runs and why it is missing.
    """
    names = [server.name for server in leaving]
    judgement, others = _judge_room(leaving, run)
    if judgement.verdict.lets_pass:
        return judgement
    missing = list_missing((*names, *others), run) if judgement.verdict is Verdict.FAILED else ()
    return replace(judgement, sentence=may_not_leave(names, judgement.sentence, missing))


def _judge_room(leaving: Collection[Server], run: Run) -> tuple[Judgement, tuple[str, ...]]:
    """Judge it, and return who serves beside those that leave."""
    company, limits = run.company, run.limits
    others: tuple[str, ...] = ()
    try:
        others = list_serving(company, without=[server.name for server in leaving])
        up = len(others) + len(leaving)
        with ThreadPoolExecutor(1) as pool:
            counting = pool.submit(company.database.count_connections) if company.database is not None else None
            if company.prometheus is None:
                carried = judge_unmeasured_capacity(others)
            else:
                usage = company.prometheus.read_usage(others)
                carried = judge_capacity(usage, servers_up=up, leaving=len(leaving), limits=limits)
        parts = [carried]
        if others:
            names = [server.name for server in leaving]
            enough = judge_leaving(names, others, servers=len(run.release.servers), limits=limits)
            parts += [enough] if enough.verdict is Verdict.FAILED else []
        if counting is not None:
            connections = counting.result()
            parts.append(judge_smaller_pool(connections, servers_up=up, leaving=len(leaving), limits=limits))
    except (Unreachable, Misconfigured) as error:
        return unknown(str(error)), others
    return worst_of(parts), others


def list_missing(besides: Collection[str], run: Run) -> tuple[Missing, ...]:
    """Return the servers that do not serve now, but for those that are named, with what each runs and why."""
    names = [name for name in run.release.servers if name not in besides]
    return find_missing(read_servers(run.company, names), read_way_back(run.record.seen))


def list_serving(
    company: Company, balanced: Balanced | None = None, *, without: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the servers that the balancer, if there is one, gives requests and that answer them themselves.

    A balancer believes in a server for some seconds after its death, so each is asked as well; those `without` are not.
    Raises Unreachable if none serves but one gave no answer: nobody knows then whether it serves.
    """
    serving: list[str] = []
    silent: list[Unreachable] = []
    for server in _in_rotation(company, balanced, without):
        try:
            if judge_health(company.fleet.read_health(server)).verdict.lets_pass:
                serving.append(server.name)
        except Unreachable as error:
            silent.append(error)
    if silent and not serving:
        raise silent[0]
    return tuple(serving)


def _in_rotation(company: Company, balanced: Balanced | None, without: Collection[str]) -> list[Server]:
    asked = [server for server in company.fleet.servers if server.name not in without]
    if company.balancer is None:
        return asked
    states = balanced or company.balancer.read_servers()
    up = {state.name for state in states if state.in_rotation}
    return [server for server in asked if server.balancer_name in up]
