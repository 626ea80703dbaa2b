"""mode: observe lets pass what failed, says so to whoever approves, and never lets pass what protects the database."""

import pytest

from policy.checklist import ITEMS
from policy.items import Way
from policy.judgement import failed, passed, unknown
from policy.limits import Mode
from policy.observing import say_observed, stops_in
from policy.record import Event, Row
from tests.policy.rows import numbered, row

OLD_BACKUP = "holi.dump is 30 h old, the limit is 24 h"
SAID = "observe: these failed or are unknown and were let pass: "


@pytest.mark.parametrize(
    ("mode", "number", "stops"),
    [
        (Mode.RELEASE, "1.4.3", True),
        (Mode.RELEASE, "6.1.4", True),
        (Mode.OBSERVE, "1.4.3", False),
        (Mode.OBSERVE, "6.1.2", True),
        (Mode.OBSERVE, "6.1.4", True),
        (Mode.OBSERVE, "6.3.3", True),
        (Mode.PLAN, "6.1.4", False),
    ],
)
def test_what_protects_the_database_stops_an_observer_too(mode: Mode, number: str, stops: bool) -> None:  # noqa: FBT001
    assert stops_in(mode, ITEMS[number]) == stops


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        pytest.param(
            [row(Event.JUDGED, item="1.4.3", **failed(OLD_BACKUP).facts)],
            f"{SAID}{ITEMS['1.4.3'].name}: {OLD_BACKUP}",
            id="one that failed",
        ),
        pytest.param(
            [
                row(Event.JUDGED, item="1.4.3", **failed(OLD_BACKUP).facts),
                row(Event.JUDGED, item="1.1.3", **unknown("GitHub is down").facts),
            ],
            f"{SAID}{ITEMS['1.1.3'].name}: GitHub is down; {ITEMS['1.4.3'].name}: {OLD_BACKUP}",
            id="one that is unknown too, in the order of the checklist",
        ),
        pytest.param(
            [
                row(Event.JUDGED, item="1.4.3", **failed(OLD_BACKUP).facts),
                row(Event.JUDGED, item="1.4.3", **passed("holi.dump is 1 h old").facts),
            ],
            "observe: no item that fails stops this release; so far nothing was let pass",
            id="one that passed when it was asked again",
        ),
        pytest.param(
            [row(Event.JUDGED, item="8.1", **failed("the code is wrong").facts)],
            "observe: no item that fails stops this release; so far nothing was let pass",
            id="a wrong code at the gate lets nothing pass",
        ),
    ],
)
def test_whoever_approves_reads_what_was_let_pass(rows: list[Row], says: str) -> None:
    assert say_observed(Mode.OBSERVE, numbered(rows), Way.STANDARD) == says


def test_a_release_that_does_not_observe_says_nothing_of_it() -> None:
    rows = numbered([row(Event.JUDGED, item="1.4.3", **failed(OLD_BACKUP).facts)])

    assert say_observed(Mode.RELEASE, rows, Way.STANDARD) == ""


def test_what_does_not_stop_the_way_was_not_let_pass() -> None:
    advice = next(item for item in ITEMS.values() if item.number.startswith("1.") and not item.stops(Way.STANDARD))
    rows = numbered([row(Event.JUDGED, item=advice.number, **failed("could be better").facts)])

    assert SAID not in say_observed(Mode.OBSERVE, rows, Way.STANDARD)
