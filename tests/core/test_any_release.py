"""Whatever happens to a release, and whenever: it ends on one version, or people know that it needs hands."""

import shutil
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from blocks.errors import BlockError, Superseded
from blocks.hold import Hold, Holds
from blocks.record import Record, verify_record
from flows.choice import ApprovalRefused
from flows.gate import NobodyAnswered
from flows.hold import AskedToStop, HoldLost
from flows.phase import ChecksFailed
from flows.recovery import recover
from flows.red_flag import RedFlag
from policy.duties import Duty
from policy.items import Way
from policy.metrics import Ending
from policy.record import Event, Row
from policy.release import ManualReason, ManualRequest, Release
from policy.way_home import touched_servers
from tasks.step import StepFailed
from tasks.systems import BALANCER
from tests.core.company import LIMITS, Code, People, a_company, a_hotfix, a_release
from tests.core.process import Process, forward_in_batches, let_time_pass
from tests.core.runs import Runs
from tests.core.world import BUILT, NAMES, Died, MemoryStore, World
from tests.policy import releases
from tests.policy.rows import NEW, OLD, THIRD

BROUGHT_HOME = (StepFailed, RedFlag, ApprovalRefused, NobodyAnswered, AskedToStop, HoldLost, ChecksFailed, BlockError)
DEAD = LIMITS.heartbeat_stale + timedelta(seconds=1)
FAULTS = ("the new version is ill", "requests never end", "update", "restore", "pull", "fetch", "build")
AGAINST = (
    RedFlag("4.1 % errors"),
    ApprovalRefused("Omar Reyes chose to roll back"),
    NobodyAnswered("nobody answered"),
    AskedToStop("a hotfix needs production"),
    HoldLost("the heartbeat could not be renewed"),
)


class AnyRelease(RuleBasedStateMachine):
    """The real steps, the real way home and the real recovery on a world in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.world = World()
        self.spool = self.folder / "spool"
        self.company = a_company(self.world, self.spool)
        self.store = cast("MemoryStore", self.company.store)
        self.holds = Holds(self.store, "production")
        self.release = self.opened()
        self.process: Process | None = None
        self.asleep: list[Process] = []

    def opened(self) -> Release:
        """The release that goes out."""
        return a_release(self.world)

    def begun(self, over: Hold | None = None) -> Process:
        """A process that carries it out."""
        return Process.begin(self.company, self.release, over=over)

    @initialize(steps=st.integers(0, 18))
    def begin(self, steps: int) -> None:
        """A release begins on a healthy fleet and gets so far."""
        self.process = self.begun()
        for _ in range(steps):
            self.process.go_on()

    @precondition(lambda self: self.process is not None)
    @rule(steps=st.integers(1, 6))
    def go_on(self, steps: int) -> None:
        """It goes on for a while."""
        for _ in range(steps):
            self._go_on()

    @precondition(lambda self: self.process is not None)
    @rule(reason=st.sampled_from(AGAINST))
    def something_speaks_against_it(self, reason: Exception) -> None:
        """A red flag, a refusal, no answer, a plea to stop, a hold that is nearly lost."""
        assert self.process is not None
        self.process.outlook.speaks_against = reason
        self._go_on()

    @rule(moment=st.integers(0, 40))
    def it_will_die(self, moment: int) -> None:
        """Whoever acts next is killed, before or after some row or some act."""
        self.world.dies_after = moment

    @precondition(lambda self: self.process is not None)
    @rule()
    def it_falls_asleep(self) -> None:
        """It stops breathing and may wake when it should not."""
        assert self.process is not None
        self.asleep.append(self.process)
        self.process = None

    @precondition(lambda self: self.process is not None)
    @rule()
    def it_is_cancelled(self) -> None:
        """Its run was cancelled: it abandons its hold and is gone."""
        assert self.process is not None
        with suppress(BlockError, Died):
            self.holds.abandon(self.process.run.number, "the run was cancelled")
        self.process = None

    @precondition(lambda self: any(one.run.number < self._number() for one in self.asleep) and not self.store.away)
    @rule()
    def a_stale_one_wakes(self) -> None:
        """It was taken over meanwhile; it tries to go on, and its last command arrives late."""
        stale = next(one for one in self.asleep if one.run.number < self._number())
        self.world.dies_after = None
        acts, rows = list(self.world.acts), self._rows()
        if any(row.event is Event.TOOK_OVER and row.holder > stale.run.number for row in rows):
            with pytest.raises(BROUGHT_HOME):
                stale.go_on_to_the_end()
            assert self._rows() == rows
            assert self.world.acts == acts
        self._a_late_command_is_refused(stale)
        self.asleep.remove(stale)

    def _a_late_command_is_refused(self, stale: Process) -> None:
        for server in self.company.fleet.servers:
            machine = self.world.machines[server.name]
            if machine.reachable and machine.fence > stale.run.number:
                with pytest.raises(Superseded):
                    self.company.fleet.restore(server, stale.run.number, self.release.key)
        if self.world.balancer_fence > stale.run.number:
            with pytest.raises(Superseded):
                BALANCER.required(self.company).drain(NAMES[0], stale.run.number)

    @rule(fault=st.sampled_from(FAULTS))
    def something_breaks(self, fault: str) -> None:
        """An act fails, or the new version does."""
        if self._under_way():
            self.world.faults.add(fault)

    @rule(fault=st.sampled_from(FAULTS))
    def something_is_mended(self, fault: str) -> None:
        """It works again."""
        self.world.faults.discard(fault)

    @rule(name=st.sampled_from(NAMES))
    def a_host_goes_away_or_comes_back(self, name: str) -> None:
        """It does not answer, or does again."""
        machine = self.world.machines[name]
        machine.reachable = not machine.reachable

    @rule(name=st.sampled_from(NAMES))
    def a_server_dies(self, name: str) -> None:
        """Its process ends."""
        if self._under_way():
            self.world.machines[name].running = False

    @rule()
    def the_store_goes_away_or_comes_back(self) -> None:
        """It does not answer, or does again."""
        self.store.away = not self.store.away

    @rule()
    def the_worker_s_disk_fills_or_is_freed(self) -> None:
        """It takes no row and shows none, or does again."""
        full = self.folder / "what was on it"
        if self.spool.is_file():
            self.spool.unlink()
            full.rename(self.spool)
            return
        self.spool.mkdir(exist_ok=True)
        self.spool.rename(full)
        self.spool.write_bytes(b"")

    @rule(name=st.sampled_from(NAMES), held=st.booleans())
    def a_person_repairs(self, name: str, *, held: bool) -> None:
        """By hand: with a file HOLD, or by putting a third version there."""
        if not self._under_way():
            return
        if held:
            self.world.machines[name].held = True
        else:
            self.world.machines[name].digest = THIRD

    @precondition(lambda self: self.process is None and not self.store.away)
    @rule(waited=st.sampled_from((DEAD, DEAD + LIMITS.choice)), asked=st.sampled_from(("", "Omar Reyes: roll back")))
    def recovery_looks(self, waited: timedelta, asked: str) -> None:
        """The schedule, or a person who asks for the roll-back, finds a hold that fell silent."""
        dead = self._dead_hold(waited)
        if dead is not None:
            with suppress(Died, BlockError):
                recover(self.company, dead, asked=asked)

    @precondition(lambda self: self.process is None and not self.store.away)
    @rule()
    def the_run_is_retried(self) -> None:
        """A person lets the release go on."""
        dead = self._dead_hold(DEAD)
        if dead is None or any(row.event is Event.SEALED for row in self._rows()):
            return
        with suppress(Died, BlockError):
            self.process = self.begun(over=dead)

    @invariant()
    def the_last_server_that_was_up_was_not_drained(self) -> None:
        """Never, neither forward nor home."""
        assert self.world.drained_the_last == []

    @invariant()
    def the_record_is_unbroken(self) -> None:
        """No row is altered, missing, or written after the end."""
        if not self.store.away:
            assert verify_record(self.store, self.release.key).fault in (None, "the record has no rows")

    def teardown(self) -> None:
        """Let everybody finish, then look at the world."""
        try:
            if self.process is not None or self._number():
                self._let_it_end()
                self._judge_the_end()
        finally:
            shutil.rmtree(self.folder)

    def _let_it_end(self) -> None:
        self.world.dies_after = None
        self.store.away = False
        if self.spool.is_file():
            self.the_worker_s_disk_fills_or_is_freed()
        while self.process is not None:
            self._go_on()
        for _ in range(3):
            dead = self._dead_hold(DEAD + LIMITS.choice)
            if dead is not None:
                recover(self.company, dead)

    def _judge_the_end(self) -> None:
        assert self.process is None
        newest = self.holds.newest()
        assert newest is not None
        assert newest.released, newest
        rows = self._rows()
        sealed = [row for row in rows if row.event is Event.SEALED]
        if not rows:
            return
        assert rows[0].event is Event.OPENED
        assert len(sealed) == 1
        ending = Ending(sealed[0].facts["outcome"])
        issues = cast("Code", self.company.github).issues
        assert len(issues) == (ending in (Ending.ROLLED_BACK, Ending.STUCK)), issues
        if ending is Ending.STUCK:
            assert cast("People", self.company.slack).pages()
            return
        forward = ending is Ending.SIGNED_OFF
        reachable = [one for one in self.world.machines.values() if one.reachable]
        touched = touched_servers(rows)
        for machine in reachable:
            if machine.name in touched:
                assert machine.digest == (self.new_on(machine.name) if forward else OLD)
                assert machine.ready
                assert machine.running
        as_meant = [one.digest == (self.new_on(one.name) if forward else OLD) for one in reachable]
        if touched and not (all(as_meant) and all(one.running for one in reachable)):
            assert cast("People", self.company.slack).pages()

    def new_on(self, _name: str) -> str:
        """What a server runs after the release."""
        return NEW

    def _go_on(self) -> None:
        if self.process is None:
            return
        try:
            self.process.go_on()
        except Died:
            self.process = None
        except BROUGHT_HOME:
            pass
        if self.process is not None and self.process.ended:
            self.process = None

    def _dead_hold(self, waited: timedelta) -> Hold | None:
        let_time_pass(self.company, waited)
        newest = self.holds.newest()
        return newest if newest is not None and newest.is_dead(LIMITS.heartbeat_stale) else None

    def _under_way(self) -> bool:
        """Servers are being changed; what breaks before or after that is another story."""
        rows = self._rows()
        ends = (Event.VERIFIED, Event.SEALED)
        return bool(touched_servers(rows)) and not any(row.event in ends for row in rows)

    def _rows(self) -> tuple[Row, ...]:
        """What the store and the spool hold, whether or not the store answers and the worker's disk shows it."""
        full = self.folder / "what was on it"
        away, self.store.away = self.store.away, False
        try:
            return Record(self.store, self.release.key, holder=0, spool=full if full.is_dir() else self.spool).rows()
        finally:
            self.store.away = away

    def _number(self) -> int:
        away, self.store.away = self.store.away, False
        newest = self.holds.newest()
        self.store.away = away
        return newest.number if newest else 0


class AnyManualRelease(AnyRelease):
    """The same, where each server builds what it runs."""

    def opened(self) -> Release:
        """A release without the pipeline."""
        asked = ManualRequest(**releases.request().model_dump(), reason=ManualReason.PIPELINE_BROKEN)
        return a_release(self.world).model_copy(update={"way": Way.MANUAL, "request": asked})

    def new_on(self, name: str) -> str:
        """What it built itself."""
        return BUILT[name]


class AnyHotfix(AnyRelease):
    """The same, where each duty of the next day is owed a run of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.runs = Runs(self.world)
        self.runs.stand_in(self.patch)

    def opened(self) -> Release:
        """An emergency."""
        return a_hotfix(self.world)

    def teardown(self) -> None:
        """Whoever signed it off, and however often somebody died meanwhile, each duty is scheduled once."""
        try:
            super().teardown()
            signed_off = any(row.facts.get("outcome") == Ending.SIGNED_OFF for row in self._rows())
            assert sorted(self.runs.duties()) == (sorted(Duty) if signed_off else [])
        finally:
            self.patch.undo()


class AnyReleaseInBatches(AnyRelease):
    """The same, where two servers leave at once."""

    def opened(self) -> Release:
        """A release of which one server may serve alone for a while."""
        return a_release(self.world, batch_servers=2, may_be_down=0.67)

    def begun(self, over: Hold | None = None) -> Process:
        """The first server alone, then the other two."""
        return Process.begin(self.company, self.release, over=over, way=forward_in_batches)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("machine", "examples"),
    [
        pytest.param(AnyRelease, 60, id="standard"),
        pytest.param(AnyManualRelease, 20, id="manual"),
        pytest.param(AnyHotfix, 20, id="hotfix"),
        pytest.param(AnyReleaseInBatches, 20, id="in batches"),
    ],
)
def test_whatever_happens_a_release_ends_well_or_people_know(machine: type[AnyRelease], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
