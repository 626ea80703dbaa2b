"""From what a person typed to the frozen facts of a migration alone; nonsense is refused before anything is touched."""

from datetime import datetime

from blocks.company import Company
from blocks.postgres_tables import read_applied
from blocks.prisma import MIGRATION
from policy.items import Way
from policy.migrations.alone import say_why_not_alone
from policy.migrations.history import Progress, progress_of
from policy.release import Release, Request
from policy.wording import short
from tasks.resolve import BadRequest, check_request, contains, freeze, require_migrations, serving_commit
from tasks.systems import DATABASE, PRISMA


def resolve_migration(request: Request, company: Company, *, key: str, now: datetime) -> Release:
    """Return the release of the migrations that the database lacks; raises BadRequest for what has to wait for code."""
    unmerged = f"pull_request: {request.pull_request} has to be merged first; name the commit on main"
    commit = check_request(request, company, faults=[unmerged] if request.pull_request else ())
    previous = serving_commit(company)
    if not contains(company.github, previous, commit):
        raise BadRequest(
            f"commit: {short(commit)} does not contain {short(previous)}, which production serves; a migration of older"
            " code is not carried out"
        )
    if missing := [one.section for one in (PRISMA, DATABASE) if one.of(company) is None]:
        raise BadRequest(f"commit: without [{'] and ['.join(missing)}] in the settings nothing is migrated")
    change = company.github.read_change_set(previous, commit)
    waiting = _list_waiting(company, commit)
    if not waiting:
        raise BadRequest(
            f"commit: {short(commit)} brings no migration that the database has not; there is nothing to do"
        )
    readings = require_migrations(company, commit, waiting)
    prisma = PRISMA.required(company)
    why_not = say_why_not_alone(
        readings,
        change.files,
        folder=prisma.migrations_folder,
        schema=prisma.schema_file,
        harmless=company.risk_rules.harmless,
    )
    if why_not:
        raise BadRequest(f"commit: {short(commit)} cannot be migrated by itself: {why_not}")
    return freeze(request, company, change, waiting, readings, key=key, way=Way.MIGRATION, now=now)


def _list_waiting(company: Company, commit: str) -> tuple[str, ...]:
    """The migrations of the commit, by path, that production's database has not applied, whoever brought them."""
    prisma = PRISMA.required(company)
    rows = read_applied(DATABASE.required(company), schema=prisma.database_schema)
    entries = company.github.list_folder(prisma.migrations_folder, commit)
    names = sorted(entry.path.rpartition("/")[2] for entry in entries if entry.type == "dir")
    waiting = [name for name in names if progress_of(name, rows) is not Progress.APPLIED]
    return tuple(f"{prisma.migrations_folder}/{name}/{MIGRATION}" for name in waiting)
