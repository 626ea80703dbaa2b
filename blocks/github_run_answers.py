"""GitHub's answers about the runs of a workflow, as far as they are read, and the fact that is made of them."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """One run of the CI; the conclusion is None while it runs."""

    number: int
    status: str
    conclusion: str | None
    url: str
    failed_steps: tuple[str, ...]


class Run(BaseModel):
    """A workflow run."""

    id: int
    status: str
    conclusion: str | None
    created_at: datetime
    html_url: str


class Runs(BaseModel):
    """The workflow runs of a commit."""

    workflow_runs: list[Run]


class Step(BaseModel):
    """One step of a job."""

    name: str
    conclusion: str | None = None


class Job(BaseModel):
    """One job of a run."""

    name: str
    conclusion: str | None = None
    steps: list[Step] = []

    def failed_steps(self) -> list[str]:
        """The steps that failed; where none says so but the job did, the job's conclusion."""
        failed = [step.name for step in self.steps if step.conclusion in ("failure", "timed_out")]
        if not failed and self.conclusion not in (None, "success", "skipped", "neutral"):
            return [f"({self.conclusion})"]
        return failed


class Jobs(BaseModel):
    """A page of the jobs of a run."""

    total_count: int
    jobs: list[Job]


def workflow_run(answer: Run, failed_steps: tuple[str, ...]) -> WorkflowRun:
    """The fact behind a run's answer."""
    return WorkflowRun(answer.id, answer.status, answer.conclusion, answer.html_url, failed_steps)
