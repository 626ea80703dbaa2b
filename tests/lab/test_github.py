"""The stand-in for GitHub: what it refuses, and in which words."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.history import DEV, ConflictError, GitError, History
from lab.vendors.github import GitHub
from tests.serving import served

TOKEN = "ghp_right"
AT = "/repos/holilabs/holilabsv2"


@dataclass(slots=True)
class World:
    """The stand-in, asked without our own client."""

    vendor: GitHub
    history: History
    client: httpx.Client

    def ask(self, method: str, path: str, **given: Any) -> tuple[int, Any]:
        """Status and body of the answer."""
        answer = self.client.request(method, path, **given)
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    history = History.make(tmp_path / "holi.git")
    vendor = GitHub(history, TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}", "User-Agent": "a test"}
    with served(vendor.app) as url, httpx.Client(base_url=url, headers=headers) as client:
        yield World(vendor, history, client)


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"Authorization": "Bearer ghp_wrong"}, 401, "Bad credentials"),
        ({"Authorization": ""}, 401, "Bad credentials"),
        ({"User-Agent": ""}, 403, "User-Agent"),
    ],
)
def test_a_caller_without_name_or_right_token_is_refused(
    world: World, headers: dict[str, str], status: int, message: str
) -> None:
    answer = world.ask("GET", f"{AT}/pulls", headers=headers)

    assert answer[0] == status
    assert message in answer[1]["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/repos/holilabs/other/pulls",
        f"{AT}/pulls/",
        f"{AT}/pulls/99",
        f"{AT}/git/ref/heads/absent",
        f"{AT}/compare/main...absent",
        f"{AT}/contents/absent.md",
        f"{AT}/actions/workflows/absent.yml/runs",
        f"{AT}/actions/runs/99/jobs",
        f"{AT}/releases",
    ],
)
def test_what_is_not_there_is_not_found(world: World, path: str) -> None:
    status, body = world.ask("GET", path)

    assert (status, body["message"]) == (404, "Not Found")


def test_a_body_that_is_no_json_or_has_strange_fields_is_refused(world: World) -> None:
    assert world.ask("POST", f"{AT}/git/refs", content=b"{")[0] == 400
    status, body = world.ask("POST", f"{AT}/git/refs", json={"ref": "refs/heads/x", "sah": "1"})
    assert (status, body["message"]) == (422, "Validation Failed")
    assert body["errors"][0]["field"] == "sah"


def test_refs_are_made_once_and_move_forward_unless_forced(world: World) -> None:
    old, new = world.history.resolve("main~2"), world.history.resolve("main")

    assert world.ask("POST", f"{AT}/git/refs", json={"ref": "refs/heads/r", "sha": new})[0] == 201
    again = world.ask("POST", f"{AT}/git/refs", json={"ref": "refs/heads/r", "sha": new})
    assert (again[0], again[1]["message"]) == (422, "Reference already exists")
    back = world.ask("PATCH", f"{AT}/git/refs/heads/r", json={"sha": old})
    assert (back[0], back[1]["message"]) == (422, "Update is not a fast forward")
    assert world.ask("PATCH", f"{AT}/git/refs/heads/r", json={"sha": old, "force": True})[0] == 200
    absent = world.ask("PATCH", f"{AT}/git/refs/heads/absent", json={"sha": old})
    assert (absent[0], absent[1]["message"]) == (422, "Reference does not exist")
    unknown = world.ask("PATCH", f"{AT}/git/refs/heads/r", json={"sha": "0" * 40})
    assert (unknown[0], unknown[1]["message"]) == (422, "Object does not exist")


def test_merges_answer_201_204_404_409_and_422(world: World) -> None:
    head = world.history.commit({"README.md": "one"}, "One")
    world.history.commit({"README.md": "two"}, "Two", branch="other", start="production")

    assert world.ask("POST", f"{AT}/merges", json={"base": "staging", "head": head})[0] == 201
    assert world.ask("POST", f"{AT}/merges", json={"base": "staging", "head": head})[0] == 204
    assert world.ask("POST", f"{AT}/merges", json={"base": "absent", "head": head})[0] == 404
    assert world.ask("POST", f"{AT}/merges", json={"base": "staging", "head": "other"})[0] == 409
    assert world.ask("POST", f"{AT}/merges", json={"base": "staging"})[0] == 422


def test_a_pull_request_is_merged_once_and_only_at_the_head_that_was_seen(world: World) -> None:
    head = world.history.commit({"a.ts": "1"}, "One", branch="feature/a")
    number = world.vendor.state.open_pull_request("feature/a", "One", author=DEV)
    path = f"{AT}/pulls/{number}/merge"

    status, body = world.ask("PUT", path, json={"sha": "0" * 40})
    assert (status, body["message"]) == (409, "Head branch was modified. Review and try the merge again.")
    assert world.ask("PUT", path, json={"sha": head, "merge_method": "rebase"})[0] == 405
    assert world.ask("PUT", path, json={"sha": head, "merge_method": "fast"})[0] == 422
    status, body = world.ask("PUT", path, json={"sha": head})
    assert (status, body["merged"]) == (200, True)
    assert world.history.git("rev-list", "--parents", "-1", body["sha"]).split()[2] == head
    assert world.ask("PUT", path, json={"sha": head})[0] == 405


def test_a_commit_knows_the_pull_request_that_brought_it(world: World) -> None:
    sha = world.history.commit({"a.ts": "1"}, "One", branch="feature/a")
    number = world.vendor.state.open_pull_request("feature/a", "One", labels=("feature",))
    world.ask("PUT", f"{AT}/pulls/{number}/merge", json={"merge_method": "merge"})

    for commit in (sha, world.history.resolve("main")):
        _, pulls = world.ask("GET", f"{AT}/commits/{commit}/pulls")
        assert [pull["number"] for pull in pulls] == [number]
    _, pulls = world.ask("GET", f"{AT}/commits/production/pulls")
    assert [pull["number"] for pull in pulls] == [10]


def test_an_unknown_commit_is_unprocessable(world: World) -> None:
    status, body = world.ask("GET", f"{AT}/commits/beefbeef")

    assert (status, body["message"]) == (422, "No commit found for SHA: beefbeef")


def test_pages_are_of_30_and_at_most_100_and_lead_to_the_next(world: World) -> None:
    sha = world.history.resolve("main")
    for number in range(130):
        world.vendor.state.report_check(sha, f"check {number}")

    first = world.client.get(f"{AT}/commits/{sha}/check-runs")
    most = world.client.get(f"{AT}/commits/{sha}/check-runs", params={"per_page": 500})
    last = world.client.get(most.links["next"]["url"])

    assert len(first.json()["check_runs"]) == 30
    assert len(most.json()["check_runs"]) == 100
    assert len(last.json()["check_runs"]) == 30
    assert "next" not in last.links
    assert last.json()["total_count"] == 130


def test_only_the_latest_run_of_a_check_counts(world: World) -> None:
    sha = world.history.resolve("main")
    world.vendor.state.report_check(sha, "unit", "failure")
    world.vendor.state.report_check(sha, "unit", "success")

    _, body = world.ask("GET", f"{AT}/commits/{sha}/check-runs")

    assert [check["conclusion"] for check in body["check_runs"]] == ["success"]


def test_every_answer_says_how_many_calls_are_left_and_the_last_one_is_refused(world: World) -> None:
    assert int(world.client.get(AT).headers["x-ratelimit-remaining"]) == 4999

    world.vendor.use_up()

    answer = world.client.get(AT)
    assert answer.status_code == 403
    assert answer.headers["x-ratelimit-remaining"] == "0"


def test_a_reset_forgets_everything_since_the_start(world: World) -> None:
    first = world.history.refs()
    world.history.commit({"a.ts": "1"}, "One", branch="feature/a")
    number = world.vendor.state.open_pull_request("feature/a", "One")
    world.ask("PUT", f"{AT}/pulls/{number}/merge")
    world.vendor.break_with("error")

    world.vendor.reset()

    assert world.history.refs() == first
    assert world.ask("GET", f"{AT}/pulls")[1] == []


def test_a_push_is_told_in_the_background_and_a_failing_listener_is_heard(tmp_path: Path) -> None:
    history = History.make(tmp_path / "holi.git")
    heard: list[str] = []

    async def listen(branch: str, commit: str) -> None:
        heard.append(branch)
        if commit == history.resolve("production"):
            raise RuntimeError("cannot build")

    vendor = GitHub(history, TOKEN, on_push=listen)

    async def push(commit: str) -> int:
        transport = httpx.ASGITransport(app=vendor.app)
        headers = {"Authorization": f"token {TOKEN}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://github", headers=headers) as client:
            body = {"sha": commit, "force": True}
            status = (await client.patch(f"{AT}/git/refs/heads/staging", json=body)).status_code
        await vendor.settled()
        return status

    assert asyncio.run(push(history.resolve("main~1"))) == 200
    with pytest.raises(RuntimeError, match="cannot build"):
        asyncio.run(push(history.resolve("production")))
    assert heard == ["staging", "staging"]


def test_the_history_is_ten_commits_by_several_people_each_from_a_pull_request(tmp_path: Path) -> None:
    history = History.make(tmp_path / "holi.git")

    past = history.past_pulls()

    assert len(past) == 10
    assert len({pull.author for pull in past}) >= 5
    assert past[-1].commit == history.resolve("production") == history.resolve("staging")


def test_a_merge_that_conflicts_and_a_name_that_looks_like_an_option_are_refused(tmp_path: Path) -> None:
    history = History.make(tmp_path / "holi.git")
    one = history.commit({"README.md": "one"}, "One", branch="one")
    two = history.commit({"README.md": "two"}, "Two", branch="two", start="main")

    with pytest.raises(ConflictError):
        history.merge(one, two, "Merge", DEV)
    with pytest.raises(GitError):
        history.resolve("--all")
    assert history.find("--all") is None


def pages_in(body: Any) -> Iterator[str]:
    """Every address of a page that an answer holds."""
    if isinstance(body, list):
        for one in body:
            yield from pages_in(one)
    elif isinstance(body, dict):
        for name, value in body.items():
            if name in ("html_url", "details_url") and isinstance(value, str):
                yield value
            else:
                yield from pages_in(value)


def test_pages_are_on_the_stand_in_where_it_is_told_so_and_each_opens_in_a_browser(tmp_path: Path) -> None:
    history = History.make(tmp_path / "holi.git")
    vendor = GitHub(history, TOKEN, site="http://elsewhere")
    main = history.resolve("main")
    vendor.state.report_check(main, "unit")
    headers = {"Authorization": f"Bearer {TOKEN}", "User-Agent": "a test"}
    with (
        served(vendor.app) as url,
        httpx.Client(base_url=url, headers={"User-Agent": "a browser"}) as browser,
        httpx.Client(base_url=url, headers=headers) as asked,
    ):
        vendor.site = url
        issue = asked.post(f"{AT}/issues", json={"title": "A <report>", "body": "see https://github.com/holi"}).json()
        paths = ["pulls/1", f"compare/{main}~1...{main}", f"commits/{main}/check-runs", f"issues/{issue['number']}"]
        paths += ["actions/runs", "contents/apps"]
        found = [page for path in paths for page in pages_in(asked.get(f"{AT}/{path}").json())]

        assert {page.removeprefix(url).split("/")[3] for page in found if "/holilabsv2/" in page} == {
            *("pull", "compare", "commit", "runs", "issues", "actions", "tree")
        }
        for page in found:
            assert page.startswith(url)
            if "/holilabsv2/" in page:
                assert browser.get(page).headers["content-type"].startswith("text/html"), page
        shown = browser.get(issue["html_url"]).text
        assert "A &lt;report&gt;" in shown
        assert "see https://github.com/holi" in shown
        assert asked.get(f"{AT}/issues/{issue['number']}").json()["body"] == "see https://github.com/holi"
        assert browser.get(f"{url}/holilabs/holilabsv2/pull/999").status_code == 404
        assert browser.get(f"{url}{AT}/pulls/1").status_code == 401
