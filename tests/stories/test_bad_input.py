"""What is refused before anything is touched: the sentence names the field, what was found and what was expected."""

import re
from pathlib import Path

import pytest

from blocks.errors import Misconfigured
from deployments.settings import read_settings
from flows.metrics_report import ReportRequest, metrics_report
from lab.client import Lab, Shipped
from policy.release import Request
from tests.stories.stage import ENVIRONMENT, Blocks, Stage, wait_until


@pytest.fixture(scope="module")
def still(running_lab: Lab, blocks: Blocks, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """One world for all that changes nothing in it."""
    running_lab.reset()
    return Stage(running_lab, blocks, "bad-input", tmp_path_factory.mktemp("still"))


@pytest.fixture(scope="module")
def shipped(still: Stage) -> Shipped:
    return still.lab.ship("4.0.0")


def refused(stage: Stage, request: Request, sentence: str) -> None:
    """The flow ends with this sentence; no hold, no record, no message, and the servers as they were."""
    before = stage.lab.versions_serving()

    ending = stage.release(request)

    assert re.search(sentence, ending.sentence), ending.sentence
    assert stage.is_untouched()
    assert stage.lab.versions_serving() == before
    assert all(stage.lab.in_rotation().values())


def test_a_commit_that_nobody_knows(still: Stage, shipped: Shipped) -> None:
    refused(still, still.request(shipped, commit="deadbeef"), r"^commit: .*deadbeef")


def test_a_commit_that_is_not_on_main(still: Stage) -> None:
    waiting = still.lab.ship("4.0.1", merged=False)

    refused(still, still.request(waiting), rf"^commit: {waiting.commit[:7]} is not on main; merge it first")


def test_a_commit_that_is_live_already(still: Stage, shipped: Shipped) -> None:
    live = str(still.lab.version_of("web-server-1"))

    refused(still, still.request(shipped, commit=live), rf"^commit: {live[:7]} is already live on every server")


def test_a_name_that_is_not_in_the_roster(still: Stage, shipped: Shipped) -> None:
    request = still.request(shipped, requested_by="Mallory")

    refused(still, request, r"^requested_by: 'Mallory' is not in the roster; expected one of Tomas Lima")


@pytest.mark.parametrize(("commit", "pull_request"), [("", None), ("abcdef1", 1)])
def test_neither_or_both_of_commit_and_pull_request(still: Stage, commit: str, pull_request: int | None) -> None:
    shipped = Shipped("4.0.2", commit, None, 0)

    refused(
        still, still.request(shipped, pull_request=pull_request), r"^commit and pull_request: .* expected exactly one"
    )


def test_a_pull_request_that_nobody_knows(still: Stage, shipped: Shipped) -> None:
    refused(still, still.request(shipped, commit="", pull_request=4711), r"^pull_request: .*4711")


def test_a_pull_request_that_is_merged_already(still: Stage, shipped: Shipped) -> None:
    request = still.request(shipped, commit="", pull_request=shipped.pull_request)

    refused(still, request, rf"^pull_request: {shipped.pull_request} is merged already; name its commit")


def test_a_change_that_brings_a_migration(still: Stage) -> None:
    migration = "prisma/migrations/20261125_add_column/migration.sql"
    shipped = still.lab.ship("4.0.3", files={migration: 'ALTER TABLE "Patient" ADD COLUMN note text;\n'})

    refused(still, still.request(shipped), rf"^commit: {shipped.commit[:7]} brings 1 database migration.*section 6")


def test_servers_that_differ(stage: Stage) -> None:
    shipped = stage.lab.ship("4.0.0")
    other = stage.lab.ship("4.0.4")
    stage.lab.deploy("web-server-1", str(other.digest))
    wait_until(lambda: stage.lab.version_of("web-server-1") == other.commit, what="web-server-1 serves the other")

    refused(stage, stage.request(shipped), rf"^the servers differ \(web-server-1 serves {other.commit[:7]}")


def test_a_balancer_that_knows_a_server_we_do_not(stage: Stage) -> None:
    shipped = stage.lab.ship("4.0.0")
    first, second = stage.words["fleet"]["servers"]
    stage.change_settings(fleet={"servers": [first, {**second, "balancer_name": "web-2"}]})

    refused(
        stage, stage.request(shipped), r"^the balancer sends traffic to web-server-2, which the settings do not name"
    )


def test_a_server_that_the_balancer_does_not_know(stage: Stage) -> None:
    shipped = stage.lab.ship("4.0.0")
    servers = stage.words["fleet"]["servers"]
    stage.change_settings(
        fleet={"servers": [*servers, {**servers[0], "name": "web-server-3", "balancer_name": "web-server-3"}]}
    )

    refused(stage, stage.request(shipped), r"^balancer_name: the balancer knows no web-server-3; it knows \[")


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("2026-07-01", "", "first_day and last_day: expected both or none"),
        ("2026-02-30", "2026-03-31", "first_day: '2026-02-30' is no day of the calendar"),
        ("2026-09-30", "2026-07-01", "last_day: 2026-07-01 lies before first_day 2026-09-30"),
    ],
)
def test_days_of_a_report_that_make_no_period(still: Stage, first: str, last: str, sentence: str) -> None:
    request = ReportRequest(first_day=first, last_day=last, environment=ENVIRONMENT)

    ending = still.play(lambda: metrics_report(request))

    assert sentence in ending.sentence
    assert still.said_in("C0DEPLOYMENTS") == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ('environment = "production"', ("enviroment = 1\n", r"enviroment: Extra inputs are not permitted, found 1")),
        ('country = "US"', ('country = "America"\n', r"country: String should match pattern .*, found 'America'")),
        ("pool = 60", ("pool = 0\n", r"database\.pool: Input should be greater than 0, found 0")),
        ('branch = "staging"', ('branch = "staging"\nbranches = 2\n', r"staging\.branches: Extra inputs")),
    ],
)
def test_settings_that_are_wrong(still: Stage, tmp_path: Path, change: str, sentence: tuple[str, str]) -> None:
    written, complaint = sentence
    good = still.lab.settings_path.read_text()
    assert change in good
    file = tmp_path / "wrong.toml"
    file.write_text(good.replace(change, written, 1) if "enviroment" not in written else written + good)

    with pytest.raises(Misconfigured, match=complaint):
        read_settings(file)
