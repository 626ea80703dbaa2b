"""A hold is broken on purpose: not that of a living release by anybody, and whoever it concerns hears of it."""

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from blocks.company import Company
from blocks.errors import Superseded
from blocks.hold import Hold, Holds
from flows.break_hold import break_hold_of
from flows.red_flag import RedFlag
from flows.way_home import way_home
from policy.first_bad_sign import first_bad_sign
from policy.record import Event
from policy.roles import Person, Role, Roster
from policy.way_back_forms import BreakHoldRequest
from tasks.messages import deliver, show_state
from tasks.resolve import BadRequest
from tasks.step import perform
from tests.core.company import DEPLOYMENTS, People
from tests.core.process import Process, let_time_pass
from tests.core.scene import DEAD, FIRST_BACK, begun, outcome, pages
from tests.core.test_announcement import PLANNED
from tests.core.world import World

BEAT = timedelta(seconds=3)
PEOPLE = (
    Person(name="Omar Reyes", roles=(Role.DEVELOPER,)),
    Person(name="Dora Levin", roles=(Role.DEVOPS_LEAD,)),
    Person(name="Carla Ortiz", roles=(Role.CTO,)),
    Person(name="Tomas Lima", roles=(Role.TECH_LEAD,), slack="UTOMAS"),
)
WAITS = ":hourglass_flowing_sand: *Waits for an approval*: Tomas Lima may decide"


@pytest.fixture
def process(company: Company, world: World) -> Process:
    """A release whose process lives and that waits at its gate, as its announcement and Tomas Lima know."""
    known = replace(company, roster=Roster.model_construct(people=PEOPLE))
    process = begun(known, world, steps=FIRST_BACK)
    run = process.run
    perform(deliver(run, number="1.3.7", name="team notified", text=PLANNED, thread=False), run)
    run.record.append(Event.ASKED, item="2.1.4", facts={"approvers": ["Tomas Lima"]})
    show_state(run, WAITS)
    let_time_pass(known, BEAT)
    return process


def asked_by(name: str, *, although_it_lives: bool = False) -> BreakHoldRequest:
    return BreakHoldRequest(
        reason="it bores me, let me through", requested_by=name, although_it_lives=although_it_lives
    )


def newest(process: Process) -> Hold:
    found = Holds(process.run.company.store, "production").newest()
    assert found is not None
    return found


def said_to(process: Process, where: str) -> str:
    said = cast("People", process.run.company.slack).said
    return "\n".join(text for (channel, _), text in said.items() if channel == where)


@pytest.mark.parametrize("name", [person.name for person in PEOPLE])
def test_the_hold_of_a_living_release_is_not_broken_by_the_way(process: Process, name: str) -> None:
    with pytest.raises(BadRequest) as raised:
        break_hold_of(process.run.company, asked_by(name))

    said = str(raised.value)
    assert f"is releasing {process.run.release.what}, for " in said
    assert "its process lives (last beat 3 s ago, dead after 45 s)" in said
    assert (
        "raise `Red flag/red-flag`, start `Rollback/rollback`, or cancel its run: each puts back what it touched"
        in said
    )
    assert "with `although_it_lives` it may be broken by: Dora Levin, Carla Ortiz" in said
    assert newest(process).number == process.run.number


@pytest.mark.parametrize("name", ["Omar Reyes", "Tomas Lima"])
def test_who_does_not_lead_breaks_no_living_release(process: Process, name: str) -> None:
    with pytest.raises(BadRequest, match=rf"although_it_lives: {name} \(.*\) may not; may: Dora Levin, Carla Ortiz"):
        break_hold_of(process.run.company, asked_by(name, although_it_lives=True))

    assert newest(process).number == process.run.number


@pytest.mark.parametrize("name", ["Dora Levin", "Carla Ortiz"])
def test_who_leads_breaks_a_living_release_and_whoever_it_concerns_hears_who_and_why(
    process: Process, name: str
) -> None:
    broke = f"{name} broke the hold of {process.run.release.what}: it bores me, let me through"

    break_hold_of(process.run.company, asked_by(name, although_it_lives=True))

    assert newest(process).released
    assert outcome(process) == "stuck"
    announcement = said_to(process, DEPLOYMENTS)
    assert WAITS not in announcement
    assert announcement.startswith(f":rotating_light: *{process.run.release.what}: its hold was broken.* {broke}.")
    assert "Every server is left as it is" in announcement
    assert "Next: `Rollback/rollback` puts the version before back" in announcement
    told = said_to(process, "UTOMAS")
    assert told.startswith(":no_entry: *Your decision is no longer wanted:")
    assert broke in told
    assert any(broke in page for page in pages(process.run.company))
    with pytest.raises(Superseded, match=r"this run changes nothing more|has ended"):
        process.run.record.append(Event.INTENDED, item="2.1.5")


def test_anybody_breaks_the_hold_of_a_process_that_lives_no_longer(process: Process) -> None:
    let_time_pass(process.run.company, DEAD)

    break_hold_of(process.run.company, asked_by("Omar Reyes"))

    assert newest(process).released
    assert outcome(process) == "stuck"
    rows = process.run.record.rows()
    bad = first_bad_sign(rows)
    assert bad is not None
    assert (bad.what, round((rows[-1].at - bad.at).total_seconds())) == (
        "the process fell silent",
        (BEAT + DEAD).seconds,
    )


def test_who_was_asked_hears_it_once_and_not_where_somebody_has_answered(process: Process) -> None:
    process.run.record.append(Event.ANSWERED, item="2.1.4", facts={"outcome": "roll back", "name": "Omar Reyes"})

    break_hold_of(process.run.company, asked_by("Carla Ortiz", although_it_lives=True))

    assert said_to(process, "UTOMAS") == ""


def test_who_was_asked_hears_that_a_red_flag_sent_the_release_back(process: Process) -> None:
    with pytest.raises(RedFlag), way_home(process.run):
        raise RedFlag("Omar Reyes: users report problems")

    assert outcome(process) == "rolled back"
    assert "red flag: Omar Reyes: users report problems" in said_to(process, "UTOMAS").replace("Red", "red")
