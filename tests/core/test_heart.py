"""The heart of a release: while it beats it hears who objects, who asks it to stop, and who took over."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.errors import Superseded
from blocks.hold import Holds
from flows.hold import AskedToStop, Heart, HoldLost
from flows.red_flag import RedFlag, flag_folder
from policy.limits import Limits
from tests.core.world import MemoryStore

RELEASE = "20261125-100000-1f2e3d4c"
QUICK = timedelta(milliseconds=10)
PATIENT, SOON_STALE = (
    Limits(heartbeat=QUICK, heartbeat_stale=stale) for stale in (timedelta(minutes=5), timedelta(milliseconds=600))
)


@pytest.fixture
def holds(company: Company) -> Holds:
    return Holds(company.store, "production")


@pytest.fixture
def heart(company: Company, holds: Holds) -> Iterator[Heart]:
    """A heart that beats for the newest hold."""
    yield from beats(company, holds, PATIENT)


@pytest.fixture
def hasty_heart(company: Company, holds: Holds) -> Iterator[Heart]:
    """The same, and others think it dead soon after its last beat."""
    yield from beats(company, holds, SOON_STALE)


def beats(company: Company, holds: Holds, limits: Limits) -> Iterator[Heart]:
    beating = Heart(company, RELEASE, take(holds), limits)
    beating.start()
    yield beating
    beating.stop()


def take(holds: Holds, **words: Any) -> int:
    return holds.take(release=RELEASE, by="Ana Souza", what="b2b2b2b", above=0, **words)


def hears(heart: Heart, what: type[Exception]) -> str:
    """Return the sentence of what the heart raises within a few beats."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            heart.check()
        except what as error:
            return str(error)
    raise AssertionError(f"the heart raised no {what.__name__}")


def test_a_red_flag_of_a_person_is_heard(company: Company, heart: Heart) -> None:
    heart.check()

    company.store.create(f"{flag_folder(RELEASE)}1", b"Omar Reyes: users report problems")

    assert hears(heart, RedFlag) == "Omar Reyes: users report problems"


def test_a_flag_on_another_release_is_not_for_this_one(company: Company, holds: Holds, heart: Heart) -> None:
    company.store.create(f"{flag_folder('20261125-090000-aaaaaaaa')}1", b"Omar Reyes: users report problems")

    holds.ask_to_stop(1, "a hotfix needs the environment")

    assert hears(heart, AskedToStop) == "a hotfix needs the environment"


def test_a_holder_that_was_taken_over_stops_by_itself(holds: Holds, heart: Heart) -> None:
    take(holds, over=holds.newest(), why="Dora Levin broke the hold of b2b2b2b: we repair by hand")

    when = r"\w{3} \d\d \w{3}, [\d:]{8} P[SD]T"
    said = rf"Dora Levin broke the hold of b2b2b2b: we repair by hand \(on {when}\); this run changes nothing more"
    assert re.fullmatch(said, hears(heart, Superseded))


def test_a_holder_whose_environment_was_freed_reads_by_whom_and_why(holds: Holds, heart: Heart) -> None:
    holds.release(1, "Dora Levin broke the hold of b2b2b2b: its record cannot be read")

    assert hears(heart, Superseded) == (
        "Dora Levin broke the hold of b2b2b2b: its record cannot be read; this run changes nothing more"
    )


def test_aws_dynamodb_2025_10_an_approval_that_comes_after_the_next_release_is_told_so(
    holds: Holds, heart: Heart
) -> None:
    holds.release(1)
    holds.take(release="20261125-110000-2f3e4d5c", by="Dora Levin", what="c3c3c3c (search)", above=0)

    assert hears(heart, Superseded) == (
        f"an approval of this run is for {RELEASE}; since then Dora Levin began to release c3c3c3c (search) (hold 2):"
        " this run changes nothing more"
    )


def test_a_holder_that_cannot_renew_its_heartbeat_stops_before_others_think_it_dead(
    company: Company, hasty_heart: Heart
) -> None:
    cast("MemoryStore", company.store).away = True

    assert "the heartbeat could not be renewed" in hears(hasty_heart, HoldLost)
