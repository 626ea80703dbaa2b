"""Does the pipeline still deploy production by itself? Two that deploy undo each other's work."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from policy.judgement import Judgement, failed, passed, unknown
from policy.wording import counted

_PRODUCTION = re.compile(r"\bprod(uction)?\b", re.IGNORECASE)
_STAGING = re.compile(r"\bstag(e|ing)\b", re.IGNORECASE)
_DEPLOYS = re.compile(r"\b(deploy\w*|roll[- ]?out)\b", re.IGNORECASE)
# Commands and actions that change another machine.
_REMOTE = re.compile(
    r"(?:^|[\s;&|(])ssh\s+\S+|ssh-action|kamal\s+deploy|docker\s+stack\s+deploy|kubectl\s+(apply|rollout|set)|"
    r"ansible-playbook|helm\s+upgrade|docker[ -]compose\b.*\bup\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DeployJob:
    """A job of a workflow that seems to deploy production, and by what it is known."""

    workflow: str
    job: str
    because: str

    @property
    def sentence(self) -> str:
        """Which one, and why it is taken for one."""
        return f"job {self.job} of {self.workflow} ({self.because})"


def judge_pipeline(workflows: Mapping[str, bytes], *, environment: str, servers: Collection[str]) -> Judgement:
    """Fail where a job of any workflow deploys production; `servers` are their names and addresses."""
    if not workflows:
        return passed("there is no workflow, so none deploys production")
    try:
        found = [
            job
            for name, content in sorted(workflows.items())
            for job in find_deploy_jobs(name, content, environment=environment, servers=servers)
        ]
    except yaml.YAMLError as error:
        return unknown(f"a workflow is no valid YAML: {str(error).splitlines()[0]}")
    if found:
        return failed(f"the pipeline deploys production too: {'; '.join(job.sentence for job in found)}")
    return passed(f"no job of {counted(len(workflows), 'workflow')} deploys production")


def find_deploy_jobs(
    workflow: str, content: bytes, *, environment: str, servers: Collection[str]
) -> Iterator[DeployJob]:
    """Yield each job of a workflow that deploys production, by its environment, its words or its commands."""
    read = yaml.safe_load(content)
    jobs = read.get("jobs") if isinstance(read, dict) else None
    if not isinstance(jobs, dict):
        return
    # YAML 1.1 takes the key `on` for the truth value.
    staging_only = _is_for_staging(read.get("on", read.get(True)))
    for name, job in jobs.items():
        if isinstance(job, dict) and (because := _why(str(name), job, environment, servers, staging_only=staging_only)):
            yield DeployJob(workflow, str(name), because)


def _why(
    name: str, job: dict[Any, Any], environment: str, servers: Collection[str], *, staging_only: bool
) -> str | None:
    declared = job.get("environment")
    called = str(declared.get("name", "") if isinstance(declared, dict) else declared or "")
    if called.casefold() in (environment, "production", "prod"):
        return f"its environment is {called}"
    texts = list(_texts(job))
    if server := next((one for one in sorted(servers) if any(_names(text, one) for text in texts)), None):
        return f"it names {server}"
    title = f"{name} {job.get('name', '')}".replace("_", " ").replace("-", " ")
    if _DEPLOYS.search(title) and _PRODUCTION.search(title):
        return "its name says so"
    for_staging = staging_only or _STAGING.search(f"{title} {called} {job.get('if', '')}")
    command = next((found[0].strip() for text in texts if (found := _REMOTE.search(text))), None)
    return f"it runs `{command}`" if command and not for_staging else None


def _is_for_staging(trigger: object) -> bool:
    """Whether nothing but a push to staging starts the workflow."""
    push = trigger.get("push") if isinstance(trigger, dict) and set(trigger) == {"push"} else None
    branches = push.get("branches") if isinstance(push, dict) else None
    return bool(branches) and isinstance(branches, list) and all(_STAGING.search(str(one)) for one in branches)


def _names(text: str, server: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(server)}(?![\w.-])", text) is not None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)
