"""A step looks, writes what it means to do, acts, and confirms; what it did before a crash it finds again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from blocks.company import Company
from blocks.errors import NotDone, Refused, Superseded, Unreachable
from blocks.record import Record
from policy.record import Event
from tasks.run import Run
from tasks.step import Again, Seen, Step, StepFailed, perform
from tests.core.company import a_company, a_release
from tests.core.process import Outlook
from tests.core.world import MemoryStore, World


@dataclass
class Light:
    """What the steps here change."""

    is_on: bool = False
    switched: list[int] = field(default_factory=list)
    answers: list[Exception] = field(default_factory=list)
    acting: Exception | None = None
    turns_away: list[Exception] = field(default_factory=list)
    broken: bool = False

    def look(self, _company: Company) -> Seen:
        """Look, unless there is no answer."""
        if self.answers:
            raise self.answers.pop(0)
        return Seen(done=self.is_on, sentence="the light is on" if self.is_on else "the light is off")

    def switch(self, _company: Company, number: int) -> None:
        """Switch it on."""
        if self.turns_away:
            raise self.turns_away.pop(0)
        self.switched.append(number)
        self.is_on = not self.broken
        if self.acting is not None:
            raise self.acting


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that holds the environment under number 3."""
    company = a_company(World(), tmp_path)
    release = a_release(World())
    return Run(
        release=release,
        company=company,
        record=Record(company.store, release.key, holder=3, spool=tmp_path),
        number=3,
        lookout=Outlook(),
    )


def switched_on(light: Light, *, again: Again = Again.SAFE, within: timedelta = timedelta(0)) -> Step:
    return Step(
        number="2.1.2",
        subject="web-server-1",
        name="switched on",
        look=light.look,
        act=light.switch,
        does="switch it on",
        undo="switch it off",
        within=within,
        again=again,
    )


def story(run: Run) -> list[tuple[str, str]]:
    return [(row.event.value, str(row.facts.get("sentence") or row.facts.get("seen"))) for row in run.record.rows()]


def test_what_is_not_so_yet_is_meant_done_and_seen(run: Run) -> None:
    light = Light()

    perform(switched_on(light), run)

    assert light.switched == [3]
    assert story(run) == [("intended", "the light is off"), ("confirmed", "the light is on")]
    assert run.record.rows()[0].facts["undo"] == "switch it off"


def test_what_is_so_already_is_only_confirmed(run: Run) -> None:
    light = Light(is_on=True)

    perform(switched_on(light), run)

    assert light.switched == []
    assert story(run) == [("confirmed", "the light is on")]


@pytest.mark.parametrize("times", [1, 2])
def test_what_nobody_can_look_at_is_done_once_only(run: Run, times: int) -> None:
    light = Light(broken=True)
    for _ in range(times):
        perform(switched_on(light, again=Again.NEVER), run)

    assert light.switched == [3]
    assert story(run)[1] == ("confirmed", "done once")
    assert story(run)[2:] == [("confirmed", "may have been done before the crash; not repeated")] * (times - 1)


def test_a_step_of_another_subject_is_no_earlier_attempt(run: Run) -> None:
    run.record.append(Event.INTENDED, item="2.1.2", subject="web-server-2", step="switched on")
    light = Light(broken=True)

    perform(switched_on(light, again=Again.NEVER), run)

    assert light.switched == [3]


def test_what_is_not_seen_in_time_has_failed(run: Run) -> None:
    with pytest.raises(StepFailed, match=r"2\.1\.2 web-server-1 switched on: the light is off; waited 0 ms"):
        perform(switched_on(Light(broken=True)), run)

    assert [event for event, _ in story(run)] == ["intended"]


@pytest.mark.parametrize(
    ("light", "within"),
    [
        (Light(answers=[Unreachable("no answer")]), timedelta(seconds=5)),
        (Light(acting=Unreachable("the answer was lost")), timedelta(seconds=5)),
    ],
    ids=["away for a moment", "the answer was lost"],
)
def test_an_answer_that_is_lost_is_no_failure(run: Run, light: Light, within: timedelta) -> None:
    perform(switched_on(light, within=within), run)

    assert light.is_on


def test_a_look_that_is_lost_while_waiting_is_tried_again(run: Run) -> None:
    light = Light()

    def switch_and_go_away(_company: Company, number: int) -> None:
        light.switched.append(number)
        light.is_on = True
        light.answers = [Unreachable("no answer")]

    step = switched_on(light, within=timedelta(seconds=5))
    perform(Step(**{**vars(step), "act": switch_and_go_away}), run)

    assert story(run)[-1] == ("confirmed", "the light is on")


def test_what_was_not_done_is_done_again_and_is_one_change_on_the_record(run: Run) -> None:
    light = Light(turns_away=[NotDone("no connection"), NotDone("another command is still running")])

    perform(switched_on(light, within=timedelta(seconds=5)), run)

    assert light.switched == [3]
    assert story(run) == [("intended", "the light is off"), ("confirmed", "the light is on")]


def test_what_somebody_else_did_meanwhile_is_not_done_again(run: Run) -> None:
    light = Light()

    def done_by_others(_company: Company, _number: int) -> None:
        assert not light.is_on
        light.is_on = True
        raise NotDone("no connection")

    perform(Step(**{**vars(switched_on(light, within=timedelta(seconds=5))), "act": done_by_others}), run)

    assert story(run)[-1] == ("confirmed", "the light is on")


def test_what_may_have_been_done_is_looked_for_and_not_done_again(run: Run) -> None:
    light = Light(broken=True, acting=Unreachable("the answer was lost"))

    with pytest.raises(StepFailed, match="the light is off; waited 300 ms"):
        perform(switched_on(light, within=timedelta(milliseconds=300)), run)

    assert light.switched == [3]


def test_nothing_is_done_again_once_something_speaks_against_it(run: Run) -> None:
    light, outlook = Light(), run.lookout
    assert isinstance(outlook, Outlook)

    def turned_away(_company: Company, _number: int) -> None:
        outlook.speaks_against = KeyError("a red flag")
        raise NotDone("no connection")

    with pytest.raises(KeyError):
        perform(Step(**{**vars(switched_on(light, within=timedelta(hours=1))), "act": turned_away}), run)


@pytest.mark.parametrize(
    ("light", "again", "says"),
    [
        (Light(answers=[Unreachable("no answer")] * 3), Again.SAFE, "no answer"),
        (Light(answers=[Refused("no such light")]), Again.SAFE, "no such light"),
        (Light(acting=Refused("the fuse is blown")), Again.SAFE, "the fuse is blown"),
        (Light(acting=Unreachable("the answer was lost")), Again.NEVER, "the answer was lost"),
        (Light(turns_away=[NotDone("no connection")]), Again.NEVER, "no connection"),
        (Light(acting=NotDone("no connection"), broken=True), Again.SAFE, "no connection"),
    ],
    ids=[
        "cannot be looked at",
        "looking is refused",
        "acting is refused",
        "lost and not to be repeated",
        "not done and not to be repeated",
        "never done in time",
    ],
)
def test_a_system_that_says_no_is_a_failed_step(run: Run, light: Light, again: Again, says: str) -> None:
    with pytest.raises(StepFailed, match=f"2.1.2 web-server-1 switched on: {says}"):
        perform(switched_on(light, again=again), run)


@pytest.mark.usefixtures("impatient")
def test_without_its_intent_on_record_nothing_is_done(run: Run) -> None:
    light, store = Light(), run.company.store
    assert isinstance(store, MemoryStore)
    store.away = True

    with pytest.raises(StepFailed, match="the store does not answer"):
        perform(switched_on(light), run)

    assert light.switched == []


def _taken_over(run: Run, _light: Light) -> None:
    Record(run.company.store, run.release.key, holder=4, spool=Path("unused")).append(Event.TOOK_OVER)


def _fenced_off(_run: Run, light: Light) -> None:
    light.acting = Superseded("web-server-1: 3 is refused, 4 took over")


@pytest.mark.parametrize("meanwhile", [_taken_over, _fenced_off])
def test_whoever_was_taken_over_stops_and_has_not_failed(run: Run, meanwhile: Callable[[Run, Light], None]) -> None:
    light = Light(broken=True)
    meanwhile(run, light)

    with pytest.raises(Superseded, match=r"another process took this release over|4 took over"):
        perform(switched_on(light), run)


def test_nothing_is_waited_for_once_something_speaks_against_it(run: Run) -> None:
    outlook = run.lookout
    assert isinstance(outlook, Outlook)
    outlook.speaks_against = KeyError("a red flag")

    with pytest.raises(KeyError):
        perform(switched_on(Light(broken=True), within=timedelta(hours=1)), run)
