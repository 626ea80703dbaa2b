"""4.2.1: what a release brought is proposed to be taken off main, however it was merged."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
from prefect.logging import disable_run_logger

from blocks.company import Company
from blocks.github import GitHub
from blocks.record import Record
from flows.revert import newest_rolled_back, open_run, propose, release_to_revert
from lab.history import ANA, DEV, TOMAS, History
from lab.vendors.github import GitHub as StandIn
from policy.judgement import Judgement, Verdict
from policy.metrics import Ending
from policy.record import Event
from policy.release import Build
from policy.revert import branch_of, find_reverted, title_of
from policy.way_back_forms import RevertRequest
from tasks.resolve import BadRequest
from tasks.revert import brought_by, revert_deployed
from tasks.run import Run
from tasks.step import StepFailed
from tests.core.company import DEPLOYMENTS, People, a_company
from tests.core.conftest import plain_step
from tests.core.world import World
from tests.policy import releases
from tests.serving import served

KEY, TOKEN = "20261126-180000-1f2e3d4c", "ghp_right"
OLD_IMAGE = "sha256:" + "a1" * 32
ROTA, LOGIN, NOTES = "apps/api/src/rota.ts", "apps/api/src/auth/login.ts", "docs/notes.md"


@dataclass
class Scene:
    """A company with a real repository, a release of which is rolled back."""

    company: Company
    vendor: StandIn
    history: History
    pipeline: str = "success"
    before: str = ""

    async def pushed(self, branch: str, commit: str) -> None:
        """The pipeline tries what is pushed."""
        self.vendor.state.report_run(commit, self.pipeline, branch=branch, failed_step="Test")

    def rolled_back(self, commit: str, *, key: str = KEY, merged: bool = True, sealed: bool = True) -> None:
        """Let the release from what production serves to this commit have a record that ends rolled back."""
        change = self.company.github.read_change_set(self.before, commit)
        release = releases.release(
            key=key, commit=commit, previous_commit=self.before, commits=change.commits, files=change.files
        )
        record = Record(self.company.store, key, holder=1, spool=self.company.spool)
        record.append(Event.OPENED, facts={"release": release.model_dump(mode="json")})
        if merged:
            record.append(Event.BUILT, item="2.1.1", facts=built(commit).model_dump(mode="json"))
        record.append(Event.WAY_BACK, item="1.4.5", facts={"digests": {"web-server-1": OLD_IMAGE}})
        record.append(Event.GOING_HOME, item="4.1.1", facts={"cause": "red flag", "sentence": "8 % errors"})
        if sealed:
            record.append(Event.SEALED, facts={"outcome": Ending.ROLLED_BACK.value, "sentence": "red flag"})

    def revert(self, *, release: str = KEY, attempt: int = 1) -> tuple[Judgement, str]:
        """Start `Revert/revert`."""
        request = RevertRequest(release=release, reason="patients saw the rota of others", requested_by="Omar Reyes")
        original, rows, brought = release_to_revert(self.company, request)
        self.run = open_run(self.company, original, request, key=f"20261127-09000{attempt}-aaaaaaaa-revert")
        return propose(self.run, request, rows, brought)

    def tree(self, name: str) -> str:
        """The files under a branch or commit."""
        return self.history.git("rev-parse", f"{name}^{{tree}}")


def built(commit: str, digest: str = "sha256:" + "b2" * 32) -> Build:
    return Build(commit=commit, image="holi-web", digest=digest, merged_at=None, run_url=None)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setattr("tasks.step.as_task", plain_step)
    history = History.make(tmp_path / "holi.git")
    vendor = StandIn(history, TOKEN)
    with served(vendor.app) as url, disable_run_logger():
        github = GitHub(url=url, repository="holilabs/holilabsv2", patience=1, read_timeout=5)
        company = replace(a_company(World(), tmp_path / "spool"), github=github)
        scene = Scene(company, vendor, history, before=history.resolve("main"))
        vendor.on_push = scene.pushed
        yield scene
        github.close()


def squashed(history: History) -> str:
    return history.commit({ROTA: "export const rota = 1\n"}, "Show the rota (#12)", DEV)


def merged(history: History) -> str:
    history.commit({ROTA: "export const rota = 1\n"}, "Begin the rota", DEV, branch="feature/rota")
    head = history.commit({LOGIN: None}, "Drop the old login", DEV, branch="feature/rota")
    history.commit({NOTES: "beside it\n"}, "Write notes", ANA)
    commit = history.merge("main", head, "Merge pull request #12 from holilabs/feature/rota", TOMAS)
    history.move("refs/heads/main", commit)
    return commit


def rebased(history: History) -> str:
    history.commit({ROTA: "export const rota = 1\n"}, "Begin the rota", DEV)
    history.commit({ROTA: "export const rota = 2\n"}, "Sort the rota", DEV)
    return history.commit({LOGIN: None}, "Drop the old login", ANA)


def several(history: History) -> str:
    squashed(history)
    merged(history)
    return history.commit({LOGIN: "export const again = 1\n"}, "Bring the login back (#14)", ANA)


@pytest.mark.parametrize("bring", [squashed, merged, rebased, several])
def test_the_revert_holds_the_very_files_of_before_however_they_were_merged(
    scene: Scene, bring: Callable[[History], str]
) -> None:
    commit = bring(scene.history)
    scene.rolled_back(commit)

    judgement, what_next = scene.revert()

    assert judgement.verdict is Verdict.PASSED
    assert f"holds the very files of {scene.before[:7]}, which production served before {KEY}" in judgement.sentence
    assert scene.tree(branch_of(KEY)) == scene.tree(scene.before)
    assert scene.tree("main") != scene.tree(scene.before)
    assert "then release the merge commit with `production`" in what_next


def test_the_pull_request_says_why_what_newest_first_and_where_the_record_is(scene: Scene) -> None:
    scene.rolled_back(several(scene.history))

    scene.revert()

    (pull,) = [one for one in scene.vendor.state.pulls.values() if one.head == branch_of(KEY)]
    assert pull.state == "open"
    assert pull.title.startswith(f"Revert release {KEY} of ")
    assert "Omar Reyes: patients saw the rota of others" in pull.body
    assert "It went home: red flag." in pull.body
    assert pull.body.index("Bring the login back (#14)") < pull.body.index("Show the rota (#12)")
    assert f"`python -m deployments.verify_record {KEY}`" in pull.body
    people = cast("People", scene.company.slack)
    assert [text for (channel, _), text in people.said.items() if channel == DEPLOYMENTS and pull.title in text]


def test_what_was_merged_since_stays_and_is_named_as_what_differs(scene: Scene) -> None:
    commit = squashed(scene.history)
    scene.rolled_back(commit)
    scene.history.commit({NOTES: "written since\n"}, "Write notes (#13)", ANA)

    judgement, _ = scene.revert()

    assert judgement.verdict is Verdict.PASSED
    assert f"only in what the release had not changed: {NOTES}; merged since: " in judgement.sentence
    assert "Write notes (#13)" in judgement.sentence
    names = scene.history.git("ls-tree", "-r", "--name-only", branch_of(KEY)).splitlines()
    assert NOTES in names
    assert ROTA not in names


def test_a_conflict_is_said_with_what_to_do_and_nothing_is_forced(scene: Scene) -> None:
    commit = squashed(scene.history)
    scene.rolled_back(commit)
    main = scene.history.commit({ROTA: "export const rota = 7\n"}, "Number the rota anew (#13)", ANA)

    with pytest.raises(StepFailed, match=f"check out {branch_of(KEY)}, `git merge origin/main`, settle the conflict"):
        scene.revert()

    assert scene.history.resolve("main") == main
    assert not [one for one in scene.vendor.state.pulls.values() if one.head == branch_of(KEY)]


def test_what_both_changed_without_a_conflict_is_for_a_person_to_look_at(scene: Scene) -> None:
    lines = "".join(f"line {number}\n" for number in range(30))
    scene.before = scene.history.commit({NOTES: lines}, "Write notes", ANA)
    scene.rolled_back(scene.history.commit({NOTES: lines.replace("line 2\n", "line two\n")}, "Spell it (#12)", DEV))
    both = lines.replace("line 2\n", "line two\n").replace("line 28\n", "line 28!\n")
    scene.history.commit({NOTES: both}, "Cheer (#13)", ANA)

    judgement, _ = scene.revert()

    assert judgement.verdict is Verdict.UNKNOWN
    assert f"in {NOTES}, which the release had changed too; merged since: " in judgement.sentence
    assert scene.history.git("show", f"{branch_of(KEY)}:{NOTES}").startswith("line 0\nline 1\nline 2\n")


def test_what_was_taken_back_by_hand_already_is_proposed_to_nobody(scene: Scene) -> None:
    scene.rolled_back(squashed(scene.history))
    scene.history.commit({ROTA: None}, "Revert the rota", ANA)

    judgement, what_next = scene.revert()

    assert judgement.verdict is Verdict.PASSED
    assert f"main holds nothing of {KEY} any more" in judgement.sentence
    assert what_next == "nothing to do"
    assert not [one for one in scene.vendor.state.pulls.values() if one.head == branch_of(KEY)]


def test_started_again_it_finds_what_is_there_and_proposes_nothing_twice(scene: Scene) -> None:
    scene.rolled_back(squashed(scene.history))
    scene.revert()
    branch = scene.history.resolve(branch_of(KEY))

    scene.revert(attempt=2)

    assert scene.history.resolve(branch_of(KEY)) == branch
    assert len([one for one in scene.vendor.state.pulls.values() if one.head == branch_of(KEY)]) == 1


@pytest.mark.parametrize("path", ["/git/commits", "/git/refs", "/pulls"])
def test_an_answer_that_was_lost_makes_no_second_one(scene: Scene, path: str) -> None:
    scene.rolled_back(squashed(scene.history))
    scene.vendor.break_with("lost", path=path, times=1, method="POST")

    scene.revert()

    assert scene.tree(branch_of(KEY)) == scene.tree(scene.before)
    assert len([one for one in scene.vendor.state.pulls.values() if one.head == branch_of(KEY)]) == 1


def test_a_merged_revert_is_compared_and_named_for_the_release(scene: Scene) -> None:
    scene.rolled_back(squashed(scene.history))
    scene.revert()
    github = scene.company.github
    number = max(scene.vendor.state.pulls)
    merge = github.merge_pull_request(number, scene.history.resolve(branch_of(KEY)))

    judgement, what_next = scene.revert(attempt=2)

    assert judgement.verdict is Verdict.PASSED
    assert what_next == f"#{number} is merged as {merge[:7]}: release that commit"


def test_a_proposal_that_people_closed_is_theirs(scene: Scene) -> None:
    scene.rolled_back(squashed(scene.history))
    scene.revert()
    number = max(scene.vendor.state.pulls)
    scene.vendor.state.pulls[number].state = "closed"

    with pytest.raises(StepFailed, match=f"#{number} proposed it and was closed; open it again if it is wanted"):
        scene.revert(attempt=2)


def test_a_revert_that_does_not_build_is_no_way_out(scene: Scene) -> None:
    scene.rolled_back(squashed(scene.history))
    scene.pipeline = "failure"

    with pytest.raises(StepFailed, match=r"the pipeline of \w{7} ended with failure \(build: Test\)"):
        scene.revert()


def test_what_is_deployed_is_compared_with_what_was_served_before(scene: Scene) -> None:
    scene.rolled_back(squashed(scene.history))
    scene.revert()
    merge = scene.company.github.merge_pull_request(
        max(scene.vendor.state.pulls), scene.history.resolve(branch_of(KEY))
    )
    change = scene.company.github.read_change_set(scene.before, merge)
    release = releases.release(commit=merge, previous_commit=scene.before, commits=change.commits)
    run = Run(release, scene.company, scene.run.record, number=1, build=built(merge))

    judgement = revert_deployed.ask(run)

    assert find_reverted(release.commits) == KEY
    assert judgement.verdict is Verdict.PASSED
    assert f"{merge[:7]} holds the very files of {scene.before[:7]}" in judgement.sentence

    run.build = built(scene.history.commit({ROTA: "export const more = 1\n"}, "Add more", DEV), OLD_IMAGE)
    assert "is the very image that production served before" in revert_deployed.ask(run).sentence


def test_only_what_is_on_main_can_be_taken_off_it(scene: Scene) -> None:
    branch = scene.history.commit({ROTA: "export const rota = 1\n"}, "Try the rota", DEV, branch="hotfix/rota")
    scene.rolled_back(branch)

    with pytest.raises(BadRequest, match=f"{branch[:7]} of {KEY} is not on main"):
        scene.revert()


@pytest.mark.parametrize(
    ("key", "sentence"), [("20200101-000000-00000000", "there is no record"), (KEY, "merged nothing")]
)
def test_a_release_that_brought_nothing_has_no_revert(scene: Scene, key: str, sentence: str) -> None:
    scene.rolled_back(squashed(scene.history), merged=False)

    with pytest.raises(BadRequest, match=sentence):
        scene.revert(release=key)


def test_without_a_key_the_newest_that_was_rolled_back_is_meant(scene: Scene) -> None:
    with pytest.raises(BadRequest, match="no release was rolled back"):
        newest_rolled_back(scene.company, "production")
    scene.rolled_back(squashed(scene.history))
    scene.rolled_back(scene.history.resolve("main"), key="20261127-180000-22222222", sealed=False)

    assert newest_rolled_back(scene.company, "production") == KEY
    scene.revert(release="")
    brought = brought_by(Record(scene.company.store, KEY, holder=0, spool=scene.company.spool).rows())
    assert brought is not None
    assert scene.history.git("log", "-1", "--format=%s", branch_of(KEY)) == title_of(brought)
