"""Who can be reached when it goes wrong."""

from collections.abc import Sequence
from datetime import date

import pytest

from policy.contacts import judge_contacts
from policy.judgement import Judgement, Verdict
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


def judge(
    *people: Person, on_call: Sequence[Person] | None = None, risk: Risk = Risk.MEDIUM, confirmed: bool = False
) -> Judgement:
    roster = Roster(people=people)
    there = roster.holders(Role.ON_CALL, on=TODAY) if on_call is None else on_call
    return judge_contacts(roster, on=TODAY, on_call=there, risk=risk, confirmed=confirmed)


@pytest.mark.parametrize(("people", "verdict", "sentence"), CASES.values(), ids=CASES.keys())
def test_each_of_the_roles_has_somebody_with_a_number(
    people: tuple[Person, ...], verdict: Verdict, sentence: str
) -> None:
    judgement = judge(*people)

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


@pytest.mark.parametrize(("confirmed", "verdict"), [(True, Verdict.PASSED), (False, Verdict.FAILED)])
def test_at_high_risk_the_incident_team_has_confirmed(*, confirmed: bool, verdict: Verdict) -> None:
    judgement = judge(EVERYBODY, LEAD, risk=Risk.HIGH, confirmed=confirmed)

    assert judgement.verdict is verdict
    assert "the incident team" in judgement.sentence


DIEGO = Person(name="Diego Paz")


@pytest.mark.parametrize(
    ("on_call", "sentence"),
    [
        ([DIEGO], "on-call engineer: Diego Paz has no number in the roster"),
        ([DIEGO.model_copy(update={"phone": "+52 55 1"})], ""),
        ([], "nobody of the roster is on call now"),
    ],
    ids=["no number", "a number", "nobody that the roster knows"],
)
def test_who_is_on_call_now_counts_and_not_who_holds_the_role(on_call: Sequence[Person], sentence: str) -> None:
    judgement = judge(EVERYBODY, LEAD, on_call=on_call)

    assert judgement.verdict is (Verdict.FAILED if sentence else Verdict.PASSED)
    assert sentence in judgement.sentence
    assert "on-call engineer: Omar Reyes" not in judgement.sentence
