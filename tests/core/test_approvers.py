"""A release that nobody may approve is noticed before the first change, with the reason for each person."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from blocks.company import Company
from flows.approvers import require_an_approver, say_who_may_approve
from flows.phase import ChecksFailed
from policy.roles import Deputy, Person, Role, Roster
from tests.core.scene import begun
from tests.core.world import World
from tests.policy import releases

REQUESTED = releases.release().request.requested_by
AUTHOR = releases.release().commits[0].author_name
LEAD = (Role.TECH_LEAD,)


def company_of(company: Company, *people: Person) -> Company:
    return replace(company, roster=Roster.model_construct(people=people))


def test_who_may_approve_is_named(company: Company, world: World) -> None:
    lead = company_of(company, Person(name="Tomas Lima", roles=LEAD), Person(name=REQUESTED, roles=LEAD))
    run = begun(lead, world, steps=0).run

    require_an_approver(run)

    assert say_who_may_approve(run) == "may be approved by Tomas Lima"


def test_a_deputy_may_approve_until_the_day_ends_in_the_companys_zone(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deputy = Deputy.model_validate({"role": "tech lead", "from": "2026-11-20", "until": "2026-11-30"})
    run = begun(company_of(company, Person(name="Eva Kim", deputies=(deputy,))), world, steps=0).run

    monkeypatch.setattr("tasks.run.utc_now", lambda: datetime(2026, 12, 1, 7, 59, tzinfo=UTC))
    assert say_who_may_approve(run) == "may be approved by Eva Kim"
    monkeypatch.setattr("tasks.run.utc_now", lambda: datetime(2026, 12, 1, 8, 0, tzinfo=UTC))
    assert say_who_may_approve(run) == "may be approved by nobody: nobody holds the role"


@pytest.mark.parametrize(
    ("people", "why"),
    [
        ((Person(name=REQUESTED, roles=LEAD),), f"{REQUESTED} requested it"),
        ((Person(name=AUTHOR, roles=LEAD),), f"{AUTHOR} wrote a commit of it as {AUTHOR}"),
        ((Person(name="Dora Levin", roles=(Role.DEVELOPER,)),), "nobody holds the role"),
        (
            (
                Person(
                    name="Dora Levin",
                    deputies=(Deputy.model_validate({"role": "tech lead", "from": date.min, "until": date.min}),),
                ),
            ),
            "nobody holds the role",
        ),
    ],
    ids=["who requested it", "who wrote it", "another role", "a deputy of another day"],
)
def test_without_an_approver_nothing_begins(
    company: Company, world: World, people: tuple[Person, ...], why: str
) -> None:
    run = begun(company_of(company, *people), world, steps=0).run

    with pytest.raises(ChecksFailed) as raised:
        require_an_approver(run)

    assert f"may be approved by nobody: {why}; let somebody else request it" in str(raised.value)
