"""What the reports read of the records: no release is lost by when it was planned or by who wrote it down."""

from datetime import UTC, datetime
from typing import Any

from blocks.company import Company
from blocks.record import Record
from policy.record import Event
from tasks.backtest import read_pasts
from tasks.metrics_report import read_history
from tests.policy import releases

SINCE, UNTIL = datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
SEALED = {"outcome": "signed off", "sentence": "b2b2b2b is live"}


def write(company: Company, key: str, began: datetime, **words: Any) -> None:
    """Keep the record of a release that changed a server and ended well."""
    record = Record(company.store, key, holder=1, spool=company.spool)
    opened = releases.release(key=key, opened_at=began).model_dump(mode="json")
    opened["request"] |= words
    record.append(Event.OPENED, facts={"release": opened})
    record.append(Event.INTENDED, item="2.1.2", subject="web-server-1", step="updated")
    record.append(Event.SEALED, facts=SEALED)


def test_a_release_that_was_planned_the_day_before_counts_on_its_own_day(company: Company) -> None:
    key = "20260930-180000-1f2e3d4c"
    write(company, key, datetime(2026, 10, 1, 13, tzinfo=UTC))

    history = read_history(company, since=SINCE)
    pasts, _ = read_pasts(company, since=SINCE, until=UNTIL)

    assert [one.key for one in history.releases] == [key]
    assert [one.key for one in pasts] == [key]


def test_a_record_of_a_form_that_is_known_no_more_is_named_and_stops_nothing(company: Company) -> None:
    old, new = "20261005-180000-1f2e3d4c", "20261006-180000-1f2e3d4c"
    write(company, old, datetime(2026, 10, 5, 18, tzinfo=UTC), severity="high")
    write(company, new, datetime(2026, 10, 6, 18, tzinfo=UTC))

    history = read_history(company, since=SINCE)
    pasts, unreadable = read_pasts(company, since=SINCE, until=UNTIL)

    assert [one.key for one in history.releases] == [new]
    assert [one.key for one in pasts] == [new]
    for named in (history.unreadable, unreadable):
        assert [one.partition(":")[0] for one in named] == [old]
        assert "was written by another version" in named[0]
