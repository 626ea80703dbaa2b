"""A company that has GitHub, two servers, a health address and Slack, and nothing else."""

import pytest

from blocks.backup_store import BackupStore
from blocks.company import Company
from blocks.errors import Misconfigured
from deployments.save_blocks import blocks_of
from deployments.settings import Settings
from policy.record import Event
from tests.stories.people import APPROVE
from tests.stories.stage import Ending, Stage, wait_until

LEFT_OUT = ("staging", "balancer", "prometheus", "database", "backups", "pagerduty", "coverage", "security")
NOT_ASKED = {
    *("1.1.4", "1.2.4", "1.3.1", "1.3.2", "1.3.3", "1.3.8", "1.3.9", "1.4.2", "1.4.3"),
    *("3.1.4", "3.1.5", "3.2.2", "3.2.3", "3.2.4", "3.3.2", "3.3.3", "3.4.3"),
}


# The lab's balancer asks twice a second, and two answers take a server out.
SHUTDOWN_DELAY = 2.5


@pytest.fixture
def least(stage: Stage) -> Stage:
    """The company without what it may lack; the lab's own balancer goes on and nobody tells it anything.

    So its application does what such a company is told to let it do: it leaves in a way that a balancer sees in time.
    """
    stage.leave_out(*LEFT_OUT)
    stage.lab.delay_shutdown(SHUTDOWN_DELAY)
    stage.lab.mark_traffic()
    return stage


def not_applicable(ending: Ending) -> set[str]:
    return {
        row.item
        for row in ending.rows
        if row.event is Event.JUDGED and row.facts["verdict"] == "not applicable" and not row.subject
    }


def ends_well_on(least: Stage, commit: str) -> None:
    """As with every company, as soon as the balancer has seen by itself that the last server is healthy again."""
    wait_until(lambda: all(least.lab.in_rotation().values()), what="both servers are in rotation")
    least.ends_well_on(commit)


def test_a_good_release_of_the_least_company_is_signed_off(least: Stage) -> None:
    shipped = least.lab.ship("9.5.0")

    ending = least.release(least.request(shipped), APPROVE)

    assert ending.outcome == "signed off", ending.sentence
    assert not_applicable(ending) ^ NOT_ASKED == set()
    said = [row.facts["sentence"] for row in ending.rows if row.step == "drained"]
    assert len(said) == 2
    assert all("no [balancer] in the settings" in sentence for sentence in said)
    ends_well_on(least, shipped.commit)


def test_a_system_that_the_rules_name_and_nobody_saved_is_named(stage: Stage) -> None:
    settings = Settings(**{**stage.words, "environment": "elsewhere"})
    for name, blocks in blocks_of(settings).items():
        for block in blocks:
            if not isinstance(block, BackupStore):
                block.save(name, overwrite=True)

    with pytest.raises(Misconfigured, match="no countersign-backup-store called 'elsewhere' is saved in Prefect"):
        Company.load("elsewhere")


def test_a_version_that_is_ill_goes_home_without_any_of_the_systems(least: Stage) -> None:
    least.change_limits(boot=10)
    before = str(least.lab.version_of("web-server-1"))
    shipped = least.lab.ship("9.5.1", fault="unhealthy in production")

    ending = least.release(least.request(shipped), APPROVE)

    assert ending.outcome == "rolled back", ending.sentence
    assert not any(row.subject == "web-server-2" and row.step == "updated" for row in ending.rows)
    ends_well_on(least, before)
