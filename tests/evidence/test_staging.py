"""1.3.1: staging ends with exactly the files of the release, whatever was tried there before, and nothing is lost."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from prefect.logging import disable_run_logger
from starlette.responses import JSONResponse

from blocks.company import Company, Staging
from blocks.github import GitHub
from blocks.record import Record
from lab.history import ANA, DEV, History
from lab.vendors.github import GitHub as StandIn
from policy.health import HealthAnswer
from policy.judgement import Verdict
from policy.limits import Mode
from policy.record import Event
from tasks.item import answer
from tasks.run import Run
from tasks.staging import deployed_to_staging, say_deployment, staging_smoke_test
from tasks.step import StepFailed, perform
from tests.core.company import Service, a_company
from tests.core.world import Hosts, Machine, World
from tests.policy import releases
from tests.serving import served

ROTA, NOTES = "apps/api/src/rota.ts", "docs/notes.md"
TOKEN = "ghp_right"
SECONDS = timedelta(seconds=5)


class StagingHosts(Hosts):
    """Staging, which its pipeline brings to whatever is pushed to its branch."""

    version = ""
    database = "connected"

    def read_health(self, server: Any, *, within: timedelta | None = None) -> HealthAnswer:
        """It is well while its database is, and says its version."""
        del within
        body = {"status": "healthy", "database": self.database, "version": self.version}
        return HealthAnswer(server.name, 200, json.dumps(body))


@dataclass
class Scene:
    """A company with a real repository, whose pipeline deploys staging."""

    company: Company
    history: History
    vendor: StandIn
    hosts: StagingHosts
    number: int = 0
    pushed: list[str] = field(default_factory=list)
    rivals: int = 0
    rule: str = ""

    async def deploy(self, branch: str, commit: str) -> None:
        """The pipeline deploys what was pushed to staging."""
        if branch == "staging":
            self.pushed.append(commit)
            self.hosts.version = commit

    def release(self, commit: str, *, mode: Mode = Mode.RELEASE) -> Run:
        """A release of the commit that has just begun."""
        self.number += 1
        limits = self.company.limits.model_copy(update={"staging": SECONDS})
        release = releases.release(
            key=f"20261127-18000{self.number}-1f2e3d4c",
            commit=commit,
            request=releases.request(commit=commit, mode=mode),
            limits=limits,
        )
        record = Record(self.company.store, release.key, holder=1, spool=self.company.spool)
        return Run(release=release, company=self.company, record=record, number=1)

    def deploys(self, commit: str) -> str:
        """1.3.1 of a release of the commit, and what it says."""
        run = self.release(commit)
        perform(deployed_to_staging(run), run)
        (said,) = say_deployment(run)
        return said

    def try_pull_request(self, files: dict[str, str | None]) -> str:
        """A pull request is deployed to staging, and its release is refused afterwards."""
        head = self.history.commit(files, "Show the rota", ANA, branch="feature/rota")
        self.vendor.state.open_pull_request("feature/rota", "Show the rota", author=ANA)
        self.deploys(head)
        return head

    def try_by_hand(self) -> None:
        """Somebody pushes to staging what they want to try."""
        self.history.commit({ROTA: "rota\n"}, "Show the rota", ANA, branch="staging")

    def tree(self, name: str) -> str:
        """The files under a branch or commit."""
        return self.history.git("rev-parse", f"{name}^{{tree}}")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    history = History.make(tmp_path / "holi.git")
    hosts = StagingHosts(World(machines={"staging": Machine("staging")}))
    hosts.version = history.resolve("staging")
    there = Staging(fleet=cast("Any", hosts), application=cast("Any", Service()))
    company = replace(a_company(World(), tmp_path / "spool"), staging=there)
    scene = Scene(company, history, StandIn(history, TOKEN), hosts)
    scene.vendor.on_push = scene.deploy

    async def github_and_a_rival(scope: Any, receive: Any, send: Any) -> None:
        """A colleague may push just before a branch is moved; a rule of the repository may forbid to move it."""
        if scope["method"] == "PATCH" and scene.rule:
            await JSONResponse({"message": scene.rule}, 422)(scope, receive, send)
            return
        if scope["method"] == "PATCH" and scene.rivals:
            scene.rivals -= 1
            history.commit({NOTES: f"{scene.rivals}\n"}, "Push meanwhile", ANA, branch="staging")
        await scene.vendor.app(scope, receive, send)

    with served(github_and_a_rival) as url, disable_run_logger():
        github = GitHub(url=url, repository="holilabs/holilabsv2", patience=1, read_timeout=5)
        scene.company = replace(company, github=github)
        yield scene
        github.close()


def test_where_nothing_else_was_tried_the_commit_is_merged_as_people_do(scene: Scene) -> None:
    commit = scene.history.commit({NOTES: "new\n"}, "Write notes", DEV)

    said = scene.deploys(commit)

    (merge,) = scene.pushed
    assert scene.history.git("rev-list", "--parents", "-1", merge).split()[2] == commit
    assert said == f"staging serves {merge[:12]}, which has the very files of {commit[:12]}"


@pytest.mark.parametrize(
    "files", [{ROTA: "rota\n"}, {NOTES: "other\n"}], ids=["merges cleanly", "conflicts with the release"]
)
def test_what_a_refused_pull_request_left_is_put_aside_and_named(scene: Scene, files: dict[str, str | None]) -> None:
    refused = scene.try_pull_request(files)
    commit = scene.history.commit({NOTES: "new\n"}, "Write notes", DEV)

    said = scene.deploys(commit)

    assert scene.tree("staging") == scene.tree(commit)
    assert scene.hosts.version == scene.history.resolve("staging")
    assert scene.history.is_ancestor(refused, of="staging")
    assert scene.history.is_ancestor(commit, of="staging")
    assert said.endswith(
        f"; put aside on its branch, since {commit[:7]} does not have it: {refused[:7]} Show the rota"
    ), said
    assert len(scene.pushed) == 2, "no mixture of the two is deployed on the way"


def test_what_was_put_aside_stays_put_aside_and_is_named_once(scene: Scene) -> None:
    scene.try_pull_request({ROTA: "rota\n"})
    scene.deploys(scene.history.commit({NOTES: "new\n"}, "Write notes", DEV))

    following = scene.history.commit({NOTES: "newer\n"}, "Write more notes", DEV)

    assert "put aside" not in scene.deploys(following)
    assert scene.tree("staging") == scene.tree(following)


def test_a_commit_that_was_there_before_the_refused_one_is_brought_back(scene: Scene) -> None:
    commit = scene.history.commit({NOTES: "new\n"}, "Write notes", DEV)
    scene.deploys(commit)
    scene.try_pull_request({ROTA: "rota\n"})

    assert "Show the rota" in scene.deploys(commit)
    assert scene.tree("staging") == scene.tree(commit)


def test_a_pull_request_that_was_squashed_into_main_is_not_called_put_aside(scene: Scene) -> None:
    head = scene.try_pull_request({ROTA: "rota\n"})
    scene.company.github.merge_pull_request(11, head)
    commit = scene.history.commit({ROTA: "another rota\n"}, "Change the rota", DEV)

    assert "put aside" not in scene.deploys(commit)
    assert scene.tree("staging") == scene.tree(commit)


def test_a_revert_is_tried_from_its_pull_request_and_released_as_its_merge(scene: Scene) -> None:
    before = scene.history.resolve("main")
    bad = scene.history.commit({ROTA: "rota\n"}, "Show the rota", DEV)
    scene.deploys(bad)
    github = scene.company.github
    github.create_branch("revert/a", github.create_commit(github.read_tree(before), (bad,), "Revert the rota"))
    proposal = github.open_pull_request("revert/a", "main", "Revert the rota", "It was rolled back.")
    tried = scene.deploys(proposal.head)

    merge = github.merge_pull_request(proposal.number, proposal.head)
    released = scene.deploys(merge)
    again = scene.deploys(scene.history.commit({ROTA: "a better rota\n"}, "Show the rota again", DEV))

    assert scene.tree("staging") == scene.tree("main")
    assert scene.tree(merge) == scene.tree(before)
    assert "put aside" not in tried + released + again


def test_what_somebody_pushes_meanwhile_is_looked_at_again_and_kept(scene: Scene) -> None:
    scene.try_by_hand()
    commit = scene.history.commit({NOTES: "new\n"}, "Write notes", DEV)
    scene.rivals = 1

    said = scene.deploys(commit)

    assert scene.tree("staging") == scene.tree(commit)
    assert re.search("does not have it: [0-9a-f]{7} Push meanwhile, [0-9a-f]{7} Show the rota$", said), said


def test_a_branch_that_never_stands_still_ends_the_release_and_says_so(scene: Scene) -> None:
    scene.try_by_hand()
    commit = scene.history.commit({NOTES: "new\n"}, "Write notes", DEV)
    scene.rivals = 9

    with pytest.raises(StepFailed, match=f"pushed to staging each of the 3 times that {commit[:7]} was put on it"):
        scene.deploys(commit)
    assert scene.history.git("log", "-3", "--format=%s", "staging").splitlines() == ["Push meanwhile"] * 3


def test_a_branch_that_may_not_be_moved_ends_the_release_in_github_s_own_words(scene: Scene) -> None:
    scene.try_by_hand()
    scene.rule = "Changes must be made through a pull request."
    commit = scene.history.commit({NOTES: "new\n"}, "Write notes", DEV)

    with pytest.raises(StepFailed, match=r"the branch staging cannot go on to \w{7}: Changes must be made through a"):
        scene.deploys(commit)


@pytest.mark.parametrize("tried", [False, True])
@pytest.mark.parametrize("kind", ["lost", "down"])
def test_one_answer_that_does_not_come_makes_nothing_undone_or_twice(scene: Scene, kind: str, *, tried: bool) -> None:
    if tried:
        scene.try_by_hand()
    before = len(scene.pushed)
    commit = scene.history.commit({NOTES: "new\n"}, "Write notes", DEV)
    scene.vendor.break_with(kind, path="/git/refs" if tried else "/merges", times=1)

    scene.deploys(commit)

    assert scene.tree("staging") == scene.tree(commit)
    assert len(scene.pushed) == before + 1


def test_the_record_says_before_anything_is_pushed_what_will_be_so(scene: Scene) -> None:
    commit = scene.history.commit({NOTES: "new\n"}, "Write notes", DEV)
    run = scene.release(commit)

    perform(deployed_to_staging(run), run)

    (meant,) = (row for row in run.record.rows() if row.event is Event.INTENDED)
    assert meant.facts["does"] == (
        f"merge {commit[:7]} into staging, so that it holds exactly these files whatever was tried there before;"
        " wait until staging serves it"
    )


def test_staging_to_which_nothing_new_comes_because_it_is_ill_says_so(scene: Scene) -> None:
    commit = scene.history.commit({NOTES: "new\n"}, "Write notes", DEV)
    scene.hosts.database = "disconnected"

    seen = deployed_to_staging(scene.release(commit)).look(scene.company)

    assert not seen.done
    assert seen.sentence == (
        f"staging serves {scene.hosts.version[:12]}, whose files are not those of {commit[:12]};"
        " staging is not healthy: database is 'disconnected'; expected 'connected'"
    )


def test_a_plan_says_that_1_3_2_speaks_of_what_staging_serves_now(scene: Scene) -> None:
    there = scene.hosts.version
    commit = scene.history.commit({NOTES: "new\n"}, "Write notes", DEV)

    judgement = answer(staging_smoke_test, scene.release(commit, mode=Mode.PLAN))

    assert judgement.verdict is Verdict.PASSED
    assert judgement.sentence.startswith(
        f"of what staging serves now, for {commit[:7]} was not deployed there (staging serves {there[:12]}, whose"
        f" files are not those of {commit[:12]}): staging is healthy"
    ), judgement.sentence
    assert scene.pushed == []
