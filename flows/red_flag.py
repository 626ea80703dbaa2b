"""4.1: a person raises a red flag on the release that is under way; it is heard within one heartbeat."""

from datetime import UTC, datetime
from uuid import uuid4

from prefect import flow
from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.errors import BlockError
from blocks.hold import Holds
from policy.messages import red_flag_raised
from policy.release import RedFlagRequest
from tasks.resolve import BadRequest, require_person


class RedFlag(Exception):
    """Something was measured or reported that calls for a roll-back at once."""


@flow(name="Red flag", flow_run_name="{request.requested_by}: {request.reason}", persist_result=False)
def red_flag(request: RedFlagRequest) -> None:
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
        tell(company, red_flag_raised(newest.what, sentence))


def raised_flags(company: Company, release: str) -> tuple[str, ...]:
    """Return what people reported about a release, oldest first; raises Unreachable when the store is away."""
    keys = company.store.list(flag_folder(release))
    return tuple(company.store.read(key).body.decode(errors="replace") for key in keys)


def flag_folder(release: str) -> str:
    """Return where the red flags of people lie."""
    return f"flags/{release}/"


def tell(company: Company, text: str) -> None:
    """Say it in the alerts channel; who cannot be told keeps no flag from being raised."""
    try:
        company.slack.post(company.slack.alerts, text, uuid4().hex)
    except BlockError as error:
        get_run_logger().warning("Nobody was told: %s", error)
