"""A scratch database for a moment: on the named host, never on production's server by mistake, gone afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from blocks.company import Company
from blocks.errors import BlockError, Misconfigured
from blocks.postgres import Postgres
from blocks.postgres_moment import at_one_moment
from blocks.scratch_host import Scratch, ScratchHost, read_server
from policy.scratch import Server, say_production
from tasks.systems import SCRATCH


@contextmanager
def scratch_database(company: Company) -> Iterator[Scratch]:
    """Lend an empty database; raises Misconfigured where its host is production's own and the settings forbid that."""
    host = SCRATCH.required(company)
    _refuse_production(host, company.database)
    with host.borrow() as scratch:
        yield scratch


def count_restored(scratch: Scratch) -> dict[str, int]:
    """Return the rows of every table of a scratch database."""
    with at_one_moment(scratch.database, patience=scratch.patience) as moment:
        return moment.count_rows()


def _refuse_production(host: ScratchHost, production: Postgres | None) -> None:
    if production is None or host.shares_production:
        return
    why = say_production(
        (host.host, host.port, host.read_server()),
        (production.host, production.port, _server_of(production)),
        shares=host.shares_production,
    )
    if why:
        raise Misconfigured(why)


def _server_of(production: Postgres) -> Server | None:
    """A production that is away, or hides which server it is, is told apart by its address alone."""
    try:
        return read_server(production)
    except BlockError:
        return None
