"""What is refused before anything is touched: the sentence names the field, what was found and what was expected."""

from pathlib import Path

import pytest

from blocks.errors import Misconfigured
from deployments.settings import read_settings
from flows.metrics_report import ReportRequest, metrics_report
from lab.client import Lab, Shipped
from tests.stories.company import ENVIRONMENT, Blocks
from tests.stories.stage import Stage


@pytest.fixture(scope="module")
def still(running_lab: Lab, blocks: Blocks, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """One world for all that changes nothing in it, neither production nor the settings."""
    running_lab.reset()
    return Stage(running_lab, blocks, tmp_path_factory.mktemp("still"))


@pytest.fixture(scope="module")
def shipped(still: Stage) -> Shipped:
    return still.lab.ship("4.0.0")


def test_a_commit_that_nobody_knows(still: Stage, shipped: Shipped) -> None:
    still.refuses(still.request(shipped, commit="deadbeef"), r"^commit: .*deadbeef")


def test_a_commit_that_is_not_on_main(still: Stage) -> None:
    waiting = still.lab.ship("4.0.1", merged=False)

    still.refuses(still.request(waiting), rf"^commit: {waiting.commit[:7]} is not on main; merge it first")


def test_a_commit_that_is_live_already(still: Stage, shipped: Shipped) -> None:
    live = str(still.lab.version_of("web-server-1"))

    still.refuses(still.request(shipped, commit=live), rf"^commit: {live[:7]} is already live on every server")


def test_a_name_that_is_not_in_the_roster(still: Stage, shipped: Shipped) -> None:
    request = still.request(shipped, requested_by="Mallory")

    still.refuses(request, r"^requested_by: 'Mallory' is not in the roster; expected one of Tomas Lima")


@pytest.mark.parametrize(("commit", "pull_request"), [("", 0), ("abcdef1", 1)])
def test_neither_or_both_of_commit_and_pull_request(still: Stage, commit: str, pull_request: int | None) -> None:
    shipped = Shipped("4.0.2", commit, None, 0)

    request = still.request(shipped, pull_request=pull_request)

    still.refuses(request, r"^commit and pull_request: .* expected exactly one")


def test_a_pull_request_that_nobody_knows(still: Stage, shipped: Shipped) -> None:
    still.refuses(still.request(shipped, commit="", pull_request=4711), r"^pull_request: .*4711")


def test_a_pull_request_that_is_merged_already(still: Stage, shipped: Shipped) -> None:
    request = still.request(shipped, commit="", pull_request=shipped.pull_request)

    still.refuses(request, rf"^pull_request: {shipped.pull_request} is merged already; name its commit")


def test_a_change_that_brings_a_migration(still: Stage) -> None:
    migration = "prisma/migrations/20261125_add_column/migration.sql"
    shipped = still.lab.ship("4.0.3", files={migration: 'ALTER TABLE "Patient" ADD COLUMN note text;\n'})

    still.refuses(
        still.request(shipped),
        rf"^commit: {shipped.commit[:7]} brings 1 database migration .*without \[prisma\] in the settings .*section 6",
    )


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("2026-07-01", "", "first_day and last_day: found '2026-07-01' and '', expected both or none"),
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
        ('environment = "production"', ("enviroment = 1\n", r"enviroment: there is no such key")),
        ('country = "US"', ('country = "America"\n', r"country: String should match pattern .*, found 'America'")),
        ("pool = 60", ("pool = 0\n", r"database\.pool: Input should be greater than 0, found 0")),
        ('branch = "staging"', ('branch = "staging"\nbranches = 2\n', r"staging\.branches: there is no such key")),
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
