"""A release that has got so far, and what there is to see of it afterwards."""

from datetime import timedelta
from typing import cast

from blocks.company import Company
from blocks.hold import Hold, Holds
from blocks.record import verify_record
from policy.record import Event, last
from tests.core.company import LIMITS, People, a_release
from tests.core.process import Process, let_time_pass
from tests.core.world import World
from tests.policy.rows import NEW, OLD, THIRD

DEAD = LIMITS.heartbeat_stale + timedelta(seconds=1)
TOO_LATE = LIMITS.choice + DEAD
BUILT, BUILT_AND_KEPT = 1, 2
FIRST_DRAINED, FIRST_UPDATED, FIRST_BACK, FIRST_APPROVED = 3, 4, 6, 7
SECOND_BACK = 11
ALL_BACK = 16
VERIFIED = 19


def begun(company: Company, world: World, *, steps: int, **limits: float) -> Process:
    process = Process.begin(company, a_release(world, **limits))
    for _ in range(steps):
        process.go_on()
    return process


def serving(world: World) -> list[tuple[str, bool]]:
    return [(machine.digest, machine.ready) for machine in world.machines.values()]


def outcome(process: Process) -> str:
    sealed = last(process.run.record.rows(), Event.SEALED)
    assert sealed is not None
    assert verify_record(process.run.company.store, process.run.release.key).fault is None
    return str(sealed.facts["outcome"])


def pages(company: Company) -> list[str]:
    return cast("People", company.slack).pages()


ALL_OLD, ALL_NEW = [(OLD, True)] * 3, [(NEW, True)] * 3


def dead_hold(company: Company, after: timedelta = DEAD) -> Hold:
    let_time_pass(company, after)
    dead = Holds(company.store, "production").newest()
    assert dead is not None
    assert dead.is_dead(LIMITS.heartbeat_stale)
    return dead


def deployed_by_hand(world: World) -> None:
    world.machines["web-server-2"].digest = THIRD
