"""Who is on call: by PagerDuty, or by the roster's own role where the company has none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from blocks.errors import BlockError
from blocks.pagerduty_rest import PagerDutyRest
from policy.on_call import OnCall, find_on_call
from policy.roles import Person, Role
from tasks.run import Run, utc_now


@dataclass(frozen=True, slots=True)
class ToTell:
    """Whom to tell as being on call; `why` says it where PagerDuty does not."""

    people: tuple[Person, ...]
    why: str = ""


def list_shifts(run: Run, pagerduty: PagerDutyRest) -> tuple[OnCall, ...]:
    """Return every shift until the end of a release that begins when whoever is on call took all the time to answer."""
    now = utc_now()
    return pagerduty.list_on_call(pagerduty.policy, now, now + run.limits.on_call_patience + run.limits.roll_out)


def find_people(run: Run, pagerduty: PagerDutyRest, shifts: Sequence[OnCall], *, now: datetime) -> tuple[Person, ...]:
    """Return whose shift it is now, as far as the roster knows them."""
    roster = run.company.roster
    there = find_on_call(shifts, policy=pagerduty.policy, level=pagerduty.level, now=now)
    found = (roster.find(one.email) or roster.find(one.name) for one in there)
    return tuple(person for person in found if person is not None)


def on_call_now(run: Run) -> tuple[Person, ...]:
    """Return whoever is on call now; raises what PagerDuty raises."""
    pagerduty = run.company.on_call
    if pagerduty is None:
        return _by_roster(run)
    return find_people(run, pagerduty, list_shifts(run, pagerduty), now=utc_now())


def on_call_to_tell(run: Run) -> ToTell:
    """Return whoever is on call now; by the roster where PagerDuty cannot say, since telling waits for nothing."""
    try:
        return ToTell(on_call_now(run))
    except BlockError as error:
        return ToTell(_by_roster(run), f"by the roster, for PagerDuty did not say: {error}")


def _by_roster(run: Run) -> tuple[Person, ...]:
    return run.company.roster.holders(Role.ON_CALL, on=run.today)
