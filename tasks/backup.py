"""6.1.4: dump, upload, read back."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.company import Company
from policy.backups import judge_read_back
from policy.judgement import Judgement, passed, unknown
from tasks.run import utc_now
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
    key = dump_key(company)
    database, backups = DATABASE.required(company), BACKUPS.required(company)
    with database.start_dump() as dump:
        uploaded = backups.upload(dump, key)
    found = backups.read_back(key)
    tables = database.count_dumped_tables(backups.read_chunks(key))
    return judge_read_back(
        key,
        sent=(uploaded.size_bytes, uploaded.sha256),
        found=(found.size_bytes, found.sha256),
        tables=tables,
    )


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
