"""Can the people be reached who are needed when it goes wrong (1.4.4)."""

from collections.abc import Sequence
from datetime import date

from policy.combined import combine
from policy.judgement import Judgement, failed, passed
from policy.limits import Risk
from policy.roles import Person, Role, Roster

_CONFIRMED = passed("the incident team has confirmed that it is there")
_NOT_CONFIRMED = failed(
    "high risk, and the form does not say that the incident team (CTO, DevOps lead, on-call) is there: ask them"
)
LEADING = (Role.CTO, Role.DEVOPS_LEAD)


def judge_contacts(roster: Roster, *, on: date, on_call: Sequence[Person], risk: Risk, confirmed: bool) -> Judgement:
    """Pass when somebody with a number holds each of the roles today, and at high risk they confirmed to be there.

    `on_call` are those of the roster who are on call now, whoever says so.
    """
    roles = [
        *(_judge_role(role, roster.holders(role, on=on), nobody=f"nobody is {role} today") for role in LEADING),
        _judge_role(Role.ON_CALL, on_call, nobody="nobody of the roster is on call now"),
    ]
    if risk is not Risk.HIGH:
        return combine(roles)
    return combine((*roles, _CONFIRMED if confirmed else _NOT_CONFIRMED))


def _judge_role(role: Role, holders: Sequence[Person], *, nobody: str) -> Judgement:
    reachable = [f"{person.name} {person.phone}" for person in holders if person.phone and _digits(person.phone) > 2]
    if reachable:
        return passed(f"{role}: {', '.join(reachable)}")
    names = ", ".join(person.name for person in holders)
    return failed(f"{role}: {names} has no number in the roster" if names else nobody)


def _digits(number: str) -> int:
    return sum(letter.isdigit() for letter in number)
