"""Since when users may have met the new version."""

from datetime import timedelta

import pytest

from policy.record import Event, Row
from policy.served import first_served
from tests.policy.rows import BEGAN, FIRST, SECOND, numbered, row, touched, under_way


def step(name: str, server: str = FIRST, *, event: Event = Event.INTENDED, item: str = "2.1.2") -> Row:
    return row(event, item=item, subject=server, step=name)


BACK = step("in rotation")


@pytest.mark.parametrize(
    ("rows", "after"),
    [
        (under_way(step("updated"), BACK, step("in rotation", SECOND, item="2.1.5")), 6),
        (under_way(step("updated"), step("in rotation", event=Event.CONFIRMED)), 6),
        (under_way(step("updated")), None),
        (numbered((row(Event.OPENED), step("updated"), step("healthy"))), 2),
        (numbered((row(Event.OPENED), row(Event.JUDGED, item="2.1.2", step="drained"), step("updated"))), 3),
        (numbered((touched(item="4.2.2", step="put back"),)), None),
        ((), None),
    ],
    ids=[
        "the first server in rotation",
        "one that was found there",
        "updated and never in rotation",
        "without a balancer when it is updated",
        "which is no drain",
        "going back serves nothing new",
        "no rows",
    ],
)
def test_the_new_version_was_served_since_its_first_server_got_requests(rows: tuple[Row, ...], after: int) -> None:
    assert first_served(rows) == (BEGAN + timedelta(seconds=after) if after else None)
