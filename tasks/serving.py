"""Who serves meanwhile: no server leaves unless another one answers, and can carry its load where that is known."""

from concurrent.futures import ThreadPoolExecutor

from blocks.company import Company
from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.fleet import Server
from blocks.load_balancer import BalancedServer
from policy.health import judge_health
from policy.judgement import Judgement, unknown, worst_of
from policy.resources import judge_capacity, judge_pool_without_one, judge_unmeasured_capacity
from tasks.run import Run

Balanced = tuple[BalancedServer, ...]


def refuse_unless_another_is_up(company: Company, server: Server, balanced: Balanced | None = None) -> None:
    """Raise Refused if `server` is the last one that serves; `balanced` is what the balancer just said, if asked."""
    if not list_others_serving(company, server, balanced):
        raise Refused(f"no other server is up, so {server.name} may not leave the rotation")


def judge_room_without(server: Server, run: Run) -> Judgement:
    """Pass if the other servers can carry the load of `server` (3.2.4 at N/(N-1))."""
    company, limits = run.company, run.limits
    try:
        others = list_others_serving(company, server)
        up = len(others) + 1
        with ThreadPoolExecutor(1) as pool:
            counting = pool.submit(company.database.count_connections) if company.database is not None else None
            if company.prometheus is None:
                parts = [judge_unmeasured_capacity(others)]
            else:
                parts = [judge_capacity(company.prometheus.read_usage(others), servers_up=up, limits=limits)]
        if counting is not None:
            parts.append(judge_pool_without_one(counting.result(), servers_up=up, limits=limits))
    except (Unreachable, Misconfigured) as error:
        return unknown(str(error))
    return worst_of(parts)


def list_others_serving(company: Company, server: Server, balanced: Balanced | None = None) -> tuple[str, ...]:
    """Return the other servers that the balancer, if there is one, gives requests and that answer them themselves.

    A balancer believes in a server for some seconds after its death, so each is asked as well.
    Raises Unreachable if none does but one gave no answer: nobody knows then whether it serves.
    """
    serving: list[str] = []
    silent: list[Unreachable] = []
    for other in _others_in_rotation(company, server, balanced):
        try:
            if judge_health(company.fleet.read_health(other)).verdict.lets_pass:
                serving.append(other.name)
        except Unreachable as error:
            silent.append(error)
    if silent and not serving:
        raise silent[0]
    return tuple(serving)


def _others_in_rotation(company: Company, server: Server, balanced: Balanced | None) -> list[Server]:
    others = [other for other in company.fleet.servers if other.name != server.name]
    if company.balancer is None:
        return others
    states = balanced or company.balancer.read_servers()
    up = {state.name for state in states if state.up and state.admin_state == "ready"}
    return [other for other in others if other.balancer_name in up]
