"""Ten things are wrong in the company, and one look says all of them and what to do about each."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from prefect import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import FailedRun
from prefect.flow_engine import run_flow
from prefect.logging.loggers import flow_run_logger

from blocks.company import Company
from blocks.store import FolderStore
from deployments.doctor import company_of, judge_saved
from deployments.save_blocks import save
from deployments.settings import Settings, read_settings
from flows.doctor import doctor
from lab.client import Lab
from lab.control_plane import ControlPlane
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
        return all(finding.is_well for finding in findings)

    # Prometheus needs two looks at each server before it counts.
    wait_until(is_well, what="every row is well", seconds=60)
    assert {finding.part for finding in findings} >= {"web-server-1", "staging", "balancer", "GitHub", "database"}


@pytest.fixture
def saved(lab: Lab, control: ControlPlane) -> Settings:
    """The lab's own settings, just saved in Prefect."""
    assert control
    settings = read_settings(lab.settings_path)
    save(settings)
    return settings


def test_what_was_just_saved_is_as_in_the_settings_and_one_other_field_is_named(saved: Settings) -> None:
    assert judge_saved(saved).sentence == "as in the settings"

    disk = saved.limits.model_copy(update={"disk": 0.5})
    other = saved.model_copy(update={"limits": disk})

    assert judge_saved(other).sentence == (
        f"countersign-company-rules {saved.environment!r} differs from the settings in limits.disk"
    )


def test_a_run_says_in_its_name_and_state_what_it_found_and_leaves_no_traceback(
    lab: Lab, saved: Settings, logged: pytest.LogCaptureFixture
) -> None:
    lab.do("use_disk", host="web-server-1", share=0.96)

    run = as_the_worker_runs_it(saved.environment)

    assert run.state is not None
    assert (run.state.name, run.state.is_failed()) == ("Look", True)
    assert re.fullmatch(r"Doctor: \d+ red.* of \d+", run.name)
    assert run.name.removeprefix("Doctor: ") in str(run.state.message)
    assert "Traceback" not in logged.text


def as_the_worker_runs_it(environment: str) -> FlowRun:
    """Carry the flow out by the engine, as the process does that a worker starts, and return its run."""
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(doctor, parameters={"environment": environment})
        with pytest.raises(FailedRun):
            run_flow(doctor, flow_run=run, error_logger=flow_run_logger(run).logger)
        return client.read_flow_run(run.id)


def test_ten_faults_are_found_in_one_look_and_each_says_what_to_do(lab: Lab, company: Company) -> None:
    for fault in FAULTS:
        fault.begin(lab)

    found = {(finding.part, finding.tried): finding for finding in examine(company)}

    assert len(FAULTS) == len(SHOWN) == 10
    for fault in FAULTS:
        part, tried, said, next_step = SHOWN[fault.name]
        finding: Finding = found[part, tried]
        assert finding.is_red, (fault.sentence, finding)
        assert said in finding.judgement.sentence, finding
        assert next_step in finding.next_step, finding
