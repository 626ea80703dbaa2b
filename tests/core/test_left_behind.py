"""What a dead process left is read as it was meant: objections, decisions, repairs, and records that cannot be read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.fleet import Server, ServerState
from blocks.hold import Holds
from blocks.record import row_key
from flows.break_hold import break_hold_of
from flows.hold import Heart
from flows.recovery import recover
from flows.red_flag import RedFlag, flag_folder, tell
from flows.sign_off import sign_off
from flows.way_home import way_home
from policy.plans import Back, Forward, Stuck
from policy.record import Event, decode, encode
from policy.way_back_forms import BreakHoldRequest
from tasks.resolve import BadRequest
from tasks.resume import resume
from tasks.step import StepFailed
from tests.core.process import Process
from tests.core.scene import (
    ALL_BACK,
    ALL_NEW,
    FIRST_APPROVED,
    SECOND_BACK,
    TOO_LATE,
    VERIFIED,
    begun,
    dead_hold,
    outcome,
    pages,
    serving,
)
from tests.core.world import NAMES, Hosts, MemoryStore, World

FLAG = b"Omar Reyes: data is corrupted: wrong prescriptions"
STAYS = "stay on the new version"


class RepairedByHand(Hosts):
    """web-server-2 runs an image that somebody built there, which has no digest."""

    def read_state(self, server: Server) -> ServerState:
        state = super().read_state(server)
        return replace(state, image_digest=None, image="holi-web:fix") if server.name == NAMES[1] else state

    def has_kept_files(self, server: Server, key: str) -> bool:
        return server.name != NAMES[1] and super().has_kept_files(server, key)


def raise_flag(company: Company, process: Process) -> None:
    company.store.create(f"{flag_folder(process.run.release.key)}1", FLAG)


def spoil(company: Company, process: Process, body: bytes | None) -> None:
    """Let the fifth row hold this, or be gone."""
    kept, key = cast("MemoryStore", company.store).kept, f"records/{process.run.release.key}/000005.json"
    _, written = kept.pop(key)
    if body is not None:
        kept[key] = (body, written)


@pytest.mark.parametrize("steps", [FIRST_APPROVED, VERIFIED])
def test_recovery_hears_a_red_flag_that_the_dead_process_did_not(company: Company, world: World, steps: int) -> None:
    process = begun(company, world, steps=steps)
    raise_flag(company, process)

    plan = recover(company, dead_hold(company))

    assert isinstance(plan, Back)
    assert outcome(process) == "rolled back"


def test_a_red_flag_between_two_heartbeats_is_heard_before_the_sign_off(company: Company, world: World) -> None:
    process = begun(company, world, steps=VERIFIED)
    run = process.run
    run.lookout = heart = Heart(company, run.release.key, run.number, run.limits)
    heart.start()
    raise_flag(company, process)

    with pytest.raises(RedFlag), way_home(run):
        sign_off(run)

    heart.stop()
    assert outcome(process) == "rolled back"


@pytest.mark.parametrize("died", ["before it was written down", "on its way home"])
def test_recovery_keeps_to_what_people_decided_who_chose_to_stay(company: Company, world: World, died: str) -> None:
    process = begun(company, world, steps=ALL_BACK + 2)
    record = process.run.record
    said = {"decision": STAYS, "name": "Omar Reyes", "reason": "known and harmless", "outcome": STAYS}
    record.append(Event.ANSWERED, item="4.1.1", facts=said)
    if died == "on its way home":
        facts = {"cause": "people decided to stay", "sentence": "Omar Reyes chose to stay", "plan": "Nothing"}
        record.append(Event.GOING_HOME, item="4.1.1", facts=facts)

    recover(company, dead_hold(company, TOO_LATE))

    assert serving(world) == ALL_NEW
    assert outcome(process) == "stayed on the new version without a sign-off"


def test_recovery_touches_no_server_that_runs_an_image_built_by_hand(company: Company, world: World) -> None:
    begun(company, world, steps=SECOND_BACK)
    acts = list(world.acts)

    plan = recover(replace(company, fleet=cast("Any", RepairedByHand(world))), dead_hold(company, TOO_LATE))

    assert isinstance(plan, Stuck)
    assert not [act for _, act in world.acts[len(acts) :] if act.startswith(("restore", "update"))]


def test_a_release_updates_no_server_that_runs_an_image_built_by_hand(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    process.run.company = replace(company, fleet=cast("Any", RepairedByHand(world)))

    with pytest.raises(StepFailed, match="somebody is repairing by hand"):
        process.go_on_to_the_end()

    assert not [act for _, act in world.acts if act in (f"update on {NAMES[1]}", f"restore on {NAMES[1]}")]


@pytest.mark.parametrize("how", ["stopped", "ill"])
def test_without_a_balancer_recovery_signs_off_nothing_that_does_not_serve(
    company: Company, world: World, how: str
) -> None:
    least = replace(company, balancer=None, staging=None, prometheus=None, database=None, backups=None)
    process = begun(least, world, steps=0)
    while process.run.record.last(Event.VERIFIED) is None:
        process.go_on()
    if how == "ill":
        world.faults.add("the new version is ill")
    for machine in world.machines.values():
        machine.running = how == "ill"

    plan = recover(least, dead_hold(least))

    assert not isinstance(plan, Forward)
    assert outcome(process) == "rolled back"


@pytest.mark.parametrize("body", [b'{"half a ro', None], ids=["half a row", "no row"])
def test_a_record_that_cannot_be_read_is_given_to_people_once(
    company: Company, world: World, body: bytes | None
) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    spoil(company, process, body)
    acts = list(world.acts)

    plans = [recover(company, dead_hold(company, timedelta(minutes=5))) for _ in range(3)]

    assert all(isinstance(plan, Stuck) for plan in plans)
    assert world.acts == acts
    (page,) = pages(company)
    assert "its process died and its record cannot be read" in page
    assert "roll-back.sh" in page
    assert "break-hold" in page


def write_as_another_version(company: Company, process: Process) -> None:
    """Let the first row name a way that this version does not know."""
    first = row_key(process.run.release.key, 1)
    opened = decode(company.store.read(first).body)
    company.store.replace(first, encode(replace(opened, facts={"release": {**opened.facts["release"], "way": "new"}})))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (write_as_another_version, "it was written by another version: way is not as this one has it"),
        (lambda company, process: spoil(company, process, None), "row 5 is missing"),
    ],
    ids=["another version", "no row"],
)
def test_a_retry_of_a_release_whose_record_cannot_be_read_says_so(
    company: Company, world: World, damage: Callable[[Company, Process], None], said: str
) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    damage(company, process)

    with pytest.raises(BadRequest, match=f"cannot go on, for its record cannot be read: {said}"):
        resume(company, process.run.release.key)


def test_a_release_of_another_version_is_given_to_people_once(company: Company, world: World) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    write_as_another_version(company, process)

    plans = [recover(company, dead_hold(company, timedelta(minutes=5))) for _ in range(2)]

    assert all(isinstance(plan, Stuck) for plan in plans)
    (page,) = pages(company)
    assert "was written by another version: way is not as this one has it" in page


@pytest.mark.parametrize("body", [b'{"half a ro', None], ids=["half a row", "no row"])
def test_a_record_that_cannot_be_read_keeps_nobody_from_breaking_its_hold(
    company: Company, world: World, body: bytes | None
) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    spoil(company, process, body)
    acts, holds = list(world.acts), Holds(company.store, "production")

    tell(company, dead_hold(company), "Omar Reyes: users report problems", name="red flag 1")
    break_hold_of(company, BreakHoldRequest(reason="its record cannot be read", requested_by="Omar Reyes"))

    newest = holds.newest()
    assert newest is not None
    assert newest.released
    assert world.acts == acts
