"""Check runs and commit statuses of the commit b2, for the rules about tests and build."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from policy.check_facts import CheckRun, Checks, CommitStatus

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def run(name: str, conclusion: str | None = "success", *, at: int | None = 0, **changes: Any) -> CheckRun:
    """A check run of GitHub Actions, started `at` minutes past ten; without a conclusion it still runs."""
    facts: dict[str, Any] = {
        "number": 1000 + (at or 0),
        "name": name,
        "app": "github-actions",
        "commit": "b2",
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
        "started_at": None if at is None else START + timedelta(minutes=at),
        "url": f"https://github.com/holi/web/runs/{name}",
    }
    return CheckRun(**(facts | changes))


def status(context: str, state: str = "success", *, at: int = 0, **changes: Any) -> CommitStatus:
    """A commit status, reported `at` minutes past ten."""
    facts: dict[str, Any] = {
        "number": 2000 + at,
        "context": context,
        "commit": "b2",
        "state": state,
        "created_at": START + timedelta(minutes=at),
        "url": None,
    }
    return CommitStatus(**(facts | changes))


def checks(
    *reports: CheckRun | CommitStatus, runs_total: int | None = None, statuses_total: int | None = None
) -> Checks:
    """Everything reported, each under a number of its own, and as much as there is unless said otherwise."""
    runs: Sequence[CheckRun] = [report for report in reports if isinstance(report, CheckRun)]
    statuses: Sequence[CommitStatus] = [report for report in reports if isinstance(report, CommitStatus)]
    return Checks(
        tuple(runs),
        len(runs) if runs_total is None else runs_total,
        tuple(statuses),
        len(statuses) if statuses_total is None else statuses_total,
    )
