"""Ten things are wrong in the company, and one look says all of them and what to do about each."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from blocks.company import Company
from blocks.store import FolderStore
from deployments.doctor import company_of
from deployments.settings import read_settings
from lab.client import Lab
from lab.faults import FAULTS
from policy.diagnosis import Finding
from tasks.doctor import examine
from tests.stories.stage import wait_until

# Where each fault shows, a word of what is said of it, and a word of what to do next.
SHOWN = {
    "clock-ahead": ("web-server-2", "clock", "ahead of the worker's clock", "chrony"),
    "disk-nearly-full": ("web-server-1", "disk", "96% in use", "docker image prune"),
    "without-compose": ("web-server-2", "Compose", "no `docker compose`", "docker-compose-plugin"),
    "worker-on-a-target": ("web-server-1", "nothing of Prefect", "a Prefect worker runs here", "no release restarts"),
    "prefect-database-on-a-target": ("web-server-2", "nothing of Prefect", "Prefect's database", "no release restarts"),
    "other-host-key": ("staging", "SSH", "the host's key is not the one", "ssh-keyscan"),
    "deploy-job-left": ("GitHub", "no deploy job", "job deploy of ci.yml", "take that job out"),
    "github-reads-only": ("GitHub", "repository", "it lacks push", "docs/your-company.md"),
    "bot-not-in-alerts": ("Slack", "channel alerts", "the bot is not in #alerts (C0ALERTS)", "/invite"),
    "sentry-refuses": ("Sentry", "issues", "may not", "docs/your-company.md"),
}


@pytest.fixture
def company(lab: Lab) -> Iterator[Company]:
    """The lab's own company by its settings file, with a store that is marked; Prefect is not asked."""
    settings = read_settings(lab.settings_path)
    FolderStore(folder=str(settings.store.folder)).mark()
    with company_of(settings) as company:
        yield replace(company, prisma=None)


def test_a_company_in_order_has_no_red_row(company: Company) -> None:
    findings: tuple[Finding, ...] = ()

    def is_well() -> bool:
        nonlocal findings
        findings = examine(company)
        return not any(finding.is_red for finding in findings)

    # Prometheus needs two looks at each server before it counts.
    wait_until(is_well, what="every row is well", seconds=60)
    assert {finding.part for finding in findings} >= {"web-server-1", "staging", "balancer", "GitHub", "database"}


def test_ten_faults_are_found_in_one_look_and_each_says_what_to_do(lab: Lab, company: Company) -> None:
    for fault in FAULTS:
        fault.begin(lab)

    found = {(finding.part, finding.tried): finding for finding in examine(company)}

    assert len(FAULTS) == len(SHOWN) == 10
    for fault in FAULTS:
        part, tried, said, next_step = SHOWN[fault.name]
        finding: Finding = found[part, tried]
        assert finding.is_red, fault.sentence
        assert said in finding.judgement.sentence, finding
        assert next_step in finding.next_step, finding
