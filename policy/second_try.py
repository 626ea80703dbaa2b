"""Who is brought back a second time before people are given it."""

from collections.abc import Collection, Mapping

from policy.judgement import Verdict
from policy.plans import Back, Plan, ServerState, World


def find_second_tries(plan: Plan, world: World, left: Collection[str], *, before: Mapping[str, str]) -> tuple[str, ...]:
    """Return those of `left` that this plan, made since, puts back, and that trying again may mend.

    Whoever runs the version before and is not well on it was waited for as long as it may take.
    """
    if not isinstance(plan, Back):
        return ()
    states = {server.name: server for server in world.servers}
    return tuple(name for name in plan.servers if name in left and not _is_ill_as_before(states[name], before))


def _is_ill_as_before(server: ServerState, before: Mapping[str, str]) -> bool:
    return server.digest == before.get(server.name) and server.health is not Verdict.PASSED
