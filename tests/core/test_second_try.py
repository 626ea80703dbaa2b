"""One answer that did not come ends no way home and sends nothing home: it is asked for again for a moment."""

from collections.abc import Callable
from typing import Any

import pytest

from blocks.company import Company
from blocks.errors import NotDone, Unreachable
from flows.red_flag import RedFlag
from policy.record import Event
from tests.core.process import Process
from tests.core.scene import (
    ALL_NEW,
    ALL_OLD,
    FIRST_APPROVED,
    SECOND_BACK,
    VERIFIED,
    begun,
    outcome,
    pages,
    serving,
)
from tests.core.world import Balancer, Hosts, MemoryStore, World
from tests.policy.rows import NEW, OLD, THIRD

FIRST, SECOND = "web-server-1", "web-server-2"
BANNER = Unreachable(f"{FIRST}: SSH at 10.0.0.11:22: no answer in time")
REFUSED = NotDone(f"{FIRST}: SSH at 10.0.0.11:22: connection refused, nothing listens there")


def lose_once(verb: Callable[..., Any], error: Exception) -> Callable[..., Any]:
    """The verb, of which the first call about the first server comes to nothing."""
    left = [error]

    def lossy(self: Any, server: Any, *more: Any, **words: Any) -> Any:
        if left and getattr(server, "name", server) == FIRST:
            raise left.pop()
        return verb(self, server, *more, **words)

    return lossy


def goes_home(process: Process) -> None:
    process.outlook.speaks_against = RedFlag("4.1 % errors")
    with pytest.raises(RedFlag):
        process.go_on()


@pytest.mark.parametrize("error", [BANNER, REFUSED], ids=["no answer", "no connection"])
@pytest.mark.parametrize("verb", ["read_state", "has_kept_files", "restore", "read_health"])
def test_a_server_of_which_one_answer_is_lost_is_brought_back(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch, verb: str, error: Exception
) -> None:
    process = begun(company, world, steps=FIRST_APPROVED, boot=0.3)
    monkeypatch.setattr(Hosts, verb, lose_once(getattr(Hosts, verb), error))

    goes_home(process)

    assert (outcome(process), serving(world), pages(company)) == ("rolled back", ALL_OLD, [])


def test_a_restore_that_was_not_done_is_one_change_on_the_record(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = begun(company, world, steps=FIRST_APPROVED, boot=0.3)
    monkeypatch.setattr(Hosts, "restore", lose_once(Hosts.restore, REFUSED))

    goes_home(process)

    rows = [row.event for row in process.run.record.rows() if (row.subject, row.step) == (FIRST, "put back")]
    assert rows == [Event.INTENDED, Event.CONFIRMED]


@pytest.mark.parametrize(
    ("kind", "verb"), [(Balancer, "drain"), (Hosts, "update"), (Balancer, "ready")], ids=["drain", "update", "ready"]
)
def test_one_connection_that_is_refused_sends_no_release_home(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch, kind: type[Any], verb: str
) -> None:
    monkeypatch.setattr(kind, verb, lose_once(getattr(kind, verb), REFUSED))

    process = begun(company, world, steps=VERIFIED, drain=5, boot=5)
    process.go_on_to_the_end()

    assert (outcome(process), serving(world)) == ("signed off", ALL_NEW)


def test_a_balancer_that_is_silent_before_a_drain_sends_no_release_home(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The act asks who else serves before it drains: nothing was done when that answer is lost."""
    read, asked = Balancer.read_servers, [0]

    def read_servers(self: Balancer) -> Any:
        asked[0] += 1
        if asked[0] == 2:
            raise Unreachable("balancer: cut off while `socat` ran; it may have run")
        return read(self)

    process = begun(company, world, steps=2, drain=5)
    monkeypatch.setattr("tests.core.process.require_room_without", lambda _servers, _run: None)
    monkeypatch.setattr(Balancer, "read_servers", read_servers)

    process.go_on()

    assert not world.machines[FIRST].ready


def test_a_release_that_was_verified_is_signed_off_though_one_answer_is_lost(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = begun(company, world, steps=VERIFIED, boot=0.3)
    monkeypatch.setattr(Hosts, "read_state", lose_once(Hosts.read_state, BANNER))
    process.outlook.speaks_against = Unreachable("the store does not answer")
    monkeypatch.setattr("tests.core.process.sign_off", lambda run: run.lookout.check())

    with pytest.raises(Unreachable):
        process.go_on()

    assert (outcome(process), serving(world)) == ("signed off", ALL_NEW)


def test_a_store_that_falters_once_sends_no_live_release_home(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = begun(company, world, steps=VERIFIED - 2)
    create, left = MemoryStore.create, [Unreachable("creating records/000042.json: the storage answered 503")]

    def falter_once(self: MemoryStore, key: str, body: bytes) -> None:
        if left:
            raise left.pop()
        create(self, key, body)

    monkeypatch.setattr(MemoryStore, "create", falter_once)
    process.go_on_to_the_end()

    assert (outcome(process), serving(world)) == ("signed off", ALL_NEW)


def answers_once_the_first_is_back(world: World, monkeypatch: pytest.MonkeyPatch, *, then: str) -> None:
    """The second server is silent until the first one is restored; then it runs this."""
    restore = Hosts.restore
    world.machines[SECOND].reachable = False

    def restore_and_mend(self: Hosts, server: Any, number: int, key: str) -> None:
        restore(self, server, number, key)
        if server.name == FIRST:
            world.machines[SECOND].reachable, world.machines[SECOND].digest = True, then

    monkeypatch.setattr(Hosts, "restore", restore_and_mend)


def test_a_server_that_answers_once_the_others_are_back_is_brought_back_too(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = begun(company, world, steps=SECOND_BACK)
    answers_once_the_first_is_back(world, monkeypatch, then=NEW)

    goes_home(process)

    assert (outcome(process), serving(world)) == ("rolled back", ALL_OLD)


def test_a_server_that_somebody_repaired_while_it_was_silent_is_left_alone(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = begun(company, world, steps=SECOND_BACK)
    answers_once_the_first_is_back(world, monkeypatch, then=THIRD)

    goes_home(process)

    assert outcome(process) == "stuck"
    assert [world.machines[name].digest for name in (FIRST, SECOND)] == [OLD, THIRD]
    assert f"Not brought back: {SECOND}" in pages(company)[0]


def test_a_server_that_is_ill_on_the_version_before_is_not_waited_for_twice(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = begun(company, world, steps=FIRST_APPROVED)
    is_well = World.is_well
    monkeypatch.setattr(
        World, "is_well", lambda self, one: is_well(self, one) and (one.name, one.digest) != (FIRST, OLD)
    )

    goes_home(process)

    assert outcome(process) == "stuck"
    healthy = [row for row in process.run.record.rows() if (row.subject, row.step) == (FIRST, "healthy")]
    assert [row.item for row in healthy if row.event is Event.INTENDED].count("4.2.2") == 1
