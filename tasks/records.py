"""What other releases wrote down, read from the store by whoever holds nothing."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.errors import Absent, BlockError
from blocks.record import Record, list_records, row_key
from blocks.store import Store
from policy.endings import Ended, ended_by
from policy.record import Row, Unreadable, decode
from policy.recorded import environment_of
from tasks.run import utc_now

_PARALLEL = 8


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
    """Yield the key and the rows of every record, the one that began last first, whenever its run was planned.

    One that cannot be read is passed over, and the log says so.
    """
    firsts = {key: row_key(key, 1) for key in list_records(company.store)}
    began = _written_at(company, firsts)
    for key in sorted(began, key=lambda key: (began[key], key), reverse=True):
        try:
            yield key, read_rows(company, key)
        except Unreadable as error:
            get_run_logger().warning("The record %s is passed over: %s", key, error)


def list_written_since(company: Company, since: datetime | None) -> tuple[str, ...]:
    """Return the keys of all records that have a row of that time or later."""
    lasts = {key.split("/")[1]: key for key in company.store.list("records/")}
    return tuple(key for key, at in _written_at(company, lasts).items() if since is None or at >= since)


def is_of_another_environment(company: Company, key: str) -> bool:
    """Whether a record whose other rows cannot be read begins with a release to another environment."""
    try:
        opened = decode(company.store.read(row_key(key, 1)).body)
    except (Absent, Unreadable):
        return False
    return environment_of((opened,)) not in ("", company.rules.environment)


def _written_at(company: Company, rows: Mapping[str, str]) -> dict[str, datetime]:
    """Return when one row of each record was written; a store far away is asked for several at a time."""
    with ThreadPoolExecutor(_PARALLEL) as pool:
        return dict(zip(rows, pool.map(partial(_row_written_at, company.store), rows.values()), strict=True))


def _row_written_at(store: Store, key: str) -> datetime:
    """What cannot be read was written when the store says; what is not there counts as the newest."""
    try:
        stored = store.read(key)
    except Absent:
        return utc_now()
    try:
        return decode(stored.body).at
    except Unreadable:
        return utc_now() - stored.age
