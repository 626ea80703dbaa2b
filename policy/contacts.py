"""Can the people be reached who are needed when it goes wrong (1.4.4)."""

from datetime import date

from policy.combined import combine
from policy.judgement import Judgement, failed, passed
from policy.limits import Risk
from policy.roles import Role, Roster

_CONFIRMED = passed("the incident team has confirmed that it is there")
_NOT_CONFIRMED = failed(
    "high risk, and the form does not say that the incident team (CTO, DevOps lead, on-call) is there: ask them"
)
NEEDED = (Role.CTO, Role.DEVOPS_LEAD, Role.ON_CALL)


def judge_contacts(roster: Roster, *, on: date, risk: Risk, confirmed: bool) -> Judgement:
    """Pass when somebody with a number holds each of the roles today, and at high risk they confirmed to be there."""
    roles = [_judge_role(role, roster, on=on) for role in NEEDED]
    if risk is not Risk.HIGH:
        return combine(roles)
    return combine((*roles, _CONFIRMED if confirmed else _NOT_CONFIRMED))


def _judge_role(role: Role, roster: Roster, *, on: date) -> Judgement:
    holders = roster.holders(role, on=on)
    reachable = [f"{person.name} {person.phone}" for person in holders if person.phone and _digits(person.phone) > 2]
    if reachable:
        return passed(f"{role}: {', '.join(reachable)}")
    names = ", ".join(person.name for person in holders)
    return failed(f"{role}: {names} has no number in the roster" if names else f"nobody is {role} today")


def _digits(number: str) -> int:
    return sum(letter.isdigit() for letter in number)
