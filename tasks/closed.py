"""What the schema has lost since a release, by the records and by the database: then its image cannot go back (D5)."""

from collections.abc import Collection, Sequence
from datetime import datetime

from blocks.company import Company
from blocks.errors import BlockError
from blocks.postgres_tables import read_applied
from policy.database_rows import MIGRATION_ITEM, began_to_change
from policy.migrations.history import Applied, Progress, progress_of
from policy.record import Event, Row, Unreadable
from policy.recorded import environment_of
from policy.wording import listed
from tasks.records import is_of_another_environment, list_written_since, read_rows
from tasks.run import Run


def closed_since(run: Run) -> str:
    """Return what was taken from the version before the release that this roll-back undoes; empty if nothing was."""
    return find_closed(run.company, run.release.undoes)


def find_closed(company: Company, release: str) -> str:
    """Return what the schema has lost, of what the version before needs, since this release began to change production.

    Which run was planned first says nothing: every record counts by when its rows were written. A migration of which
    the record does not say how it ended counts, and so does what a record that cannot be read may have migrated,
    unless the database says that it is not applied.
    """
    since = began_to_change(read_rows(company, release))
    begun, unreadable = _list_begun(company, since)
    if not begun and not unreadable:
        return ""
    applied = _ask_database(company)
    taken = [str(row.facts["takes_away"]) for row in begun if row.facts.get("takes_away") and _stands(row, applied)]
    if unreadable and (said := _say_unknown(company, unreadable, begun, applied, since)):
        taken.append(said)
    return ", ".join(dict.fromkeys(taken))


def _list_begun(company: Company, since: datetime | None) -> tuple[list[Row], list[str]]:
    """Return the migrations that were begun here since then, and the records of which nobody can say."""
    begun: list[Row] = []
    unreadable: list[str] = []
    for key in list_written_since(company, since):
        try:
            rows = read_rows(company, key)
        except Unreadable:
            if not is_of_another_environment(company, key):
                unreadable.append(key)
            continue
        if environment_of(rows) == company.rules.environment:
            meant = (row for row in rows if row.item == MIGRATION_ITEM and row.event is Event.INTENDED)
            begun += [row for row in meant if since is None or row.at >= since]
    return begun, unreadable


def _ask_database(company: Company) -> tuple[Applied, ...] | None:
    """Return what Prisma says that it applied; None where nobody can ask."""
    database, prisma = company.database, company.prisma
    if database is None or prisma is None:
        return None
    try:
        return read_applied(database, schema=prisma.database_schema)
    except BlockError:
        return None


def _stands(row: Row, applied: Sequence[Applied] | None) -> bool:
    """Whether the migrations of this row stand in the database; who cannot ask holds that they do."""
    if applied is None:
        return True
    return any(progress_of(name, applied) in (Progress.APPLIED, Progress.HALF_DONE) for name in _names_of(row))


def _say_unknown(
    company: Company,
    unreadable: Collection[str],
    begun: Sequence[Row],
    applied: Sequence[Applied] | None,
    since: datetime | None,
) -> str:
    """Say what records that cannot be read may have taken; empty where every migration since then is accounted for."""
    if company.prisma is None:
        return ""
    of_whom = f"of {listed(sorted(unreadable))} nobody can read what it took"
    if applied is None:
        return f"{of_whom}, and the database does not say what was migrated since"
    known = {name for row in begun for name in _names_of(row)}
    others = {row.name for row in applied if since is None or row.started_at >= since} - known
    standing = [name for name in sorted(others) if progress_of(name, applied) is not Progress.ROLLED_BACK]
    return f"{of_whom}, and {listed(standing)} was migrated since" if standing else ""


def _names_of(row: Row) -> list[str]:
    return [name for name in str(row.facts.get("migrations", "")).split(", ") if name]
