"""How long nobody was served while the database was rolled back."""

from policy.migrations.outage import find_outage, say_outage
from policy.record import Event, Row
from policy.way_home_database import DATABASE_ITEM, EMPTIED, STOPPED, TAKEN_BACK
from tests.policy.releases import ZONE
from tests.policy.rows import FIRST, SECOND, numbered, row

BOTH = (FIRST, SECOND)


def meant(subject: str, step: str) -> Row:
    return row(Event.INTENDED, item=DATABASE_ITEM, subject=subject, step=step)


def seen(subject: str, step: str) -> Row:
    return row(Event.CONFIRMED, item="4.2.2", subject=subject, step=step)


OUT = (meant(FIRST, EMPTIED), meant(FIRST, STOPPED), meant(SECOND, EMPTIED), meant(SECOND, STOPPED))


def test_it_lasts_from_the_last_server_out_to_the_first_one_in() -> None:
    back = (seen(FIRST, "healthy"), seen(FIRST, "back in rotation"), seen(SECOND, "back in rotation"))
    rows = numbered((*OUT, meant("database", TAKEN_BACK), *back))

    assert (
        say_outage(find_outage(rows, BOTH), zone=ZONE)
        == "nobody served for 4 s, from Tue 24 Nov, 10:00:03 PST to Tue 24 Nov, 10:00:07 PST"
    )


def test_without_a_balancer_a_server_serves_until_it_is_stopped_and_from_when_it_is_healthy() -> None:
    rows = numbered((meant(FIRST, STOPPED), meant(SECOND, STOPPED), seen(SECOND, "healthy"), seen(FIRST, "healthy")))

    assert (
        say_outage(find_outage(rows, BOTH), zone=ZONE)
        == "nobody served for 1 s, from Tue 24 Nov, 10:00:02 PST to Tue 24 Nov, 10:00:03 PST"
    )


def test_where_one_server_stayed_nobody_was_without_service() -> None:
    assert say_outage(find_outage(numbered(OUT[:2]), BOTH), zone=ZONE) == "at every moment some server served"


def test_one_that_lasts_is_said_to_last() -> None:
    assert say_outage(find_outage(numbered(OUT), BOTH), zone=ZONE) == "nobody has served since Tue 24 Nov, 10:00:03 PST"
