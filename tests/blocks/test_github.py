"""The GitHub block against the stand-in, over real HTTP and a real git repository."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.errors import Absent, Misconfigured, Refused, Unreachable
from blocks.github import GitHub
from lab.history import ANA, DEV, History
from lab.vendors.github import GitHub as StandIn
from policy.check_facts import list_newest, list_reports
from tests.serving import served

TOKEN = "ghp_right"


@dataclass(slots=True)
class World:
    """The block under test, the stand-in behind it, and the repository behind that."""

    block: GitHub
    vendor: StandIn
    history: History
    pushes: list[tuple[str, str]]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    history = History.make(tmp_path / "holi.git")
    pushes: list[tuple[str, str]] = []

    async def note(branch: str, commit: str) -> None:
        pushes.append((branch, commit))

    vendor = StandIn(history, TOKEN, on_push=note)
    with served(vendor.app) as url:
        block = GitHub(url=url, repository="holilabs/holilabsv2", patience=3, read_timeout=2)
        yield World(block, vendor, history, pushes)
        block.close()


def test_a_change_set_holds_commits_files_pull_requests_and_labels(world: World) -> None:
    sha = world.history.commit({"prisma/migrations/1/migration.sql": "SELECT 1;"}, "Add visits (#11)", ANA)
    world.vendor.state.record_merged(sha, "Add visits", author=ANA, labels=("migration",))

    change = world.block.read_change_set("production", "main")

    assert (change.base, change.head) == ("production", "main")
    assert [commit.sha for commit in change.commits] == [sha]
    assert change.commits[0].author_login == "anasouza"
    assert change.commits[0].pull_request == 11
    assert change.files == ("prisma/migrations/1/migration.sql",)
    assert change.labels == ("migration",)
    assert change.complete


def test_a_merge_is_known_by_its_parents_and_not_by_its_title(world: World) -> None:
    squash = world.history.commit({"a.ts": "1"}, "Merge duplicate patient records (#12)", ANA)
    world.history.commit({"b.ts": "1"}, "Try", branch="feature/b")
    world.block.merge_into("main", world.history.resolve("feature/b"), "Bring the rota")

    commits = world.block.read_change_set("production", "main").commits

    assert {commit.subject: commit.is_merge for commit in commits} == {
        "Merge duplicate patient records (#12)": False,
        "Try": False,
        "Bring the rota": True,
    }
    assert world.block.read_commit(squash).parents == 1


def test_a_change_set_of_many_commits_is_read_to_its_last_page(world: World) -> None:
    for number in range(105):
        world.history.commit({f"docs/{number}.md": "x"}, f"Write page {number}")

    change = world.block.read_change_set("production", "main")

    assert len(change.commits) == 105
    assert change.commits[-1].subject == "Write page 104"
    assert change.complete


def test_a_change_set_of_more_files_than_github_lists_is_incomplete(world: World) -> None:
    world.history.commit({f"docs/{number}.md": "x" for number in range(320)}, "Write many pages")

    assert not world.block.read_change_set("production", "main").complete


def test_a_commit_that_does_not_exist_is_refused_by_name(world: World) -> None:
    with pytest.raises(Refused, match="holilabs/holilabsv2 has no commit beefbeef"):
        world.block.read_commit("beefbeef")
    with pytest.raises(Refused, match="has no branch releases/9"):
        world.block.read_ref("releases/9")
    with pytest.raises(Refused, match="one of them does not exist"):
        world.block.is_ancestor("beefbeef", "main")


def test_an_older_commit_is_an_ancestor_and_a_newer_one_is_not(world: World) -> None:
    old, new = world.history.resolve("main~3"), world.history.resolve("main")

    assert world.block.is_ancestor(old, new)
    assert world.block.is_ancestor(new, new)
    assert not world.block.is_ancestor(new, old)


def test_merging_a_pull_request_twice_gives_the_same_commit(world: World) -> None:
    head = world.history.commit({"a.ts": "1"}, "Try", branch="feature/a")
    number = world.vendor.state.open_pull_request("feature/a", "Show the rota", author=DEV)

    merged = world.block.merge_pull_request(number, head)

    assert world.block.merge_pull_request(number, head) == merged
    assert world.block.read_ref("main") == merged
    assert world.block.read_commit("main").subject == f"Show the rota (#{number})"
    assert world.block.read_pull_request(number).state == "merged"
    assert world.pushes == [("main", merged)]


def test_a_pull_request_that_was_changed_meanwhile_is_not_merged(world: World) -> None:
    head = world.history.commit({"a.ts": "1"}, "Try", branch="feature/a")
    number = world.vendor.state.open_pull_request("feature/a", "Show the rota")
    world.history.commit({"a.ts": "2"}, "Try again", branch="feature/a")

    with pytest.raises(Refused, match=f"pull request {number} was changed: its head is"):
        world.block.merge_pull_request(number, head)
    assert not world.block.read_pull_request(number).merged


def test_a_pull_request_that_conflicts_is_not_merged(world: World) -> None:
    head = world.history.commit({"README.md": "one"}, "Try", branch="feature/a")
    world.history.commit({"README.md": "two"}, "Write the other")
    number = world.vendor.state.open_pull_request("feature/a", "Show the rota")

    assert world.block.read_pull_request(number).mergeable is False
    with pytest.raises(Refused, match="cannot be merged: Pull Request is not mergeable"):
        world.block.merge_pull_request(number, head)


def test_merging_into_staging_keeps_the_tree_and_is_done_once(world: World) -> None:
    commit = world.history.commit({"a.ts": "1"}, "Add a")

    merged = world.block.merge_into("staging", commit, "Release to staging")

    assert world.block.read_tree("staging") == world.block.read_tree(commit)
    assert world.block.merge_into("staging", commit, "Release to staging") == merged
    assert world.pushes == [("staging", merged)]


def test_what_a_branch_holds_beside_a_commit_is_told_to_its_newest_even_where_that_is_much(world: World) -> None:
    for number in range(205):
        world.history.commit({"a.ts": str(number)}, f"Try {number}", branch="staging")
    commit = world.history.commit({"b.ts": "1"}, "Add b")

    beside = world.block.read_beside(commit, "staging")

    assert (beside.head, beside.lacks, beside.differs) == (world.history.resolve("staging"), 1, True)
    assert [one.subject for one in beside.newest] == [f"Try {number}" for number in range(100, 205)]
    assert beside.newest[-1].tree == world.block.read_tree("staging")
    assert beside.newest[-1].parents == (beside.newest[-2].sha,)
    assert (beside.parted.sha, beside.parted.tree) == (
        world.history.resolve("production"),
        world.block.read_tree("production"),
    )


def test_a_branch_that_holds_nothing_of_its_own_does_not_differ(world: World) -> None:
    world.block.merge_into("staging", world.history.commit({"a.ts": "1"}, "Add a"), "Release to staging")
    commit = world.history.commit({"b.ts": "1"}, "Add b")

    beside = world.block.read_beside(commit, "staging")

    assert not beside.differs
    assert [one.subject for one in beside.newest] == ["Release to staging"]


def test_a_branch_goes_on_but_never_loses_what_it_holds(world: World) -> None:
    tree, first = world.block.read_tree("main"), world.history.commit({"a.ts": "1"}, "Try", branch="staging")
    late = world.block.create_commit(tree, (first, world.history.resolve("main")), "Release to staging")
    pushed = world.history.commit({"a.ts": "2"}, "Try again", branch="staging")

    assert not world.block.advance_ref("staging", late)
    assert world.block.read_ref("staging") == pushed
    made = world.block.create_commit(tree, (pushed, world.history.resolve("main")), "Release to staging")
    assert world.block.advance_ref("staging", made)
    assert world.block.read_ref("staging") == made
    with pytest.raises(Refused, match=r"cannot compare .* with 0{40}: one of them does not exist"):
        world.block.advance_ref("staging", "0" * 40)


def test_a_branch_moves_back_and_is_made_when_missing(world: World) -> None:
    old = world.history.resolve("main~2")

    world.block.move_ref("production", old)
    world.block.move_ref("release/7", old)

    assert world.block.read_ref("production") == old
    assert world.block.read_ref("release/7") == old


def test_a_workflow_run_is_absent_running_green_or_red_with_its_step(world: World) -> None:
    sha = world.history.commit({"a.ts": "1"}, "Add a")
    assert world.block.read_workflow_run(sha, "ci.yml") is None

    running = world.vendor.state.report_run(sha, None)
    seen = world.block.read_workflow_run(sha, "ci.yml")
    assert seen is not None
    assert (seen.status, seen.conclusion) == ("in_progress", None)

    world.vendor.state.finish_run(running, "failure", failed_step="Test")
    seen = world.block.read_workflow_run(sha, "ci.yml")
    assert seen is not None
    assert (seen.conclusion, seen.failed_steps) == ("failure", ("build: Test",))

    with pytest.raises(Misconfigured, match=r"has no workflow release\.yml"):
        world.block.read_workflow_run(sha, "release.yml")


def test_a_red_check_on_the_second_page_is_read(world: World) -> None:
    """G6."""
    sha = world.history.resolve("main")
    for number in range(145):
        world.vendor.state.report_check(sha, f"check {number}", "failure" if number == 141 else "success")

    checks = world.block.read_checks(sha)

    assert (len(checks.runs), checks.runs_total) == (145, 145)
    assert [check.name for check in checks.runs if check.conclusion == "failure"] == ["check 141"]


def test_checks_of_which_one_did_not_arrive_are_not_taken_for_all(world: World) -> None:
    """G6."""
    sha = world.history.resolve("main")
    for number in range(45):
        world.vendor.state.report_check(sha, f"check {number}")
    world.vendor.state.hidden_checks.add("check 40")

    assert world.block.read_checks(sha).list_cut_short() == ("44 of 45 checks received",)


@pytest.mark.parametrize(
    ("first", "second", "outcomes"),
    [
        pytest.param({}, {"workflow": "nightly.yml"}, {"failure", "success"}, id="G1 two workflows"),
        pytest.param({}, {}, {"success"}, id="G1 the workflow begun again"),
        pytest.param({}, {"event": "pull_request"}, {"failure", "success"}, id="G1 begun by another event"),
    ],
)
def test_a_red_job_is_told_from_a_green_one_of_the_same_name(
    world: World, first: dict[str, str], second: dict[str, str], outcomes: set[str]
) -> None:
    sha, state = world.history.resolve("main"), world.vendor.state
    red, green = state.report_run(sha, "failure", **first), state.report_run(sha, **second)
    state.report_check(sha, "unit", "failure", run=red, at="2026-11-26T10:00:00Z")
    state.report_check(sha, "unit", run=green, at="2026-11-26T10:01:00Z")

    newest = list_newest(list_reports(world.block.read_checks(sha)))

    assert {one.word for one in newest} == outcomes


def test_a_re_run_replaces_the_job_in_its_own_workflow(world: World) -> None:
    sha, state = world.history.resolve("main"), world.vendor.state
    run = state.report_run(sha)
    other = state.report_run(sha, workflow="nightly.yml")
    for number in (run, other):
        state.report_check(sha, "unit", "failure", run=number)
    state.report_check(sha, "unit", run=run)

    checks = world.block.read_checks(sha)

    assert [(one.origin, one.conclusion) for one in checks.runs] == [
        ("workflow 1 on push", "success"),
        ("workflow 2 on push", "failure"),
    ]


def test_what_ran_a_check_is_asked_only_where_two_have_one_name(world: World) -> None:
    sha = world.history.resolve("main")
    world.vendor.state.report_check(sha, "unit")

    [run] = world.block.read_checks(sha).runs

    assert run.origin.startswith("suite ")
    assert not [call for call, _ in world.vendor.calls if call.path.endswith("/actions/runs")]


def test_a_commit_status_is_read_beside_the_checks_the_newest_of_each_context(world: World) -> None:
    sha = world.history.resolve("main")
    for state in ("failure", "success"):
        world.vendor.state.report_status(sha, "deploy/preview", state)

    checks = world.block.read_checks(sha)

    assert [(one.context, one.state, one.commit) for one in checks.statuses] == [("deploy/preview", "success", sha)]
    assert checks.statuses_total == 1


def test_e11_a_missing_permission_is_refused_at_once_in_githubs_words(world: World) -> None:
    """E11: the second of the two."""
    world.vendor.forbid("/merges")

    with pytest.raises(Refused, match="403 Resource not accessible by personal access token"):
        world.block.merge_into("staging", "main", "Release to staging")
    assert [call.path for call, _ in world.vendor.calls] == ["/repos/holilabs/holilabsv2/merges"]


def test_what_the_account_may_do_is_read_and_one_that_only_reads_writes_nothing(world: World) -> None:
    assert world.block.read_permissions() >= {"pull", "push"}

    world.vendor.state.may_push = False

    assert "push" not in world.block.read_permissions()
    with pytest.raises(Refused, match="403 Must have push access to repository"):
        world.block.merge_into("staging", "main", "Release to staging")


def test_a_missing_permission_is_named(world: World) -> None:
    world.vendor.forbid("/merges", needed="contents=write; pull_requests=write")

    with pytest.raises(Refused, match=r"access token \(it needs the permission contents=write; pull_requests=write\)"):
        world.block.merge_into("staging", "main", "Release to staging")


def test_a_file_is_read_at_a_commit(world: World) -> None:
    assert world.block.read_file("README.md", "main") == b"# Holi\n"
    with pytest.raises(Absent, match=r"has no file absent\.md at main"):
        world.block.read_file("absent.md", "main")


def test_a_folder_is_listed_at_a_commit(world: World) -> None:
    world.history.commit({"prisma/migrations/2_b/migration.sql": "--", "prisma/migrations/lock.toml": "x"}, "Add b")

    found = world.block.list_folder("prisma/migrations", "main")

    assert [(one.name, one.type) for one in found][:2] == [
        ("20260301090000_init", "dir"),
        ("20260512101500_appointments", "dir"),
    ]
    assert ("lock.toml", "file") in [(one.name, one.type) for one in found]
    with pytest.raises(Refused, match=r"has no folder absent at main"):
        world.block.list_folder("absent", "main")


def test_a_file_that_may_not_be_read_is_not_taken_for_one_that_is_not_there(world: World) -> None:
    world.vendor.forbid("/contents/", "contents=read")

    with pytest.raises(Refused, match=r"403 Resource not accessible.*contents=read") as raised:
        world.block.read_file("README.md", "main")

    assert not isinstance(raised.value, Absent)


@pytest.mark.parametrize("kind", ["error", "html", "truncated", "empty", "down", "lost"])
def test_nonsense_and_silence_are_unreachable(world: World, kind: str) -> None:
    world.vendor.break_with(kind)

    with pytest.raises(Unreachable, match="GitHub"):
        world.block.read_ref("main")

    world.vendor.mend()
    assert world.block.read_ref("main")


def test_a_slow_answer_is_not_waited_for_without_end(world: World) -> None:
    world.vendor.break_with("slow", seconds=4, times=1)

    with pytest.raises(Unreachable, match="no answer in time to GET"):
        world.block.read_ref("main")


def test_a_secondary_limit_is_waited_for_and_then_given_up(world: World) -> None:
    world.vendor.break_with("limited", seconds=1, times=1)
    assert world.block.read_ref("main")

    world.vendor.break_with("limited", seconds=9)
    with pytest.raises(Unreachable, match="asked to wait 9 s, the limit is 3 s"):
        world.block.read_ref("main")


def test_e11_a_secondary_limit_without_a_header_is_not_a_missing_permission(world: World) -> None:
    """E11: the first of the two."""
    world.vendor.break_with("limited", seconds=0)

    with pytest.raises(Unreachable, match="too many calls"):
        world.block.read_ref("main")


def test_a_used_up_primary_limit_is_unreachable_and_says_when_it_ends(world: World) -> None:
    world.vendor.use_up()

    with pytest.raises(Unreachable, match=r"too many calls at .*; asked to wait 3(600|59\d) s"):
        world.block.read_ref("main")


def test_a_wrong_token_is_refused_in_githubs_words_and_never_shown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_wrong")

    with pytest.raises(Refused, match="401 Bad credentials") as caught:
        world.block.read_ref("main")
    assert "ghp_wrong" not in str(caught.value)


def test_a_lost_merge_is_found_done_the_second_time(world: World) -> None:
    head = world.history.commit({"a.ts": "1"}, "Try", branch="feature/a")
    number = world.vendor.state.open_pull_request("feature/a", "Show the rota")
    world.vendor.break_with("lost", path="/merge", times=1)

    with pytest.raises(Unreachable):
        world.block.merge_pull_request(number, head)

    assert world.block.merge_pull_request(number, head) == world.history.resolve("main")
    assert len(world.pushes) == 1


@pytest.mark.parametrize(
    "lost", [pytest.param("/git/refs", id="E3-tag"), pytest.param("/git/tags", id="E3-tag-object")]
)
def test_a_tag_whose_answer_was_lost_stands_once(world: World, lost: str) -> None:
    head = world.history.resolve("main")
    world.vendor.break_with("lost", path=lost, method="POST", times=1)

    with pytest.raises(Unreachable):
        world.block.create_tag("v1.5.0", head, "Show the rota")
    world.block.create_tag("v1.5.0", head, "Show the rota")

    assert world.block.read_tag("v1.5.0") == head
    other = world.history.commit({"a.ts": "1"}, "Try")
    with pytest.raises(Refused, match=r"the tag v1\.5\.0 stands on another commit"):
        world.block.create_tag("v1.5.0", other, "Another")


class TestStandard(BlockStandardTestSuite):
    """What Prefect asks of every block; ours carry no logo, since it would be fetched from the network."""

    @pytest.fixture
    def block(self) -> type[Block]:
        return GitHub

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        assert block.get_block_type_slug() == "countersign-github"
