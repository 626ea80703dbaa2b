"""What the approver reads first: whether anything stops it, and how the new version does beside the old one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from blocks.company import Company
from flows.approval import evidence_page
from flows.phase import Report
from flows.watch import Watch
from policy.checklist import ITEMS
from policy.items import Way
from policy.judgement import Judgement, failed, passed, unknown
from policy.migrations import read_migration
from policy.red_flags import Sample
from tasks.run import Silent
from tests.core.scene import FIRST_BACK, begun
from tests.core.world import NAMES, World

MINUTE = timedelta(minutes=1)
WELL = passed("web-server-1 is healthy")
WORSE, ALIKE, DARK = (30, 10), (10, 10), None
SAYS_WORSE = "The new version is worse: 30.00% of requests fail, on the old version 10.00%"
SAYS_ALIKE = "The new version is no worse: 10.00% of requests fail, on the old version 10.00%"
SAYS_DARK = "The versions cannot be compared: requests or failures are not known"


def measured(errors: tuple[int, int] | None) -> list[Sample]:
    """Ten minutes of a hundred requests on each server, with so many errors on the new and on each old one."""
    if errors is None:
        return []
    begin = datetime.now(UTC) + MINUTE
    return [
        Sample(begin + minute * MINUTE, name, 100, errors[0] if name == NAMES[0] else errors[1], MINUTE / 10, MINUTE)
        for minute in range(1, 11)
        for name in NAMES
    ]


@pytest.mark.parametrize(
    ("judgement", "errors", "says"),
    [
        pytest.param(WELL, ALIKE, f"Passed. {SAYS_ALIKE}.", id="nothing speaks against it"),
        pytest.param(WELL, WORSE, f"Passed. {SAYS_WORSE}.", id="passed but worse than before"),
        pytest.param(WELL, DARK, f"Passed. {SAYS_DARK}.", id="passed but not measured"),
        pytest.param(failed("HTTP 503"), ALIKE, f"Stopped by 2.1.4. {SAYS_ALIKE}.", id="an item failed"),
        pytest.param(unknown("no answer"), DARK, f"Stopped by 2.1.4. {SAYS_DARK}.", id="nothing is known"),
    ],
)
def test_the_headline_of_the_evidence_says_both(
    company: Company, world: World, judgement: Judgement, errors: tuple[int, int] | None, says: str
) -> None:
    run = begun(company, world, steps=FIRST_BACK).run
    watch = Watch(run, Silent())
    watch.look()
    watch.samples[:] = measured(errors)

    page = evidence_page(run, Report(((ITEMS["2.1.4"], judgement),), Way.STANDARD), watch)

    heading, headline, who = page.split("\n\n")[:3]
    assert heading == "## Approve for the remaining servers?"
    assert headline == f"**{says}**"
    assert "It is on web-server-1; a1a1a1a still on web-server-2, web-server-3." in who


def test_the_approver_reads_from_which_step_on_the_version_before_cannot_come_back(
    company: Company, world: World
) -> None:
    run = begun(company, world, steps=FIRST_BACK).run
    drop = read_migration("20261126_drop", 'ALTER TABLE "Patient" DROP COLUMN "createdAt";')
    run.release = run.release.model_copy(update={"migrations": ("prisma/migrations/20261126_drop/migration.sql",)})
    run.once.fetch("migrations", lambda: (drop,))

    page = evidence_page(run, Report(((ITEMS["2.1.4"], WELL),), Way.STANDARD), Watch(run, Silent()))

    assert (
        "From 6.3.2 after web-server-3 on (20261126_drop: Patient.createdAt dropped) the version before cannot come"
        " back; until then it can." in page
    )


def test_a_company_without_metrics_is_told_so_once(company: Company, world: World) -> None:
    run = begun(replace(company, prometheus=None), world, steps=FIRST_BACK).run

    page = evidence_page(run, Report(((ITEMS["2.1.4"], WELL),), Way.STANDARD), Watch(run, Silent()))

    assert "**Passed. The versions are not compared: not configured: no [prometheus] in the settings.**" in page
    assert page.count("not configured") == 1
    assert "not known" not in page
