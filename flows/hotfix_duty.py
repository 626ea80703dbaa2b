"""5.2.6: one duty of the day after a hotfix: a run looks, does what a machine can, and asks again until it is done."""

from contextlib import suppress
from datetime import datetime

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from blocks.company import Company
from blocks.errors import BlockError
from flows.rollback import read_release
from policy.duties import Duty, next_working_day
from policy.form import ReleaseToName
from policy.record import Row
from policy.release import HotfixRequest, Release
from tasks.duties import call_off, count_asked, look_after, remind, schedule
from tasks.resolve import BadRequest
from tasks.run import utc_now
from tasks.run_log import ends_failed, ends_with_its_sentence


@flow(name="Hotfix duty", persist_result=False)
@ends_with_its_sentence
def hotfix_duty(duty: Duty, release: ReleaseToName, environment: str = "production", asked: int = 0) -> State[None]:
    """Look after a duty of the hotfix with this key; what is not done is asked about again on the next working day.

    Args:
        duty: Which duty is looked after.
        release: The key of the hotfix, which its record has.
        environment: The environment of the hotfix.
        asked: How often people were asked before.
    """
    with Company.load(environment) as company:
        return chase(company, duty, release, asked=asked, now=utc_now())


def chase(company: Company, duty: Duty, key: str, *, asked: int, now: datetime) -> State[None]:
    """Schedule the run that follows, then look, and call it off if the duty is done: wherever this dies, one follows.

    `asked` says how often people were asked before.
    """
    again = next_working_day(now, company.calendar, at=company.hotfix.duties_at)
    try:
        hotfix, rows = read_hotfix(company, key)
    except BlockError as error:
        schedule(company, key, duty, what=key, at=again, asked=asked)
        return ends_failed(name="Unknown", message=f"{error}; asked again {again:%A %H:%M}")
    following = schedule(company, key, duty, what=hotfix.what, at=again, asked=asked)
    try:
        found = look_after(company, hotfix, duty, rows)
    except BlockError as error:
        return ends_failed(name="Unknown", message=f"{error}; asked again {again:%A %H:%M}")
    if found.done:
        # A run that is left over finds it done as well.
        with suppress(BlockError):
            call_off(following)
        return Completed(name="Done", message=found.sentence)
    # Before people are asked: the next reminder must not be taken for this one.
    count_asked(following, asked + 1)
    remind(company, hotfix, duty, found, asked=asked + 1, again=again)
    return Completed(name="Waits", message=f"{found.sentence}; asked again {again:%A %H:%M}")


def read_hotfix(company: Company, key: str) -> tuple[Release, tuple[Row, ...]]:
    """Return the hotfix of this key and the rows of its record; raises BadRequest where it is none."""
    hotfix, rows = read_release(company, key)
    if not isinstance(hotfix.request, HotfixRequest):
        raise BadRequest(f"release: {key} is the key of no hotfix")
    return hotfix, rows
