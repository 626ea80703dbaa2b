"""What other releases wrote down, read from the store by whoever holds nothing."""

from collections.abc import Iterator

from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.errors import BlockError
from blocks.record import Record, list_records
from policy.endings import Ended, ended_by
from policy.record import Row, Unreadable


def read_rows(company: Company, key: str) -> tuple[Row, ...]:
    """Return the rows of a record, none where there is no such record; raises Unreadable for an altered one."""
    return Record(company.store, key, holder=0, spool=company.spool).rows()


def read_ended(company: Company, key: str) -> Ended | None:
    """Return how the release of this record ended; None where it has not, or nobody can say."""
    try:
        return ended_by(read_rows(company, key))
    except (BlockError, Unreadable) as error:
        get_run_logger().warning("How the release of the record %s ended is not known: %s", key, error)
        return None


def list_newest_first(company: Company) -> Iterator[tuple[str, tuple[Row, ...]]]:
    """Yield the key and the rows of every record; one that cannot be read is passed over, and the log says so."""
    for key in reversed(list_records(company.store)):
        try:
            yield key, read_rows(company, key)
        except Unreadable as error:
            get_run_logger().warning("The record %s is passed over: %s", key, error)
