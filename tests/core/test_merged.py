"""The lead time of a release begins when its commit was merged, as its own record says."""

from dataclasses import replace
from typing import Any, cast

from blocks.company import Company
from blocks.errors import Unreachable
from policy.items import Way
from policy.release import ManualReason, ManualRequest, Release
from tasks.metrics_report import release_fact
from tests.core.company import MERGED, Code, a_release
from tests.core.process import Process
from tests.core.world import World
from tests.policy import releases


def merged_at(company: Company, release: Release) -> Any:
    process = Process.begin(company, release)
    process.go_on_to_the_end()
    fact = release_fact(process.run.release.key, process.run.record.rows())
    return fact.merged_at if fact else "no release"


def test_the_record_of_a_release_says_when_its_commit_was_merged(company: Company, world: World) -> None:
    assert merged_at(company, a_release(world)) == MERGED


def test_so_does_the_record_of_what_servers_built(company: Company, world: World) -> None:
    asked = ManualRequest(**releases.request().model_dump(), reason=ManualReason.PIPELINE_BROKEN)

    assert merged_at(company, a_release(world).model_copy(update={"way": Way.MANUAL, "request": asked})) == MERGED


def test_a_release_goes_out_though_nobody_can_say_when_it_was_merged(company: Company, world: World) -> None:
    class Silent(Code):
        """Its pull requests cannot be read."""

        def read_pull_request(self, number: int) -> Any:
            raise Unreachable(f"GitHub: pull request {number}: no answer")

    assert merged_at(replace(company, github=cast("Any", Silent(world))), a_release(world)) is None
