"""A job that deploys production is found in the pipeline; one that tests, builds or deploys staging is not."""

import pytest

from policy.judgement import Verdict
from policy.left_in_pipeline import find_deploy_jobs, judge_pipeline

SERVERS = ("web-server-1", "10.0.1.11")


def workflow(job: str, *, on: str = "push: {branches: [main]}") -> bytes:
    return f"name: CI\non:\n  {on}\njobs:\n{job}".encode()


def test_a_repository_without_workflows_deploys_nothing() -> None:
    judgement = judge_pipeline({}, environment="production", servers=SERVERS)

    assert judgement.verdict is Verdict.PASSED
    assert "no workflow" in judgement.sentence


def found(content: bytes) -> list[str]:
    jobs = find_deploy_jobs("ci.yml", content, environment="production", servers=SERVERS)
    return [f"{job.job}: {job.because}" for job in jobs]


@pytest.mark.parametrize(
    ("job", "because"),
    [
        ("  ship: {environment: production, steps: [{run: make ship}]}", "ship: its environment is production"),
        ("  ship: {environment: {name: Prod, url: x}, steps: []}", "ship: its environment is Prod"),
        ("  last: {steps: [{run: ./go 10.0.1.11}]}", "last: it names 10.0.1.11"),
        ("  last: {env: {HOST: web-server-1}, steps: []}", "last: it names web-server-1"),
        ("  deploy-production: {steps: [{run: ./go}]}", "deploy-production: its name says so"),
        ("  a: {name: Roll-out to prod, steps: [{run: ./go}]}", "a: its name says so"),
        ("  b: {steps: [{run: ssh deploy@$HOST docker ps}]}", "b: it runs `ssh deploy@$HOST`"),
        ("  b: {steps: [{uses: appleboy/ssh-action@v1}]}", "b: it runs `ssh-action`"),
        ("  b: {steps: [{run: docker-compose -f x.yml up -d}]}", "b: it runs `docker-compose -f x.yml up`"),
        ("  b: {steps: [{run: kamal deploy}]}", "b: it runs `kamal deploy`"),
    ],
)
def test_a_job_that_deploys_production_is_named_with_why(job: str, because: str) -> None:
    assert found(workflow(job)) == [because]


@pytest.mark.parametrize(
    "content",
    [
        workflow("  test: {steps: [{run: pnpm test}]}"),
        workflow("  image: {steps: [{run: docker build -t x . && docker push x}]}"),
        workflow("  deploy-staging: {environment: staging, steps: [{run: ssh a@b up}]}"),
        workflow("  b: {if: github.ref == 'refs/heads/staging', steps: [{run: kamal deploy}]}"),
        workflow("  b: {steps: [{run: kamal deploy}]}", on="push: {branches: [staging]}"),
        workflow("  b: {steps: [{run: ./go 10.0.1.110}]}"),
        workflow("  lint: {steps: [{run: ssh-keygen -lf key.pub}]}"),
        b"name: empty\n",
        b"- a list\n",
    ],
)
def test_what_tests_builds_or_deploys_staging_is_none(content: bytes) -> None:
    assert found(content) == []


def test_the_judgement_counts_the_workflows_and_names_each_job() -> None:
    well = judge_pipeline({"ci.yml": workflow("  t: {steps: []}")}, environment="production", servers=SERVERS)
    ill = judge_pipeline(
        {"cd.yml": workflow("  ship: {environment: production}")}, environment="production", servers=SERVERS
    )

    assert well.sentence == "no job of 1 workflow deploys production"
    assert ill.verdict is Verdict.FAILED
    assert "job ship of cd.yml (its environment is production)" in ill.sentence


def test_a_workflow_that_cannot_be_read_is_unknown() -> None:
    judgement = judge_pipeline({"ci.yml": b"jobs: [unclosed"}, environment="production", servers=SERVERS)

    assert judgement.verdict is Verdict.UNKNOWN
