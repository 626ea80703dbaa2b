"""What GitHub knows of reviews, threads, reports and scans, over real HTTP and a real git repository."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from blocks.errors import Refused, Unreachable
from blocks.github import GitHub
from lab.history import DEV, SOFIA, TOMAS, History
from lab.vendors.github import GitHub as StandIn
from lab.vendors.github_state import GitHubState
from tests.serving import served


@dataclass(slots=True)
class World:
    """The block under test and what the stand-in behind it remembers."""

    block: GitHub
    vendor: StandIn

    @property
    def state(self) -> GitHubState:
        return self.vendor.state


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_right")
    vendor = StandIn(History.make(tmp_path / "holi.git"), "ghp_right")
    with served(vendor.app) as url:
        block = GitHub(url=url, repository="holilabs/holilabsv2", patience=3, read_timeout=2)
        yield World(block, vendor)
        block.close()


def a_pull(world: World, files: int = 1) -> int:
    content: dict[str, str | None] = {f"apps/web/page-{number}.tsx": "x" for number in range(files)}
    message = "Show the rota\n\nCo-authored-by: Ana Souza <ana@holilabs.xyz>\n"
    world.state.history.commit(content, message, branch="feature/rota")
    return world.state.open_pull_request("feature/rota", "Show the rota", body="HOLI-7", labels=("ui",))


def test_a_pull_request_is_read_with_its_words_and_every_page_of_its_files(world: World) -> None:
    number = a_pull(world, files=130)

    pull = world.block.read_described_pull(number)

    assert (pull.title, pull.body, pull.branch, pull.base) == ("Show the rota", "HOLI-7", "feature/rota", "main")
    assert (pull.state, pull.mergeable, pull.from_fork, pull.labels) == ("open", True, False, ("ui",))
    assert len(pull.files) == 130
    assert pull.files_complete


def test_a_file_that_is_moved_away_is_known_by_its_old_name_too(world: World) -> None:
    history = world.state.history
    history.commit({"src/auth/guard.ts": "export const guard = () => true\n"}, "Guard the rota", DEV)
    moved: dict[str, str | None] = {"src/auth/guard.ts": None, "src/util/guard.ts": "export const guard = () => true\n"}
    history.commit(moved, "Move the guard", branch="feature/guard")
    number = world.state.open_pull_request("feature/guard", "Move the guard")

    pull = world.block.read_described_pull(number)

    assert pull.files == ("src/auth/guard.ts", "src/util/guard.ts")
    assert pull.files_complete


def test_the_pull_requests_of_many_commits_are_read_at_once(world: World) -> None:
    commits = [world.state.history.resolve(name) for name in ("main", "main~1")]

    assert world.block.list_pulls_of(commits) == {commits[0]: (10,), commits[1]: (9,)}


def test_who_wrote_a_commit_together_is_known(world: World) -> None:
    [commit] = world.block.list_pull_commits(a_pull(world))

    assert {"devanand", "dev@holilabs.xyz", "Ana Souza", "ana@holilabs.xyz"} <= set(commit.authors)
    assert len(commit.parents) == 1


def test_every_review_is_read_with_the_commit_it_is_about(world: World) -> None:
    number = a_pull(world)
    head = world.state.history.resolve("feature/rota")
    world.state.review(number, TOMAS, "COMMENTED")
    world.state.review(number, SOFIA)

    reviews = world.block.list_reviews(number)

    seen = [(one.reviewer, one.state, one.commit, one.is_bot) for one in reviews]
    assert seen == [("tlima", "COMMENTED", head, False), ("sbrandt", "APPROVED", head, False)]
    assert all(one.submitted_at for one in reviews)


def test_every_page_of_threads_is_read(world: World) -> None:
    number = a_pull(world)
    for line in range(120):
        world.state.discuss(number, f"apps/web/{line}.tsx", resolved=line != 110)

    threads, total = world.block.list_threads(number)

    assert (len(threads), total) == (120, 120)
    assert [one.path for one in threads if not one.resolved] == ["apps/web/110.tsx"]


def test_threads_of_a_pull_request_that_is_not_there_are_refused(world: World) -> None:
    with pytest.raises(Refused, match="Could not resolve to a PullRequest with the number of 99"):
        world.block.list_threads(99)


def test_a_report_is_taken_from_the_newest_artifact_and_the_token_stays_at_home(world: World) -> None:
    run = world.state.report_run(world.state.history.resolve("main"))
    world.state.keep_artifact(run, "coverage", {"lcov.info": "old"})
    world.state.keep_artifact(run, "coverage", {"lcov.info": "new"})

    assert world.block.read_report(run, "coverage") == {"lcov.info": b"new"}
    assert world.block.read_report(run, "security") is None
    stored = [call for call, _ in world.vendor.calls if call.path.startswith("/artifact-storage")]
    assert stored
    assert not any("authorization" in call.headers for call in stored)


def test_an_artifact_that_arrives_broken_is_no_empty_report(world: World) -> None:
    run = world.state.report_run(world.state.history.resolve("main"))
    world.state.keep_artifact(run, "coverage", {"lcov.info": "x"})
    world.vendor.break_with("html", path="/artifact-storage")

    with pytest.raises(Unreachable, match="the artifact coverage is no whole zip file"):
        world.block.read_report(run, "coverage")


def test_every_analysis_of_a_ref_is_read_with_its_tool_and_category(world: World) -> None:
    main = world.state.history.resolve("main")
    assert world.block.read_code_scanning("refs/heads/main").analyses == ()

    world.state.analyse(main, "CodeQL ran out of memory")
    world.state.analyse(main, category="/language:python")
    world.state.analyse(main, ref="refs/heads/staging")

    seen = world.block.read_code_scanning("refs/heads/main")
    assert [(str(one), one.commit, one.error) for one in seen.analyses] == [
        ("CodeQL /language:python", main, ""),
        ("CodeQL /language:javascript", main, "CodeQL ran out of memory"),
    ]
    assert seen.alerts == ()


def test_an_analysis_without_a_category_is_told_apart_by_its_job(world: World) -> None:
    world.state.analyse(world.state.history.resolve("main"), category="")

    [analysis] = world.block.read_code_scanning("refs/heads/main").analyses

    assert str(analysis) == "CodeQL .github/workflows/codeql.yml:analyze {}"


def test_a_change_set_says_which_of_its_files_exist_no_more(world: World) -> None:
    world.state.history.commit({"apps/api/src/waiting.ts": None, "apps/api/src/new.ts": "x"}, "Move", DEV)

    change = world.block.read_change_set("production", "main")

    assert "apps/api/src/new.ts" in change.files
    assert change.gone == ("apps/api/src/waiting.ts",)
