"""Ten servers in batches: whatever dies where, enough of them serve, and the fleet ends on one version."""

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count as count_up
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from blocks.company import Company
from blocks.errors import BlockError
from blocks.hold import Holds
from flows.phase import ChecksFailed
from flows.recovery import recover
from flows.red_flag import RedFlag
from policy.batches import fewest_serving, judge_share
from policy.limits import Limits
from policy.metrics import Ending
from policy.record import Event, last
from policy.way_home import touched_servers
from tasks.step import StepFailed
from tests.core.company import LIMITS, People, a_company, a_release
from tests.core.process import Process, forward_in_batches, let_time_pass
from tests.core.scene import DEAD, outcome
from tests.core.world import Died, Machine, World
from tests.policy.rows import NEW, OLD

BROUGHT_HOME = (StepFailed, RedFlag, ChecksFailed, BlockError)
IN_THREES = {"batch_servers": 3, "may_be_down": 0.3}


def a_world(count: int, limits: Mapping[str, float]) -> World:
    names = [f"web-{number:02}" for number in range(1, count + 1)]
    fewest = fewest_serving(count, limits=Limits.model_validate(limits))
    return World(machines={name: Machine(name) for name in names}, fewest=fewest)


def begun_in_batches(company: Company, world: World, limits: Mapping[str, float]) -> Process:
    return Process.begin(company, a_release(world, **limits), way=forward_in_batches)


def test_ten_servers_are_updated_the_first_alone_and_then_three_at_a_time(tmp_path: Path) -> None:
    world = a_world(10, IN_THREES)
    process = begun_in_batches(a_company(world, tmp_path / "spool"), world, IN_THREES)
    updates = []

    while not process.ended:
        before = len(world.acts)
        process.go_on()
        updates.append(sum("update on" in act for _, act in world.acts[before:]))

    assert [count for count in updates if count] == [1, 3, 3, 3]
    assert world.too_few == []
    assert outcome(process) == Ending.SIGNED_OFF
    assert {(one.digest, one.ready) for one in world.machines.values()} == {(NEW, True)}


def test_fewer_leave_at_once_while_a_server_is_down(tmp_path: Path) -> None:
    world = a_world(10, IN_THREES)
    process = begun_in_batches(a_company(world, tmp_path / "spool"), world, IN_THREES)
    while not process.run.record.last(Event.APPROVED):
        process.go_on()
    world.machines["web-10"].running = False
    before = len(world.acts)

    process.go_on()

    assert sum("update on" in act for _, act in world.acts[before:]) == 2
    assert world.too_few == []


def test_a_server_of_a_batch_that_cannot_go_on_stops_the_others_and_brings_all_home(tmp_path: Path) -> None:
    world = a_world(10, IN_THREES)
    company = a_company(world, tmp_path / "spool")
    process = begun_in_batches(company, world, IN_THREES)
    while not process.run.record.last(Event.APPROVED):
        process.go_on()
    world.machines["web-03"].held = True

    with pytest.raises(ChecksFailed, match=r"web-02, web-03, web-04 may not leave the rotation: a file HOLD lies on"):
        process.go_on()

    assert world.too_few == []
    assert outcome(process) == Ending.STUCK


@pytest.mark.parametrize("far", [5, 6, 7])
def test_a_red_flag_brings_a_fleet_home_in_batches(tmp_path: Path, far: int) -> None:
    world = a_world(10, IN_THREES)
    process = begun_in_batches(a_company(world, tmp_path / "spool"), world, IN_THREES)
    for _ in range(far):
        process.go_on()
    process.outlook.speaks_against = RedFlag("4.1 % errors")

    with pytest.raises(RedFlag):
        process.go_on()

    assert outcome(process) == Ending.ROLLED_BACK
    assert {(one.digest, one.ready) for one in world.machines.values()} == {(OLD, True)}
    assert world.too_few == []


@dataclass(frozen=True)
class Fate:
    """What befalls a release: who dies of itself at which act, when a red flag is raised, when its process dies."""

    doomed: Mapping[int, int]
    flag_after: int | None
    dies_after: int | None


fates = st.builds(
    Fate,
    doomed=st.dictionaries(st.integers(1, 90), st.integers(0, 9), max_size=3),
    flag_after=st.none() | st.integers(2, 10),
    dies_after=st.none() | st.integers(0, 250),
)


@given(st.integers(2, 10), st.integers(1, 5), st.sampled_from((0.1, 0.2, 0.25, 0.34, 0.5, 0.75)), fates)
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_never_fewer_serve_than_allowed_whatever_dies_where(count: int, batch: int, share: float, fate: Fate) -> None:
    limits = {"batch_servers": batch, "may_be_down": share}
    assume(judge_share(count, limits=Limits.model_validate(limits)).verdict.lets_pass)
    world = a_world(count, limits)
    names = list(world.machines)
    world.doomed = {act: names[number % count] for act, number in fate.doomed.items()}
    with tempfile.TemporaryDirectory() as folder:
        company = a_company(world, Path(folder) / "spool")
        process = begun_in_batches(company, world, limits)
        world.dies_after, world.is_homeward = fate.dies_after, lambda: process.run.record.homeward
        carry_to_its_end(process, fate.flag_after)
        world.dies_after, world.is_homeward = None, lambda: True
        bring_home_what_died(company)

        judge_who_served(world)
        judge_the_end(company, world, process)


def carry_to_its_end(process: Process, flag_after: int | None) -> None:
    with suppress(*BROUGHT_HOME, Died):
        for steps in count_up():
            if steps == flag_after:
                process.outlook.speaks_against = RedFlag("4.1 % errors")
            if process.ended:
                return
            process.go_on()


def bring_home_what_died(company: Company) -> None:
    for _ in range(3):
        let_time_pass(company, DEAD + LIMITS.choice)
        newest = Holds(company.store, "production").newest()
        if newest is not None and newest.is_dead(LIMITS.heartbeat_stale):
            recover(company, newest)


def judge_who_served(world: World) -> None:
    """On the way home, which has to end, one server alone may go where too few serve anyway; never the last one."""
    assert world.drained_the_last == []
    assert all(one.homeward and not one.beside for one in world.too_few), world.too_few


def judge_the_end(company: Company, world: World, process: Process) -> None:
    rows = process.run.record.rows()
    sealed = last(rows, Event.SEALED)
    assert sealed is not None
    ending, pages = Ending(sealed.facts["outcome"]), cast("People", company.slack).pages()
    if ending is Ending.STUCK:
        assert pages
        return
    version = NEW if ending is Ending.SIGNED_OFF else OLD
    touched = [world.machines[name] for name in touched_servers(rows)]
    assert {(one.digest, one.ready) for one in touched} <= {(version, True)}
    assert all(one.running for one in touched) or pages or ending is Ending.SIGNED_OFF
