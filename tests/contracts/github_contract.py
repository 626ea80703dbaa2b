"""What the GitHub block asks, held against GitHub's own description."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from blocks.github import GitHub
from lab.history import History
from lab.vendors.github import GitHub as StandIn
from tests.contracts.contract import Contract, Drive, Stage
from tests.contracts.exchange import Exchange
from tests.contracts.openapi_check import Finding, OpenApiDescription
from tests.contracts.sdl_check import SdlDescription

TOKEN = "ghp_right"


def _open(folder: Path, _stack: ExitStack) -> tuple[Any, Any]:
    vendor = StandIn(History.make(folder / "holi.git"), TOKEN)
    return vendor.app, vendor


def _main(stage: Stage) -> str:
    return str(stage.vendor.state.history.resolve("main"))


def _pull_request(stage: Stage) -> tuple[int, str]:
    head = stage.vendor.state.history.commit({"a.ts": "1"}, "Try", branch="feature/a")
    return stage.vendor.state.open_pull_request("feature/a", "Show the rota", labels=("ui",)), head


def _change_set(stage: Stage) -> None:
    for number in range(3):
        stage.vendor.state.history.commit({f"docs/{number}.md": "x"}, f"Write page {number}")
    stage.block.read_change_set("production", "main")


def _merge(stage: Stage) -> None:
    number, head = _pull_request(stage)
    stage.block.merge_pull_request(number, head)
    stage.block.merge_pull_request(number, head)


def _merge_stale(stage: Stage) -> None:
    number, _ = _pull_request(stage)
    stage.block.merge_pull_request(number, "0" * 40)


def _merge_into(stage: Stage) -> None:
    for _ in range(2):
        stage.block.merge_into("staging", _main(stage), "Release to staging")


def _beside(stage: Stage) -> None:
    stage.vendor.state.history.commit({"a.ts": "1"}, "Try", branch="staging")
    beside = stage.block.read_beside(_main(stage), "staging")
    assert beside.differs
    assert [one.subject for one in beside.newest] == ["Try"]


def _advance(stage: Stage) -> None:
    history, github, commit = stage.vendor.state.history, stage.block, _main(stage)
    for meanwhile in (False, True):
        head = history.commit({"a.ts": str(meanwhile)}, "Try", branch="staging")
        made = github.create_commit(github.read_tree(commit), (head, commit), "Deploy it")
        if meanwhile:
            history.commit({"b.ts": "1"}, "Push meanwhile", branch="staging")
        assert github.advance_ref("staging", made) is not meanwhile


def _advance_to_nothing(stage: Stage) -> None:
    stage.block.advance_ref("staging", "0" * 40)


def _move_ref(stage: Stage) -> None:
    stage.block.move_ref("production", _main(stage))
    stage.block.move_ref("brand/new", _main(stage))


def _workflow(stage: Stage) -> None:
    commit = _main(stage)
    stage.vendor.state.report_run(commit, "failure", failed_step="Test")
    assert stage.block.read_workflow_run(commit, "ci.yml").failed_steps


def _checks(stage: Stage) -> None:
    commit = _main(stage)
    for number in range(105):
        stage.vendor.state.report_check(commit, f"check {number}")
    stage.vendor.state.report_check(commit, "running", None)
    stage.vendor.state.report_check(commit, "running", run=stage.vendor.state.report_run(commit, workflow="other.yml"))
    stage.vendor.state.report_status(commit, "preview")
    assert len(stage.block.read_checks(commit).runs) == 107


def _reviewed(stage: Stage) -> int:
    number, _ = _pull_request(stage)
    stage.vendor.state.approve(number)
    stage.vendor.state.discuss(number, "a.ts", resolved=False)
    return number


def _report(stage: Stage) -> None:
    run = stage.vendor.state.report_run(_main(stage))
    stage.vendor.state.keep_artifact(run, "coverage", {"lcov.info": "x"})
    assert stage.block.read_report(run, "coverage")


def _scanned(stage: Stage) -> None:
    stage.vendor.state.analyse(_main(stage))
    stage.block.read_code_scanning("refs/heads/main")


def _tag(stage: Stage) -> None:
    for _ in range(2):
        stage.block.create_tag("release-7", _main(stage), "Reminders by text message")
    assert stage.block.read_tag("release-7") == _main(stage)


def _deployments(stage: Stage) -> None:
    stage.vendor.state.deploy(_main(stage), "production", "in_progress")
    stage.vendor.state.deploy(_main(stage), "production", "")
    assert [one.state for one in stage.block.list_deployments("production")] == [None, "in_progress"]


def _show_deployment(stage: Stage) -> None:
    facts = {"commit": _main(stage), "description": "x" * 200, "link": "http://prefect", "address": "http://web"}
    for state in ("in_progress", "in_progress", "success"):
        stage.block.show_deployment("production", "release-7", state, **facts)
    (shown,) = stage.block.list_deployments("production")
    assert (shown.key, shown.state, shown.commit) == ("release-7", "success", _main(stage))


def _branch(stage: Stage) -> None:
    made = stage.block.create_commit(stage.block.read_tree("main~1"), [_main(stage)], "Revert the newest commit")
    for _ in range(2):
        stage.block.create_branch("revert/release-7", made)
    assert stage.block.find_branch("revert/release-7") == made
    assert stage.block.find_branch("revert/release-8") is None


def _proposed(stage: Stage) -> None:
    _branch(stage)
    for _ in range(2):
        stage.block.open_pull_request("revert/release-7", "main", "Revert release 7", "It was rolled back.")
    assert stage.block.find_pull_request("revert/release-7", "main").state == "open"
    assert stage.block.find_pull_request("revert/release-8", "main") is None


def _issue(stage: Stage) -> None:
    opened = stage.block.open_issue("Release 7 was rolled back", "What happened\n<!-- release-7 -->", ["incident"])
    assert stage.block.find_issue("<!-- release-7 -->", datetime.now(UTC) - timedelta(minutes=1)) == opened
    assert stage.block.find_issue("<!-- release-8 -->", datetime.now(UTC) - timedelta(minutes=1)) is None
    found = stage.block.find_marked_issue("<!-- release-7 -->", datetime.now(UTC) - timedelta(minutes=1))
    assert found is not None
    assert not found.closed


def _strange_branch(stage: Stage) -> None:
    stage.block.create_branch("staging", _main(stage))
    stage.vendor.state.history.commit({"a.ts": "1"}, "Try", branch="staging")
    stage.block.create_branch("staging", _main(stage))


def _limited(stage: Stage) -> None:
    stage.vendor.break_with("limited", seconds=60)
    stage.block.read_ref("main")


def _forbidden(stage: Stage) -> None:
    stage.vendor.forbid("/merges")
    stage.block.merge_into("staging", "main", "Release to staging")


def _wrong_token(stage: Stage) -> None:
    stage.vendor.token = "another"
    stage.block.read_ref("main")


VERBS: dict[str, Drive] = {
    "read_change_set": _change_set,
    "read_commit": lambda stage: stage.block.read_commit("main"),
    "read_tree": lambda stage: stage.block.read_tree("main"),
    "read_ref": lambda stage: stage.block.read_ref("main"),
    "read_compared": lambda stage: stage.block.read_compared("main~3", "main"),
    "is_ancestor": lambda stage: stage.block.is_ancestor("main~3", "main"),
    "read_pull_request": lambda stage: stage.block.read_pull_request(_pull_request(stage)[0]),
    "merge_pull_request": _merge,
    "merge_into": _merge_into,
    "read_beside": _beside,
    "advance_ref": _advance,
    "move_ref": _move_ref,
    "read_tag": lambda stage: stage.block.read_tag("release-7"),
    "create_tag": _tag,
    "list_deployments": _deployments,
    "show_deployment": _show_deployment,
    "list_changed_files": lambda stage: stage.block.list_changed_files("main~3", "main"),
    "find_branch": lambda stage: stage.block.find_branch("main"),
    "create_commit": _branch,
    "create_branch": _branch,
    "find_pull_request": _proposed,
    "open_pull_request": _proposed,
    "find_issue": _issue,
    "find_marked_issue": _issue,
    "open_issue": _issue,
    "check": lambda stage: stage.block.check(),
    "read_permissions": lambda stage: stage.block.read_permissions(),
    "read_workflow_run": _workflow,
    "read_checks": _checks,
    "list_pulls_of": lambda stage: stage.block.list_pulls_of([_main(stage)]),
    "read_described_pull": lambda stage: stage.block.read_described_pull(_reviewed(stage)),
    "list_pull_files": lambda stage: stage.block.list_pull_files(_reviewed(stage)),
    "list_pull_commits": lambda stage: stage.block.list_pull_commits(_reviewed(stage)),
    "list_reviews": lambda stage: stage.block.list_reviews(_reviewed(stage)),
    "list_threads": lambda stage: stage.block.list_threads(_reviewed(stage)),
    "read_report": _report,
    "read_code_scanning": _scanned,
    "read_file": lambda stage: stage.block.read_file("README.md", "main"),
    "list_folder": lambda stage: stage.block.list_folder("apps/api", "main"),
}
REFUSALS: dict[str, Drive] = {
    "wrong token": _wrong_token,
    "missing permission": _forbidden,
    "secondary limit": _limited,
    "no such commit": lambda stage: stage.block.read_commit("beefbeef"),
    "no such branch": lambda stage: stage.block.read_ref("releases/9"),
    "no such pull request": lambda stage: stage.block.read_pull_request(999),
    "no such file": lambda stage: stage.block.read_file("absent.md", "main"),
    "no such folder": lambda stage: stage.block.list_folder("absent", "main"),
    "no such workflow": lambda stage: stage.block.read_workflow_run("main", "other.yml"),
    "stale head": _merge_stale,
    "a commit that a branch cannot go on to": _advance_to_nothing,
    "a branch that another made": _strange_branch,
    "no files under this hash": lambda stage: stage.block.create_commit("0" * 40, [_main(stage)], "Revert"),
    "no such parent": lambda stage: stage.block.create_commit(stage.block.read_tree("main"), ["0" * 40], "Revert"),
    "nothing to propose": lambda stage: stage.block.open_pull_request("staging", "main", "Revert", ""),
    "no such branch to propose": lambda stage: stage.block.open_pull_request("absent", "main", "Revert", ""),
    "an issue without a title": lambda stage: stage.block.open_issue("", "", ()),
}
NOT_DESCRIBED = "GitHub's own pages describe it; the description here is cut to other operations"
KNOWN = {
    r"^(GET \S*(/code-scanning/|/actions/artifacts/|/artifact-storage/)\S*: )?the path is not described": NOT_DESCRIBED,
    r"check_runs\.\d+\.conclusion: None is not one of": (
        "a check that runs has no conclusion, and null is not in the list"
    ),
}
REST = OpenApiDescription(
    "github.openapi.json", slashes=r"/(?:git/refs?|git/matching-refs|contents|compare|branches)/(.+)$", known=KNOWN
)
GRAPH = SdlDescription("github.graphql")


class RestAndGraph:
    """GitHub describes its two interfaces in two files."""

    file = "github.openapi.json"

    def check(self, exchange: Exchange) -> Finding:
        """The exchange held against the description of the interface it belongs to."""
        return GRAPH.check(exchange) if exchange.path == "/graphql" else REST.check(exchange)


GITHUB = Contract(
    name="GitHub",
    block=GitHub,
    description=RestAndGraph(),
    open=_open,
    make=lambda url: GitHub(url=url, repository="holilabs/holilabsv2", patience=3, read_timeout=5),
    verbs=VERBS,
    refusals=REFUSALS,
    secrets={"GITHUB_TOKEN": TOKEN},
)
