"""6.1.4: dump, upload, read back, and where it is asked restore and compare."""

import time
from datetime import timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.backup_store import Uploaded
from blocks.company import Company
from blocks.errors import Refused
from blocks.postgres_moment import at_one_moment
from policy.backups import judge_read_back
from policy.combined import combine
from policy.judgement import Judgement, failed, passed, unknown
from policy.restored import judge_compared, judge_encryption
from tasks.run import utc_now
from tasks.scratch import count_restored, scratch_database
from tasks.systems import BACKUPS, DATABASE


@task(
    name="6.1.4 Backup",
    task_run_name="6.1.4 Backup",
    cache_policy=NO_CACHE,
    persist_result=False,
)
def backup_taken(company: Company) -> Judgement:
    """6.1.4: as `take_backup` says."""
    return take_backup(company)


def take_backup(company: Company) -> Judgement:
    """The dump that was uploaded is the dump that is read back, and its table of contents can be read."""
    return _judge_kept(company, _upload(company, dump_key(company)))


def take_proved_backup(company: Company) -> Judgement:
    """The dump is kept as `take_backup` says, and a scratch database got every row of its moment back from it."""
    database = DATABASE.required(company)
    with at_one_moment(database, patience=database.dump_patience) as moment:
        before = moment.count_rows()
        uploaded = _upload(company, dump_key(company), snapshot=moment.snapshot)
    kept = _judge_kept(company, uploaded)
    return combine((kept, _restore_and_compare(company, uploaded.key, before))) if kept.verdict.lets_pass else kept


def _upload(company: Company, key: str, *, snapshot: str | None = None) -> Uploaded:
    database, backups = DATABASE.required(company), BACKUPS.required(company)
    with database.start_dump(snapshot=snapshot) as dump:
        return backups.upload(dump, key, about_bytes=database.read_size())


def _judge_kept(company: Company, uploaded: Uploaded) -> Judgement:
    backups, key = BACKUPS.required(company), uploaded.key
    found = backups.read_back(key)
    tables = DATABASE.required(company).count_dumped_tables(backups.read_chunks(key))
    read_back = judge_read_back(
        key,
        sent=(uploaded.size_bytes, uploaded.sha256),
        found=(found.size_bytes, found.sha256),
        tables=tables,
    )
    return combine((read_back, judge_encryption(backups.encryption, backups.read_encryption(key), key=key)))


def _restore_and_compare(company: Company, key: str, before: dict[str, int]) -> Judgement:
    began = time.monotonic()
    try:
        with scratch_database(company) as scratch:
            scratch.restore(BACKUPS.required(company).read_chunks(key))
            restored, host = count_restored(scratch), scratch.database.host
    except Refused as error:
        return failed(f"{key}: {error}")
    return judge_compared(before, restored, host=host, took=timedelta(seconds=time.monotonic() - began))


def backup_planned(company: Company) -> Judgement:
    """Nothing is changed: say where the dump would go, and that the primary answers."""
    backups = BACKUPS.required(company)
    if not DATABASE.required(company).is_primary():
        return unknown("the database that answers is no primary; a dump of it may be old")
    return passed(f"a dump would go to {dump_key(company)} in {backups.bucket} and be read back")


def dump_key(company: Company) -> str:
    """Return where a dump taken now is kept."""
    return f"{BACKUPS.required(company).manual_prefix}{dump_name(company)}{utc_now():%Y%m%d-%H%M%S}.dump"


def dump_name(company: Company) -> str:
    """Return how the file name of every dump that is taken here begins."""
    return f"{company.rules.environment}-"
