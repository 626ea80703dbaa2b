"""Who may break a hold: anybody where its process lives no longer, whoever leads where it does and they say so."""

from datetime import date, timedelta

import pytest

from policy.broken_hold import judge_break, say_hold_broken
from policy.items import Way
from policy.judgement import Judgement
from policy.roles import Deputy, Person, Role, Roster
from tests.policy import releases

DAY = date(2026, 11, 25)
DEPUTY = Deputy.model_validate({"role": "devops lead", "from": "2026-11-24", "until": "2026-11-26"})
PEOPLE = (
    Person(name="Omar Reyes", roles=(Role.DEVELOPER,)),
    Person(name="Tomas Lima", roles=(Role.TECH_LEAD,)),
    Person(name="Carla Ortiz", roles=(Role.CTO,)),
    Person(name="Eva Kim", deputies=(DEPUTY,)),
)
HELD = "Ana Souza is releasing b2b2b2b for 2 min so far (hold 12)"


def judge(name: str, *, lives: bool, although_it_lives: bool, on: date = DAY) -> Judgement:
    roster = Roster.model_construct(people=PEOPLE)
    person = roster.find(name)
    assert person is not None
    return judge_break(
        person,
        held=HELD,
        lives=lives,
        silent_for=timedelta(seconds=12),
        stale_after=timedelta(seconds=45),
        although_it_lives=although_it_lives,
        roster=roster,
        on=on,
    )


@pytest.mark.parametrize("name", [person.name for person in PEOPLE])
@pytest.mark.parametrize("although_it_lives", [False, True])
def test_what_lives_no_longer_is_broken_by_anybody(name: str, *, although_it_lives: bool) -> None:
    assert judge(name, lives=False, although_it_lives=although_it_lives).verdict.lets_pass


@pytest.mark.parametrize("name", [person.name for person in PEOPLE])
def test_what_lives_is_broken_by_nobody_who_does_not_say_so(name: str) -> None:
    judgement = judge(name, lives=True, although_it_lives=False)

    assert not judgement.verdict.lets_pass
    assert judgement.sentence == (
        f"environment: {HELD}, and its process lives (last beat 12 s ago, dead after 45 s); to stop it, raise"
        " `Red flag/red-flag`, start `Rollback/rollback`, or cancel its run: each puts back what it touched. Where that"
        " does not help, with `although_it_lives` it may be broken by: Carla Ortiz, Eva Kim"
    )


@pytest.mark.parametrize(
    ("name", "on", "may"),
    [
        ("Omar Reyes", DAY, False),
        ("Tomas Lima", DAY, False),
        ("Carla Ortiz", DAY, True),
        ("Eva Kim", DAY, True),
        ("Eva Kim", date(2026, 11, 27), False),
    ],
)
def test_what_lives_is_broken_by_whoever_leads_on_that_day(name: str, on: date, *, may: bool) -> None:
    judgement = judge(name, lives=True, although_it_lives=True, on=on)

    assert judgement.verdict.lets_pass is may
    assert (f"{name} breaks it all the same" if may else f"although_it_lives: {name} (") in judgement.sentence


def test_a_migration_alone_has_no_version_to_put_back() -> None:
    said = say_hold_broken(releases.release(way=Way.MIGRATION), "Dora Levin broke the hold of b2b2b2b: by hand")

    assert "`Rollback/rollback`" not in said
    assert "look at what was applied" in said
