"""The servers as they are now: what runs on each, how well it is, and whether it gets requests."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from blocks.company import Company
from blocks.errors import BlockError
from policy.health import judge_health, read_health
from policy.judgement import Verdict
from policy.plans import ServerState


def read_servers(company: Company, names: Sequence[str]) -> tuple[ServerState, ...]:
    """Look at every server now; what does not answer is unknown, not ill."""
    rotation = {}
    if company.balancer is not None:
        with suppress(BlockError):
            rotation = {state.name: state.in_rotation for state in company.balancer.read_servers()}
    # Servers that hang are waited for all together.
    with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
        return tuple(pool.map(partial(_read_server, company, rotation=rotation), names))


def _read_server(company: Company, name: str, rotation: Mapping[str, bool]) -> ServerState:
    """Look at one server; one that the settings name no more is out of reach."""
    in_rotation, version = None, None
    try:
        server = company.fleet.find(name)
        in_rotation = rotation.get(server.balancer_name)
        state = company.fleet.read_state(server)
    except BlockError:
        return ServerState(name=name, reachable=False, digest=None, health=Verdict.UNKNOWN, in_rotation=in_rotation)
    health = Verdict.FAILED
    if state.running:
        try:
            answer = company.fleet.read_health(server)
        except BlockError:
            health = Verdict.UNKNOWN
        else:
            health, said = judge_health(answer).verdict, read_health(answer)
            version = said.version if said is not None else None
    return ServerState(
        name=name,
        reachable=True,
        digest=state.image_digest or (state.image if state.container else None),
        health=health,
        in_rotation=in_rotation,
        held=state.held,
        version=version,
        built_there=state.was_built_there,
    )
