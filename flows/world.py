"""The servers as they are now, for whoever plans a way home or says who is where."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from blocks.errors import BlockError
from policy.health import judge_health
from policy.judgement import Verdict
from policy.plans import ServerState, World
from tasks.database_rollback import read_taking_back
from tasks.migrating import read_migrating
from tasks.run import Run


def read_world(run: Run) -> World:
    """Look at every server now; what does not answer is unknown, not ill."""
    rotation = {}
    balancer = run.company.balancer
    if balancer is not None:
        with suppress(BlockError):
            rotation = {state.name: state.admin_state == "ready" and state.up for state in balancer.read_servers()}
    # Servers that hang are waited for all together.
    with ThreadPoolExecutor(max_workers=max(1, len(run.release.servers))) as pool:
        servers = tuple(pool.map(partial(_read_server, run, rotation=rotation), run.release.servers))
    return World(
        servers=servers,
        balanced=balancer is not None,
        migrating=read_taking_back(run) if run.release.takes_back else read_migrating(run),
    )


def _read_server(run: Run, name: str, rotation: dict[str, bool]) -> ServerState:
    """Look at one server; one that the settings name no more is out of reach."""
    in_rotation = None
    try:
        server = run.company.fleet.find(name)
        in_rotation = rotation.get(server.balancer_name)
        state = run.company.fleet.read_state(server)
    except BlockError:
        return ServerState(name=name, reachable=False, digest=None, health=Verdict.UNKNOWN, in_rotation=in_rotation)
    try:
        health = judge_health(run.company.fleet.read_health(server)).verdict if state.running else Verdict.FAILED
    except BlockError:
        health = Verdict.UNKNOWN
    return ServerState(
        name=name,
        reachable=True,
        digest=state.image_digest or (state.image if state.container else None),
        health=health,
        in_rotation=in_rotation,
        held=state.held,
    )
