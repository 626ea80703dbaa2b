"""`prepare`: 1.1 to 1.3 the day before, in a record of its own, which the release of the same change continues."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from blocks.company import Company
from blocks.errors import BlockError
from blocks.record import Record, list_records, verify_record
from flows.hold import refuse_while_held
from flows.opening import open_release, release_key
from flows.phase import Report, publish_record
from flows.preparation import gather_evidence
from policy.items import Way
from policy.metrics import Ending
from policy.prepared import KEEPS, Kept, keep
from policy.record import Event, Unreadable
from policy.release import Request
from tasks.run import Run, utc_now

SUFFIX = "-prepare"
KEY_TIME = "%Y%m%d-%H%M%S"


@flow(
    name="Prepare",
    flow_run_name="Prepare {request.summary} ({request.commit:.7}, {request.requested_by})",
    persist_result=False,
)
def prepare(request: Request) -> State[None]:
    """Sections 1.1 to 1.3 are asked for a release of tomorrow; production is not touched and nobody is told."""
    with Company.load(request.environment) as company:
        key = release_key() + SUFFIX
        refuse_while_held(company, request.environment, key=key)
        release = open_release(request, company, way=Way.STANDARD, key=key)
        # Nobody holds the environment for this, and nothing is changed that a hold would protect.
        run = Run(release, company, Record(company.store, key, holder=0, spool=company.spool), number=0)
        if run.record.last(Event.OPENED) is None:
            run.record.append(Event.OPENED, facts={"release": release.model_dump(mode="json")})
        reports = gather_evidence(run)
        sentence = say(reports)
        run.record.signer = company.signer
        run.record.append(Event.SEALED, facts={"outcome": Ending.PREPARED.value, "sentence": sentence})
        publish_record(run)
    if list_wrong(reports):
        return Failed(name="Not ready", message=sentence)
    return Completed(name="Prepared", message=sentence)


def list_wrong(reports: tuple[Report, ...]) -> list[str]:
    """Name what would stop the release and is not asked again anyway, each with its sentence."""
    return [
        f"{item.name}: {judgement.sentence}"
        for report in reports
        for item, judgement in report.stopping
        if item.number in KEEPS
    ]


def say(reports: tuple[Report, ...]) -> str:
    """Say what is kept, what is wrong, and what is asked again at the release."""
    entries = [entry for report in reports for entry in report.entries]
    kept = [item.number for item, judgement in entries if item.number in KEEPS and judgement.verdict.lets_pass]
    again = [item.number for item, _ in entries if item.number not in KEEPS]
    wrong = list_wrong(reports)
    parts = [f"{len(kept)} items are kept for the release of this change", f"asked again then: {', '.join(again)}"]
    return "; ".join([*(["mend before the release: " + "; ".join(wrong)] if wrong else []), *parts])


def find_prepared(run: Run) -> dict[str, Kept]:
    """Return what the newest `prepare` of exactly this change found and still counts; without one, nothing.

    A record that is not whole, or that is not to be had, counts as none: everything is asked anew.
    """
    now = utc_now()
    try:
        for key in _list_young(run, now):
            known = run.company.public_keys
            rows = Record(run.company.store, key, holder=0, spool=run.company.spool).rows()
            if (kept := keep(rows, run.release, now=now, limits=run.limits)) and (
                verify_record(run.company.store, key, known=known).fault is None
            ):
                return kept
    except (BlockError, Unreadable) as error:
        get_run_logger().warning("What was prepared is asked anew: %s", error)
    return {}


def _list_young(run: Run, now: datetime) -> Iterator[str]:
    """The newest first; a record's key begins with when its run was made."""
    # A run may have been made, and waited for its worker, long before it began.
    oldest = now - run.limits.prepared - timedelta(days=1)
    for key in reversed(list_records(run.company.store)):
        if key.endswith(SUFFIX) and datetime.strptime(key[:15], KEY_TIME).replace(tzinfo=UTC) > oldest:
            yield key
