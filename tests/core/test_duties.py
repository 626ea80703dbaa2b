"""5.2.6: the duties of the day after: wherever a run that looks after one dies, it is asked again, and said once."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prefect.client.schemas.objects import FlowRun

from blocks.company import Company
from blocks.errors import Unreachable
from blocks.github_proposals import Issue
from blocks.slack import Message
from flows.hotfix_duty import chase
from policy.duties import Duty
from policy.release import Urgency
from policy.roles import Person, Role, Roster
from tasks.resolve import BadRequest
from tests.core.company import Code, People, a_company, a_hotfix, a_release
from tests.core.process import Process
from tests.core.runs import Runs
from tests.core.world import Died, MemoryStore, World

CHASED = (Duty.POST_MORTEM, Duty.BACK_MERGE)
OMAR = Roster(people=(Person(name="Omar Reyes", roles=tuple(Role), slack="U0OMAR"),))


class Team(People):
    """Slack, which has a message once; the process may die before it or before it hears of it."""

    engineering = "C0ENGINEERING"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def post(self, channel: str, text: str, key: str, thread: Message | None = None) -> Message:
        """Say it, unless it was said."""
        self.world.may_die()
        if self.find(channel, key) is None:
            super().post(channel, text, key, thread)
        self.world.may_die()
        return Message(channel, key)


class Work(Code):
    """GitHub, where people do their part one day."""

    done = False

    def find_marked_issue(self, mark: str, _since: datetime) -> Issue | None:
        """Return the issue, closed once the work is done."""
        url = self.find_issue(mark, _since)
        return Issue(url, closed=self.done) if url else None

    def is_ancestor(self, _commit: str, of: str) -> bool:
        """Production holds it; main does once it was merged back."""
        return of == "production" or self.done

    def list_pulls_of(self, commits: list[str]) -> dict[str, tuple[int, ...]]:
        """Nobody opened one."""
        return dict.fromkeys(commits, ())


@dataclass
class Aftermath:
    """A security hotfix that is live, and the days that follow."""

    folder: Path
    patch: pytest.MonkeyPatch
    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self.runs, self.team, self.work = Runs(self.world), Team(self.world), Work(self.world)
        self.runs.stand_in(self.patch)
        systems = {"slack": cast("Any", self.team), "github": cast("Any", self.work), "roster": OMAR}
        self.company: Company = replace(a_company(self.world, self.folder / "spool"), **cast("Any", systems))
        hotfix = a_hotfix(self.world, urgency=Urgency.HOLE_EXPLOITED)
        Process.begin(self.company, hotfix).go_on_to_the_end()
        self.key = hotfix.key

    def leave_only(self, duty: Duty) -> None:
        """Look at one duty."""
        self.runs.waiting = [run for run in self.runs.waiting if run.parameters["duty"] == duty]

    def look(self, run: FlowRun, *, dies_after: int | None = None) -> str:
        """Let a run do its work on its day; say how it ended."""
        assert run.expected_start_time is not None
        self.world.dies_after = dies_after
        try:
            duty, asked = Duty(run.parameters["duty"]), run.parameters["asked"]
            return str(chase(self.company, duty, self.key, asked=asked, now=run.expected_start_time).name)
        except Died:
            return "died"
        finally:
            self.world.dies_after = None


@pytest.fixture
def aftermath(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Aftermath:
    """The day after, under Prefect in memory."""
    return Aftermath(tmp_path, monkeypatch)


# Before the first of them the run that follows is not scheduled yet: such a run is retried by hand.
moments = st.integers(2, 12)


@given(st.sampled_from(CHASED), st.lists(st.none() | moments, max_size=5), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_wherever_a_run_dies_another_one_follows_until_the_duty_is_done(
    duty: Duty, deaths: list[int | None], done_after: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        aftermath = Aftermath(Path(folder), patch)
        aftermath.leave_only(duty)
        for day, dies_after in enumerate([*deaths, *[None] * (done_after + 2)]):
            aftermath.work.done = day >= done_after
            said = len(aftermath.team.said)

            ended = aftermath.look(aftermath.runs.take_next(), dies_after=dies_after)

            if not aftermath.runs.waiting:
                break
            assert aftermath.runs.duties() == [duty]
            assert len(aftermath.team.said) > said or ended == "died"

        assert aftermath.work.done
        assert aftermath.runs.duties() == []
        assert len(aftermath.work.issues) <= 1


@pytest.mark.parametrize("duty", CHASED)
def test_a_run_that_died_and_is_retried_says_nothing_twice(aftermath: Aftermath, duty: Duty) -> None:
    aftermath.leave_only(duty)
    run = aftermath.runs.take_next()
    told = []

    for dies_after in (*range(13), None):
        aftermath.look(run, dies_after=dies_after)
        told.append([key for channel, key in aftermath.team.said if channel == "U0OMAR"])

    assert told[-1] == [f"{aftermath.key}/{duty}-asked-1-U0OMAR"]
    assert aftermath.runs.duties() == [duty]
    assert aftermath.runs.waiting[0].parameters["asked"] == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("what", ["records", "GitHub"])
def test_a_duty_that_nobody_can_look_at_today_is_looked_at_again(
    aftermath: Aftermath, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def away(*_words: object) -> bool:
        raise Unreachable("no answer in time")

    aftermath.leave_only(Duty.BACK_MERGE)
    if what == "records":
        cast("MemoryStore", aftermath.company.store).away = True
    else:
        monkeypatch.setattr(aftermath.work, "is_ancestor", away)

    assert aftermath.look(aftermath.runs.take_next()) == "Unknown"

    assert [run.parameters["asked"] for run in aftermath.runs.waiting] == [0]


def test_what_is_the_key_of_no_hotfix_is_chased_by_nobody(aftermath: Aftermath) -> None:
    another = a_release(aftermath.world).model_copy(update={"key": "20261124-190000-1f2e3d4c"})
    standard = Process.begin(aftermath.company, another).run
    due = aftermath.runs.take_next().expected_start_time
    assert due is not None
    before = list(aftermath.runs.waiting)

    with pytest.raises(BadRequest, match="is the key of no hotfix"):
        chase(aftermath.company, Duty.SUMMARY, standard.release.key, asked=0, now=due)

    assert aftermath.runs.waiting == before


def test_the_summary_leaves_the_issue_of_the_post_mortem_to_its_own_run(aftermath: Aftermath) -> None:
    summary, post_mortem = (
        next(run for run in aftermath.runs.waiting if run.parameters["duty"] == duty)
        for duty in (Duty.SUMMARY, Duty.POST_MORTEM)
    )

    assert aftermath.look(summary) == "Done"
    assert aftermath.work.issues == []
    assert (
        "post-mortem: its issue is about to be opened"
        in aftermath.team.said["C0ENGINEERING", f"{aftermath.key}/hotfix-summary"]
    )

    assert aftermath.look(post_mortem) == "Waits"
    assert len(aftermath.work.issues) == 1
