"""The Sentry block against the stand-in, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from blocks.errors import Misconfigured, Refused
from blocks.sentry import Sentry
from lab.vendors.sentry import Sentry as StandIn
from tests.blocks.vendor_cases import ScopedVendorCases
from tests.serving import served

BEGAN = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class World:
    """The block under test and the project it asks about."""

    block: Sentry
    vendor: StandIn

    def ask(self) -> object:
        """Ask for new issues."""
        return self.block.list_new_issues(BEGAN, "production")

    def titles(self, release: str | None = None) -> list[str]:
        """What is new."""
        return [issue.title for issue in self.block.list_new_issues(BEGAN, "production", release)]

    def deploy(self) -> None:
        """Record that the release went out."""
        self.block.record_deploy("b2", "production", "release-7", since=BEGAN, until=BEGAN + MINUTE)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("SENTRY_TOKEN", "right")
    vendor = StandIn("right", organization="holilabs", project="web")
    with served(vendor.app) as url:
        block = Sentry(url=url, organization="holilabs", project="web", read_timeout=2, patience=3)
        yield World(block, vendor)
        block.close()


def test_only_issues_first_seen_since_then_and_there_are_new(world: World) -> None:
    world.vendor.report("before", BEGAN - MINUTE)
    world.vendor.report("at the very moment", BEGAN)
    world.vendor.report("elsewhere", BEGAN + MINUTE, environment="staging")
    world.vendor.report("after", BEGAN + MINUTE)

    assert world.titles() == ["at the very moment", "after"]


def test_a_new_issue_says_what_when_and_where_to_look(world: World) -> None:
    world.vendor.report("TypeError: rota is undefined", BEGAN + MINUTE)

    [issue] = world.block.list_new_issues(BEGAN, "production")

    assert (issue.name, issue.level, issue.count, issue.first_seen) == ("HOLI-1", "error", 1, BEGAN + MINUTE)
    assert issue.url == "https://holilabs.sentry.io/issues/1/"


def test_new_issues_of_one_release_are_told_from_the_others(world: World) -> None:
    world.vendor.report("old version's", BEGAN, release="a1")
    world.vendor.report("new version's", BEGAN, release="b2")

    assert world.titles("b2") == ["new version's"]


def test_every_page_of_new_issues_is_read(world: World) -> None:
    for number in range(205):
        world.vendor.report(str(number), BEGAN)

    assert world.titles() == [str(number) for number in range(205)]


def test_a_release_is_made_once_with_its_commits(world: World) -> None:
    for _ in range(2):
        world.block.create_release("b2", [("b2", "Show the rota")], url="https://example.org/runs/1")

    assert world.vendor.releases["b2"]["commits"] == [{"id": "b2", "message": "Show the rota"}]
    assert [status for _, status in world.vendor.calls] == [201, 208]


@pytest.mark.parametrize("fault", [pytest.param("lost", id="E3-sentry-deploy"), pytest.param("slow", id="twice")])
def test_a_deploy_is_recorded_once(world: World, fault: str) -> None:
    world.block.create_release("b2", [], url="https://example.org/runs/1")
    world.vendor.break_with(fault, method="POST", times=1, seconds=0.1)

    world.deploy()
    world.deploy()

    assert [deploy["name"] for deploy in world.vendor.deploys["b2"]] == ["release-7"]


def test_a_deploy_of_an_unknown_release_or_a_strange_organization_is_a_sentence(world: World) -> None:
    with pytest.raises(Misconfigured, match="nothing at /api/0/organizations/holilabs/releases/b2/deploys/"):
        world.deploy()
    world.block.organization = "another"
    with pytest.raises(Misconfigured, match="is another the organization"):
        world.ask()


def test_what_sentry_refuses_is_refused_in_its_words(world: World) -> None:
    world.block.project = "another"
    with pytest.raises(Refused, match="400 projects: Invalid project ids or slugs"):
        world.block.create_release("b2", [], url="https://example.org")


class TestFailures(ScopedVendorCases):
    kind = Sentry
    slug = "countersign-sentry"
    secret = "SENTRY_TOKEN"
    scope = "the scope event:read"
