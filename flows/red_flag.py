"""4.1: a person raises a red flag on the release that is under way; it is heard within one heartbeat."""

from datetime import UTC, datetime
from uuid import uuid4

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from blocks.company import Company
from blocks.errors import BlockError, Meant
from blocks.hold import Hold, Holds
from flows.opening import run_of
from policy.items import Way
from policy.messages import red_flag_raised
from policy.metrics import Ending
from policy.record import Unreadable
from policy.way_back_forms import RedFlagRequest
from tasks.messages import page_on_call
from tasks.records import read_ended
from tasks.resolve import BadRequest, require_person
from tasks.run_log import ends_with_its_sentence


class RedFlag(Meant):
    """Something was measured or reported that calls for a roll-back at once."""


class TooLate(Meant):
    """The release ended before the flag was kept; the message says how, and what to start instead."""


@flow(name="Red flag", flow_run_name="{request.requested_by}: {request.reason}", persist_result=False)
@ends_with_its_sentence
def red_flag(request: RedFlagRequest) -> State[None]:
    """The release that is under way is told to go home; nobody needs a code to stop it."""
    with Company.load(request.environment) as company:
        person = require_person(company, request.requested_by)
        newest = Holds(company.store, request.environment).newest()
        if newest is None or newest.released:
            raise BadRequest(
                f"environment: nobody is releasing to {request.environment}, so there is nothing to stop;"
                " to undo a finished release start the deployment `rollback`"
            )
        sentence = f"{person.name}: {request.reason}: {request.what_was_seen}"
        key = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid4().hex}"
        company.store.create(flag_folder(newest.release) + key, sentence.encode())
        get_run_logger().warning("Red flag on %s: %s", newest.what, sentence)
        tell(company, newest, red_flag_raised(newest.what, sentence), name=f"red flag {key}")
        return Completed(message=say_heard(company, newest))


def say_heard(company: Company, hold: Hold) -> str:
    """Say what becomes of the release, now that the flag is kept; raises TooLate where it had ended before that.

    The hold of a release whose record is sealed looks taken for a moment more.
    """
    ended = read_ended(company, hold.release)
    if ended is None:
        return f"raised: {hold.what} goes home at its next step"
    if ended.outcome in (Ending.ROLLED_BACK, Ending.STOPPED):
        return f"raised: {ended.sentence}"
    next_step = (
        "look at what was applied: a migration that undoes it goes the same way"
        if ended.release.way is Way.MIGRATION
        else f"start `Rollback/rollback` for the release {ended.release.key}"
    )
    raise TooLate(f"it has just ended, so nothing goes home for this flag: {ended.sentence}; {next_step}")


def raised_flags(company: Company, release: str) -> tuple[str, ...]:
    """Return what people reported about a release, oldest first; raises Unreachable when the store is away."""
    keys = company.store.list(flag_folder(release))
    return tuple(company.store.read(key).body.decode(errors="replace") for key in keys)


def flag_folder(release: str) -> str:
    """Return where the red flags of people lie."""
    return f"flags/{release}/"


def tell(company: Company, hold: Hold, text: str, *, name: str) -> None:
    """Whoever is on call is paged, as the record of the release says; nothing of it keeps a flag from being raised."""
    try:
        run = run_of(company, hold)
        if run is not None and page_on_call(run, text, name=name):
            return
        why = "no page was taken" if run else "its record has ended or not begun"
    except (BlockError, Unreadable) as error:
        why = str(error)
    get_run_logger().warning("Nobody was told of the red flag on %s: %s", hold.what, why)
