"""Several applications and environments side by side: each has its hold, and none takes another's releases for its own.

Both keep their records in one store, as several workers with one bucket do.
"""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from blocks.company import Company
from blocks.hold import Held, Holds
from flows.recovery import recover
from flows.revert import newest_rolled_back
from flows.rollback import release_to_undo
from policy.metrics import Ending
from policy.record import Event, last
from policy.release import Release
from policy.way_back_forms import RollbackReason, RollbackRequest
from tasks.metrics_report import read_release_facts
from tasks.resolve import BadRequest
from tests.core.company import LIMITS, a_company, a_release
from tests.core.process import Process, let_time_pass
from tests.core.scene import ALL_NEW, ALL_OLD, DEAD, outcome, serving
from tests.core.world import MemoryStore, World
from tests.policy.rows import THIRD

PORTAL, SHOP = "production", "shop"
KEYS = {PORTAL: "20261124-180000-aaaaaaaa", SHOP: "20261124-180001-bbbbbbbb"}


class Places:
    """Two environments with servers of their own and one store."""

    def __init__(self, folder: Path) -> None:
        self.worlds = {name: World() for name in KEYS}
        self.companies = {
            name: a_company(world, folder / f"worker-of-{name}", environment=name)
            for name, world in self.worlds.items()
        }
        shared = self.companies[PORTAL].store
        self.companies[SHOP] = replace(self.companies[SHOP], store=shared)

    def release(self, environment: str) -> Release:
        released = a_release(self.worlds[environment])
        request = released.request.model_copy(update={"environment": environment})
        return released.model_copy(update={"environment": environment, "key": KEYS[environment], "request": request})

    def begin(self, environment: str) -> Process:
        return Process.begin(self.companies[environment], self.release(environment))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def test_two_environments_are_released_at_the_same_time_and_each_one_once(places: Places) -> None:
    portal, shop = places.begin(PORTAL), places.begin(SHOP)
    with pytest.raises(Held, match=r"is releasing .* \(hold 1\)"):
        places.begin(SHOP)

    while not (portal.ended and shop.ended):
        for process in (portal, shop):
            if not process.ended:
                process.go_on()

    assert {outcome(portal), outcome(shop)} == {Ending.SIGNED_OFF}
    assert serving(places.worlds[PORTAL]) == serving(places.worlds[SHOP]) == ALL_NEW


def test_what_dies_in_one_environment_is_brought_home_there_and_the_other_one_goes_on(places: Places) -> None:
    portal, shop = places.begin(PORTAL), places.begin(SHOP)
    for process in (portal, shop):
        for _ in range(4):
            process.go_on()
    company = places.companies[PORTAL]
    let_time_pass(company, DEAD + LIMITS.choice)
    Holds(places.companies[SHOP].store, SHOP).beat(shop.run.number)
    dead, alive = Holds(company.store, PORTAL).newest(), Holds(company.store, SHOP).newest()
    assert dead is not None
    assert alive is not None
    assert (dead.is_dead(LIMITS.heartbeat_stale), alive.is_dead(LIMITS.heartbeat_stale)) == (True, False)

    recover(company, dead)
    shop.go_on_to_the_end()

    assert outcome(portal) == Ending.ROLLED_BACK
    assert serving(places.worlds[PORTAL]) == ALL_OLD
    assert outcome(shop) == Ending.SIGNED_OFF
    assert serving(places.worlds[SHOP]) == ALL_NEW


def test_a_roll_back_a_revert_and_the_report_see_their_own_environment_only(places: Places) -> None:
    places.begin(PORTAL).go_on_to_the_end()
    asked = {name: rollback_of(name) for name in KEYS}

    original, _ = release_to_undo(places.companies[PORTAL], asked[PORTAL])

    assert original.key == KEYS[PORTAL]
    with pytest.raises(BadRequest, match="none of the records brought what the servers run now"):
        release_to_undo(places.companies[SHOP], asked[SHOP])
    with pytest.raises(BadRequest, match="no release was rolled back"):
        newest_rolled_back(places.companies[SHOP], SHOP)
    assert [one.key for one in read_release_facts(places.companies[PORTAL])] == [KEYS[PORTAL]]
    assert read_release_facts(places.companies[SHOP]) == ()


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ("nonsense", r"^release: there is no record nonsense; expected the key of a release, such as "),
        (KEYS[SHOP], rf"^release: {KEYS[SHOP]} is a release to {SHOP}, expected one to {PORTAL}$"),
        (
            KEYS[PORTAL],
            rf"^release: {KEYS[PORTAL]} brought sha256:\S+, and the servers run sha256:\S+ now; expected the key of a",
        ),
    ],
)
def test_a_roll_back_says_why_the_release_that_it_names_is_not_the_one(
    places: Places, named: str, sentence: str
) -> None:
    for name in KEYS:
        places.begin(name).go_on_to_the_end()
    for machine in places.worlds[PORTAL].machines.values():
        machine.digest = THIRD

    with pytest.raises(BadRequest, match=sentence):
        release_to_undo(places.companies[PORTAL], rollback_of(PORTAL).model_copy(update={"release": named}))


def rollback_of(environment: str) -> RollbackRequest:
    return RollbackRequest(
        reason=RollbackReason.USER_REPORTS,
        what_was_seen="logins fail since noon",
        requested_by="Omar Reyes",
        environment=environment,
    )


def on_another_worker(company: Company, folder: Path) -> Company:
    """The same environment as another worker sees it: the spool of the first one is on a disk that is gone."""
    return replace(company, rules=company.rules.model_copy(update={"spool": str(folder)}))


def test_a_release_begun_on_one_worker_is_recovered_on_another(places: Places, tmp_path: Path) -> None:
    process = places.begin(PORTAL)
    for _ in range(8):
        process.go_on()
    other = on_another_worker(places.companies[PORTAL], tmp_path / "other")
    let_time_pass(other, DEAD + LIMITS.choice)
    dead = Holds(other.store, PORTAL).newest()
    assert dead is not None

    recover(other, dead)

    assert outcome(process) == Ending.ROLLED_BACK
    assert serving(places.worlds[PORTAL]) == ALL_OLD
    newest = Holds(other.store, PORTAL).newest()
    assert newest is not None
    assert newest.released


def test_rows_that_wait_on_a_dead_worker_come_too_late_once_another_one_brought_it_home(
    places: Places, tmp_path: Path
) -> None:
    process = places.begin(PORTAL)
    for _ in range(8):
        process.go_on()
    store = cast("MemoryStore", places.companies[PORTAL].store)
    store.away = True
    process.run.record.homeward = True
    process.run.record.append(
        Event.GOING_HOME, item="4.1.1", facts={"cause": "red flag", "sentence": "x", "plan": "Back"}
    )
    store.away = False
    other = on_another_worker(places.companies[PORTAL], tmp_path / "other")
    let_time_pass(other, DEAD + LIMITS.choice)
    dead = Holds(other.store, PORTAL).newest()
    assert dead is not None

    recover(other, dead)

    rows = process.run.record.rows()
    assert last(rows, Event.SEALED) is not None
    assert process.run.record.came_too_late == "1 row by hold 1 came to light too late to count"
    assert outcome(process) == Ending.ROLLED_BACK
