"""A hold is broken on purpose: not that of a living release by anybody, and whoever it concerns hears of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.errors import Superseded, Unreachable
from blocks.hold import Hold, Holds
from blocks.record import Record
from blocks.slack import Message
from flows.break_hold import NobodyTold, break_hold_of
from flows.hold import write_beginning
from flows.recovery import recover
from flows.red_flag import RedFlag
from flows.rollback import go_back
from flows.way_home import way_home
from policy.first_bad_sign import first_bad_sign
from policy.plans import Back, Stuck
from policy.record import Event
from policy.roles import Person, Role, Roster
from policy.way_back_forms import BreakHoldRequest
from tasks.messages import deliver, show_state
from tasks.resolve import BadRequest
from tasks.resume import resume
from tasks.step import perform
from tests.core.company import DEPLOYMENTS, People
from tests.core.process import Process, let_time_pass
from tests.core.scene import ALL_OLD, DEAD, FIRST_BACK, begun, dead_hold, outcome, pages, serving
from tests.core.test_announcement import PLANNED
from tests.core.test_asked_back import ASKED, WHY
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


class SilentPeople(People):
    """Slack, away when the test says so."""

    away = False

    def find(self, channel: str, key: str, thread: Message | None = None) -> Message | None:
        """Answer only while it is there."""
        self._reach()
        return super().find(channel, key, thread)

    def post(self, channel: str, text: str, key: str, thread: Message | None = None) -> Message:
        """Answer only while it is there."""
        self._reach()
        return super().post(channel, text, key, thread)

    def _reach(self) -> None:
        if self.away:
            raise Unreachable("Slack does not answer")


@pytest.fixture
def unheard(company: Company, world: World, monkeypatch: pytest.MonkeyPatch) -> Process:
    """A release whose process died between two servers, and whose hold was broken while Slack was away."""
    monkeypatch.setattr("tasks.messages.WITHIN", timedelta(0))
    slack = SilentPeople()
    known = replace(company, roster=Roster.model_construct(people=PEOPLE), slack=cast("Any", slack))
    process = begun(known, world, steps=FIRST_BACK)
    perform(deliver(process.run, number="1.3.7", name="team notified", text=PLANNED, thread=False), process.run)
    let_time_pass(known, DEAD)
    slack.away = True
    with pytest.raises(NobodyTold, match=r"bores me, let me through; no server is touched .* is not free yet"):
        break_hold_of(known, asked_by("Omar Reyes"))
    return process


def test_recovery_only_tells_people_of_a_hold_that_was_broken(unheard: Process, world: World) -> None:
    known, acts, before = unheard.run.company, list(world.acts), serving(world)
    slack = cast("SilentPeople", known.slack)

    assert isinstance(recover(known, newest(unheard)), Stuck)
    assert not newest(unheard).released
    slack.away = False
    assert isinstance(recover(known, newest(unheard)), Stuck)

    assert newest(unheard).released
    assert (outcome(unheard), world.acts, serving(world)) == ("stuck", acts, before)
    assert "Omar Reyes broke the hold of" in slack.pages()[0]
    assert "its hold was broken.*" in said_to(unheard, DEPLOYMENTS)


def test_a_hold_whose_breaking_process_died_before_it_told_anybody_is_left_to_people(
    process: Process, world: World
) -> None:
    company, acts = process.run.company, list(world.acts)
    let_time_pass(company, DEAD)
    holds = Holds(company.store, "production")
    number = holds.take(release=process.run.release.key, by="Omar Reyes", what="b2b2b2b", above=0, over=newest(process))
    record = Record(company.store, process.run.release.key, holder=number, spool=company.spool)
    write_beginning(record, process.run.release, over=newest(process), why="broke it", broken="Omar Reyes broke it")

    recover(company, dead_hold(company))

    assert (outcome(process), world.acts) == ("stuck", acts)


def test_who_asks_for_the_roll_back_of_a_broken_release_gets_it_also_where_nobody_can_be_told(
    unheard: Process, world: World
) -> None:
    plan = go_back(unheard.run.company, ASKED, WHY)

    assert isinstance(plan, Back)
    assert (outcome(unheard), serving(world)) == ("rolled back", ALL_OLD)


def test_a_hotfix_rolls_no_broken_release_back_under_the_hands_of_people(unheard: Process, world: World) -> None:
    acts = list(world.acts)

    recover(unheard.run.company, newest(unheard), asked="the hotfix needs the environment")

    assert world.acts == acts


def test_a_retry_goes_on_with_no_release_whose_hold_was_broken(unheard: Process) -> None:
    with pytest.raises(BadRequest, match="goes on no further: Omar Reyes broke the hold of"):
        resume(unheard.run.company, unheard.run.release.key)


def test_a_page_of_a_broken_hold_has_no_commands_that_the_schema_no_longer_fits(process: Process) -> None:
    facts = {"migrations": "m1", "takes_away": "Patient.nickname dropped"}
    process.run.record.append(Event.INTENDED, item="6.3.2", subject="database", step="applied", facts=facts)
    let_time_pass(process.run.company, DEAD)

    break_hold_of(process.run.company, asked_by("Omar Reyes"))

    assert "roll-back.sh" not in pages(process.run.company)[0]
