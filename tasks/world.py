"""The servers as they are now: what runs on each, how well it is, and whether it gets requests."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from blocks.company import Company
from blocks.errors import BlockError
from blocks.fleet import Fleet, Server
from blocks.fleet import ServerState as Running
from blocks.load_balancer import BalancedServer
from policy.health import judge_health, read_health
from policy.judgement import Verdict
from policy.plans import ServerState

Rotation = Mapping[str, BalancedServer] | BlockError | None


def read_servers(company: Company, names: Sequence[str]) -> tuple[ServerState, ...]:
    """Look at every server now; what does not answer is unknown, not ill."""
    rotation = _read_rotation(company)
    # Servers that hang are waited for all together.
    with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
        return tuple(pool.map(partial(_read_server, company, rotation=rotation), names))


def _read_rotation(company: Company) -> Rotation:
    """Return how the balancer sees each server, or why it does not say; None where there is no balancer."""
    if company.balancer is None:
        return None
    try:
        return {state.name: state for state in company.balancer.read_servers()}
    except BlockError as error:
        return error


def _read_server(company: Company, name: str, rotation: Rotation) -> ServerState:
    """Look at one server; one that the settings name no more is out of reach."""
    in_rotation = None
    try:
        server = company.fleet.find(name)
        in_rotation, out = _place_in(rotation, server)
        state = company.fleet.read_state(server)
    except BlockError as error:
        return ServerState(
            name=name,
            reachable=False,
            digest=None,
            health=Verdict.UNKNOWN,
            in_rotation=in_rotation,
            fault=f"does not answer: {error}",
        )
    health, version, ails = _read_health(company.fleet, server, state)
    return ServerState(
        name=name,
        reachable=True,
        digest=state.image_digest or (state.image if state.container else None),
        health=health,
        in_rotation=in_rotation,
        held=state.held,
        version=version,
        built_there=state.was_built_there,
        fault=ails or out,
    )


def _read_health(fleet: Fleet, server: Server, state: Running) -> tuple[Verdict, str | None, str]:
    """Return how well it is, which version it says it serves, and what ails it; empty where nothing does."""
    if not state.running:
        return Verdict.FAILED, None, "its container does not run"
    try:
        answer = fleet.read_health(server)
    except BlockError as error:
        return Verdict.UNKNOWN, None, f"does not answer: {error}"
    judgement, said = judge_health(answer), read_health(answer)
    version = said.version if said is not None else None
    if judgement.verdict.lets_pass:
        return judgement.verdict, version, ""
    sentence = judgement.sentence.removeprefix(f"{server.name} ")
    return judgement.verdict, version, sentence.removeprefix("is not healthy: ").removeprefix("does not serve: ")


def _place_in(rotation: Rotation, server: Server) -> tuple[bool | None, str]:
    """Return whether it gets requests, None if nobody can say, and why it gets none or may get none."""
    if rotation is None:
        return None, ""
    if isinstance(rotation, BlockError):
        return None, f"may be out of rotation: {rotation}"
    seen = rotation.get(str(server.balancer_name))
    if seen is None:
        return None, "is not known to the balancer"
    if seen.admin_state != "ready":
        return seen.in_rotation, f"is out of rotation ({seen.admin_state})"
    return seen.in_rotation, "" if seen.up else "is healthy, and the balancer sees it down"
