"""Breaking a hold on purpose: whoever held the environment can change nothing more, and people go on by hand."""

from prefect import flow
from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.hold import Hold, Holds
from blocks.record import Record
from flows.hold import held_run
from flows.way_home import give_to_people
from policy.record import Event, last
from policy.release import BreakHoldRequest, Release
from tasks.resolve import BadRequest, require_person


@flow(name="Break hold", flow_run_name="{request.requested_by}: {request.reason}", persist_result=False)
def break_hold(request: BreakHoldRequest) -> None:
    """The hold is free and its record says who broke it and why; no server is touched, which is where is posted."""
    with Company.load(request.environment) as company:
        person = require_person(company, request.requested_by)
        holds = Holds(company.store, request.environment)
        newest = holds.newest()
        if newest is None or newest.released:
            raise BadRequest(f"environment: nobody holds {request.environment}, so there is no hold to break")
        why = f"{person.name} broke hold {newest.number} of {newest.what}: {request.reason}"
        get_run_logger().warning("%s", why)
        release = release_of(company, newest)
        if release is None:
            holds.release(newest.number)
            return
        with held_run(company, holds, release, over=newest) as run:
            give_to_people(run, why)


def release_of(company: Company, hold: Hold) -> Release | None:
    """Return the release that holds the environment; None where its record is sealed or was never begun."""
    rows = Record(company.store, hold.release, holder=hold.number, spool=company.spool).rows()
    opened = next((row for row in rows if row.event in (Event.OPENED, Event.TOOK_OVER)), None)
    if opened is None or last(rows, Event.SEALED) is not None:
        return None
    return Release.model_validate(opened.facts["release"])
