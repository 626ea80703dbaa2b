"""Putting the recorded version back on servers: what serves stays enough, and what gets no request goes first."""

from collections.abc import Sequence
from contextlib import suppress

from prefect.logging import get_run_logger

from blocks.errors import BlockError, Superseded
from blocks.fleet import Server
from flows.at_once import at_once
from flows.world import read_world
from policy.batches import fewest_serving
from policy.health import is_version
from policy.judgement import Verdict
from tasks.rollout import put_back, steps_home, taken_out
from tasks.run import Run
from tasks.serving import judge_room_without, list_serving
from tasks.step import StepFailed, carry_out


def bring_back(run: Run, servers: Sequence[Server]) -> list[str]:
    """Put the servers back in this order, a batch at once; return those that do not serve the version before again."""
    take_new_version_out(run, servers)
    waiting, left = list(servers), []
    while waiting:
        batch = _empty_batch(run, waiting)
        waiting = waiting[len(batch) :]
        brought = at_once(run, batch, _is_brought_back)
        left += [server.name for server, well in zip(batch, brought, strict=True) if not well]
    return left


def take_new_version_out(run: Run, servers: Sequence[Server]) -> None:
    """First act: the new version out of rotation, if the old servers are up to carry the load."""
    if run.company.balancer is None:
        return
    before = run.digests_before
    states = {state.name: state for state in read_world(run).servers}
    new = [server for server in servers if states[server.name].digest != before[server.name]]
    # A server that came since keeps no way back, so it is nobody's turn later.
    new += [
        run.company.fleet.find(state.name)
        for state in states.values()
        if state.name not in before and state.version and is_version(state.version, run.release.commit)
    ]
    if any(
        state.in_rotation and state.digest == before.get(state.name) and state.health is Verdict.PASSED
        for state in states.values()
    ):
        for server in new:
            if _others_can_carry(server, run):
                with suppress(StepFailed):
                    carry_out(taken_out(server, run), run)


def _others_can_carry(server: Server, run: Run) -> bool:
    """Whether the others are known to be enough and to carry the load; who cannot say so holds up no way home."""
    try:
        return judge_room_without([server], run).verdict.lets_pass
    except BlockError as error:
        get_run_logger().warning("%s is not taken out first: %s", server.name, error)
        return False


def _empty_batch(run: Run, waiting: Sequence[Server]) -> list[Server]:
    """Empty who goes back at once: the next one in any case, for this has to end, and whom the others can spare."""
    size = run.limits.batch_servers if run.company.balancer is not None else 1
    batch: list[Server] = []
    for server in waiting[:size]:
        if batch and not _can_be_spared(run, server):
            break
        _empty(run, server)
        batch.append(server)
    return batch


def _can_be_spared(run: Run, server: Server) -> bool:
    """Whether enough servers serve without this one, as far as anybody can say."""
    try:
        serving = list_serving(run.company)
    except BlockError as error:
        get_run_logger().warning("%s waits for its turn: who serves is not known: %s", server.name, error)
        return False
    fewest = fewest_serving(len(run.release.servers), limits=run.limits)
    return server.name not in serving or len(serving) > fewest


def _empty(run: Run, server: Server) -> None:
    """A server that will be restarted is emptied first, if there is a balancer and another one serves meanwhile."""
    if run.company.balancer is None:
        return
    try:
        if not put_back(server, run).look(run.company).done and list_serving(run.company, without=(server.name,)):
            carry_out(taken_out(server, run), run)
    except Superseded:
        raise
    except (BlockError, StepFailed) as error:
        get_run_logger().warning("%s is put back without being emptied: %s", server.name, error)


def _is_brought_back(run: Run, server: Server) -> bool:
    """Whether the server serves the recorded version in rotation again."""
    try:
        for step in steps_home(server, run):
            carry_out(step, run)
    except StepFailed as error:
        get_run_logger().error("%s could not be brought back: %s", server.name, error)
        return False
    return True
