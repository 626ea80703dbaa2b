"""What the planner says of the world as it is: a server is not given up because it was silent for a moment."""

from collections.abc import Sequence

from blocks.fleet import Server
from flows.world import await_answers, read_world
from policy.plans import Back, Nothing, Plan, Why, World
from policy.record import Row
from policy.second_try import find_second_tries
from policy.way_home import plan_way_home, servers_to_put_back
from tasks.run import Run, utc_now


def plan_home(run: Run, rows: Sequence[Row], why: Why) -> Plan:
    """Decide how the release ends; what was changed and does not answer is looked at again before it is left out.

    Whoever can go back does not wait for that: the others have a second try afterwards.
    """
    world = read_world(run)
    plan = _plan(run, rows, world, why)
    changed = servers_to_put_back(rows, world, run.release)
    silent = [server.name for server in world.servers if server.name in changed and not server.reachable]
    if not silent or isinstance(plan, Nothing) or (isinstance(plan, Back) and plan.servers):
        return plan
    return _plan(run, rows, await_answers(run, silent), why)


def choose_second_tries(run: Run, left: Sequence[str], why: Why) -> list[Server]:
    """Return the servers that were not brought back and may be now, by a plan made anew."""
    world = await_answers(run, left)
    plan = _plan(run, run.record.rows(), world, why)
    return [run.company.fleet.find(name) for name in find_second_tries(plan, world, left, before=run.digests_before)]


def _plan(run: Run, rows: Sequence[Row], world: World, why: Why) -> Plan:
    return plan_way_home(rows, world, why, now=utc_now(), limits=run.limits)
