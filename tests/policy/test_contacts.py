"""Who can be reached when it goes wrong."""

from datetime import date

import pytest

from policy.contacts import judge_contacts
from policy.judgement import Verdict
from policy.limits import Risk
from policy.roles import Person, Role, Roster

TODAY = date(2026, 11, 25)
EVERYBODY = Person(name="Omar Reyes", roles=tuple(Role), phone="+1 555 0104")
LEAD = Person(name="Tomas Lima", roles=(Role.TECH_LEAD, Role.SECURITY_LEAD))
NO_NUMBER = Person(name="Carla Ortiz", roles=(Role.CTO, Role.DEVOPS_LEAD, Role.ON_CALL), phone="n/a")
ONLY_CTO = Person(name="Carla Ortiz", roles=(Role.CTO,), phone="+1 555 0102")
CASES = {
    "all reachable": ((EVERYBODY,), Verdict.PASSED, "cto: Omar Reyes +1 555 0104"),
    "one of two holders": ((EVERYBODY, NO_NUMBER, LEAD), Verdict.PASSED, "cto: Omar Reyes"),
    "no number": ((NO_NUMBER, LEAD), Verdict.FAILED, "cto: Carla Ortiz has no number in the roster"),
    "nobody": ((ONLY_CTO, LEAD), Verdict.FAILED, "nobody is devops lead today"),
}


@pytest.mark.parametrize(("people", "verdict", "sentence"), CASES.values(), ids=CASES.keys())
def test_each_of_the_roles_has_somebody_with_a_number(
    people: tuple[Person, ...], verdict: Verdict, sentence: str
) -> None:
    judgement = judge_contacts(Roster(people=people), on=TODAY, risk=Risk.MEDIUM, confirmed=False)

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


@pytest.mark.parametrize(("confirmed", "verdict"), [(True, Verdict.PASSED), (False, Verdict.FAILED)])
def test_at_high_risk_the_incident_team_has_confirmed(*, confirmed: bool, verdict: Verdict) -> None:
    judgement = judge_contacts(Roster(people=(EVERYBODY, LEAD)), on=TODAY, risk=Risk.HIGH, confirmed=confirmed)

    assert judgement.verdict is verdict
    assert "the incident team" in judgement.sentence
