"""What the schema has lost since a release, by the records and by the database: then its image cannot go back (D5)."""

from collections.abc import Iterator

from blocks.company import Company
from blocks.errors import BlockError
from blocks.postgres_tables import read_applied
from blocks.record import list_records
from policy.database_rows import MIGRATION_ITEM
from policy.migrations.history import Progress, progress_of
from policy.record import Event, Row, Unreadable
from policy.recorded import environment_of
from tasks.records import read_rows
from tasks.run import Run


def closed_since(run: Run) -> str:
    """Return what was taken from the version before the release that this roll-back undoes; empty if nothing was."""
    return find_closed(run.company, run.release.undoes)


def find_closed(company: Company, release: str) -> str:
    """Return what this release, or a newer one, took from the schema that the version before it needs.

    A migration of which the record does not say how it ended counts, unless the database says that it is not applied.
    """
    keys = [key for key in list_records(company.store) if key >= release]
    rows = [row for key in keys for row in _taking(company, key)]
    return ", ".join(dict.fromkeys(str(row.facts["takes_away"]) for row in rows if _is_applied(company, row)))


def _taking(company: Company, key: str) -> Iterator[Row]:
    try:
        rows = read_rows(company, key)
    except Unreadable:
        return
    if environment_of(rows) != company.rules.environment:
        return
    begun = (row for row in rows if row.item == MIGRATION_ITEM and row.event is Event.INTENDED)
    yield from (row for row in begun if row.facts.get("takes_away"))


def _is_applied(company: Company, row: Row) -> bool:
    """Whether the migrations of this row stand in the database; who cannot ask holds that they do."""
    database, prisma = company.database, company.prisma
    if database is None or prisma is None:
        return True
    try:
        applied = read_applied(database, schema=prisma.database_schema)
    except BlockError:
        return True
    names = str(row.facts.get("migrations", "")).split(", ")
    return any(progress_of(name, applied) in (Progress.APPLIED, Progress.HALF_DONE) for name in names)
