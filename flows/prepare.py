"""`prepare`: 1.1 to 1.3 the day before, in a record of its own, which the release of the same change continues."""

from collections.abc import Iterator
from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from blocks.company import Company
from blocks.errors import BlockError
from blocks.record import Record, list_records, verify_record
from flows.hold import refuse_while_held
from flows.opening import open_release, release_key
from flows.phase import Report, publish_record
from flows.preparation import gather_evidence
from policy.items import Way
from policy.limits import Mode
from policy.metrics import Ending
from policy.page import Entry, say_each
from policy.prepared import KEEPS, Kept, keep
from policy.record import Event
from policy.release import PREPARE_SUFFIX, Request
from policy.request_faults import find_form_faults
from policy.wording import counted
from tasks.records import read_rows
from tasks.resolve import refuse_faults
from tasks.run import Run, utc_now
from tasks.run_log import ends_failed, ends_with_its_sentence


@flow(
    name="Prepare",
    flow_run_name="Prepare {request.summary} ({request.named}, {request.requested_by})",
    persist_result=False,
)
@ends_with_its_sentence
def prepare(request: Request) -> State[None]:
    """Sections 1.1 to 1.3 are asked for a release of tomorrow; production is not touched and nobody is told."""
    refuse_faults((*_find_mode_faults(request), *find_form_faults(request)))
    with Company.load(request.environment) as company:
        key = release_key() + PREPARE_SUFFIX
        refuse_while_held(company, request, key=key)
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
    if find_wrong(reports):
        return ends_failed(name="Not ready", message=sentence)
    return Completed(name="Prepared", message=sentence)


def _find_mode_faults(request: Request) -> Iterator[str]:
    if request.mode is not Mode.RELEASE:
        yield f"mode: expected release, found {request.mode}: a plan tries nothing, so nothing is kept"


def find_wrong(reports: tuple[Report, ...]) -> list[Entry]:
    """Return what would stop the release and is not asked again anyway."""
    return [entry for report in reports for entry in report.stopping if entry[0].number in KEEPS]


def say(reports: tuple[Report, ...]) -> str:
    """Say what is kept, what is wrong, and what is asked again at the release."""
    entries = [entry for report in reports for entry in report.entries]
    kept = [item.number for item, judgement in entries if item.number in KEEPS and judgement.verdict.lets_pass]
    again = [item.number for item, _ in entries if item.number not in KEEPS]
    wrong = find_wrong(reports)
    parts = [
        f"kept for the release of this change: {counted(len(kept), 'item')}",
        f"asked again then: {', '.join(again)}",
    ]
    return "; ".join([*([f"mend before the release: {say_each(wrong)}"] if wrong else []), *parts])


def find_prepared(run: Run) -> dict[str, Kept]:
    """Return what the newest `prepare` of exactly this change found and still counts; without one, nothing.

    A record that is not whole, or that is not to be had, counts as none: everything is asked anew.
    """
    log = get_run_logger()
    try:
        young = _list_young(run)
    except BlockError as error:
        log.warning("What was prepared is asked anew: %s", error)
        return {}
    for key in young:
        try:
            kept = keep(read_rows(run.company, key), run.release, now=utc_now(), limits=run.limits)
            if kept is None:
                continue
            verified = verify_record(run.company.store, key, known=run.company.public_keys)
            if verified.proves_itself(run.company.public_keys):
                return kept
            log.warning("What was prepared under %s is asked anew: its record does not prove itself", key)
        # A record of another version of this software may hold what this one cannot read.
        except (BlockError, ValueError, KeyError, TypeError) as error:
            log.warning("What was prepared under %s is asked anew: %s", key, error)
    return {}


def _list_young(run: Run) -> list[str]:
    """The newest first; a record's key begins with when its run was made."""
    # A run may have been made, and waited for its worker, long before it began.
    oldest = f"{utc_now() - run.limits.prepared - timedelta(days=1):%Y%m%d-%H%M%S}"
    return [key for key in reversed(list_records(run.company.store)) if key.endswith(PREPARE_SUFFIX) and key > oldest]
