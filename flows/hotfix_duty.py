"""5.2.6: one duty of the day after a hotfix: a run looks, does what a machine can, and asks again until it is done."""

from collections.abc import Callable
from datetime import datetime

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from blocks.company import Company
from blocks.errors import BlockError
from flows.rollback import rows_of
from policy.duties import Duty, next_working_day
from policy.record import Event, Row, last
from policy.release import HotfixRequest, Release
from tasks.duties import look_after, remind, schedule
from tasks.resolve import BadRequest
from tasks.run import utc_now

AskAgain = Callable[[str, int], None]


@flow(name="Hotfix duty", persist_result=False)
def hotfix_duty(duty: Duty, release: str, environment: str = "production", asked: int = 0) -> State[None]:
    """Look after a duty of the hotfix with this key; what is not done is asked about again on the next working day."""
    with Company.load(environment) as company:
        again = next_working_day(utc_now(), company.calendar, at=company.hotfix.duties_at)

        def ask_again(what: str, times: int) -> None:
            schedule(company, release, duty, what=what, at=again, asked=times)

        return chase(company, duty, release, asked=asked, again=again, ask_again=ask_again)


def chase(company: Company, duty: Duty, key: str, *, asked: int, again: datetime, ask_again: AskAgain) -> State[None]:
    """Look after the duty once; while it is not done, or nobody can say whether it is, the chase goes on."""
    what = key
    try:
        hotfix, rows = read_hotfix(company, key)
        what = hotfix.what
        found = look_after(company, hotfix, duty, rows)
    except BlockError as error:
        ask_again(what, asked)
        return Failed(name="Unknown", message=f"{error}; asked again {again:%A %H:%M}")
    if found.done:
        return Completed(name="Done", message=found.sentence)
    # First the next run, so that a reminder that cannot be sent ends no chase.
    ask_again(what, asked + 1)
    remind(company, hotfix, duty, found, asked=asked + 1, again=again)
    return Completed(name="Waits", message=f"{found.sentence}; asked again {again:%A %H:%M}")


def read_hotfix(company: Company, key: str) -> tuple[Release, tuple[Row, ...]]:
    """Return the hotfix of this key with its rows; raises BadRequest if the key is that of none."""
    rows = rows_of(company, key)
    opened = last(rows, Event.OPENED)
    hotfix = Release.model_validate(opened.facts["release"]) if opened else None
    if hotfix is None or not isinstance(hotfix.request, HotfixRequest):
        raise BadRequest(f"release: {key} is the key of no hotfix")
    return hotfix, rows
