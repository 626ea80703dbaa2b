"""What was reported about a commit: check runs and commit statuses, brought to one form, the newest of each."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What a report says."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NOT_RUN = "did not run"
    OPEN = "open"


# What is on no list, also a conclusion that GitHub may invent tomorrow, is open: nobody knows.
_CONCLUSIONS = {
    "success": Outcome.SUCCEEDED,
    "failure": Outcome.FAILED,
    "timed_out": Outcome.FAILED,
    "startup_failure": Outcome.FAILED,
    "skipped": Outcome.NOT_RUN,
    "neutral": Outcome.NOT_RUN,
}
_STATES = {"success": Outcome.SUCCEEDED, "failure": Outcome.FAILED, "error": Outcome.FAILED}


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A check run; `app` is the slug of who reported it, `errors` the names of what it found wrong, if known.

    `origin` is what it is a part of: a workflow and the event that began it, else a suite; empty where nobody says.
    """

    number: int
    name: str
    app: str
    commit: str
    status: str
    conclusion: str | None
    started_at: datetime | None
    url: str | None
    errors: tuple[str, ...] | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """A commit status, the older way to report a check."""

    number: int
    context: str
    commit: str
    state: str
    created_at: datetime
    url: str | None


@dataclass(frozen=True, slots=True)
class Checks:
    """Everything reported about a commit, and how much GitHub says there is of it."""

    runs: tuple[CheckRun, ...]
    runs_total: int
    statuses: tuple[CommitStatus, ...]
    statuses_total: int

    def list_cut_short(self) -> tuple[str, ...]:
        """Say which of the two lists is not whole."""
        lists = (
            (len({run.number for run in self.runs}), self.runs_total, "checks"),
            (len({status.number for status in self.statuses}), self.statuses_total, "commit statuses"),
        )
        return tuple(f"{got} of {total} {what} received" for got, total, what in lists if got != total)


@dataclass(frozen=True, slots=True)
class Report:
    """The newest report under one name by one app and origin; `before` is the outcome of the one it replaced."""

    name: str
    app: str
    commit: str
    outcome: Outcome
    word: str
    number: int
    at: datetime | None
    url: str | None
    errors: tuple[str, ...] | None
    before: Outcome | None = None
    origin: str = ""


def list_reports(checks: Checks) -> tuple[Report, ...]:
    """Return every report in one form."""
    return (*(_of_run(run) for run in checks.runs), *(_of_status(status) for status in checks.statuses))


def list_newest(reports: Iterable[Report]) -> tuple[Report, ...]:
    """Return the newest report of each app and origin under each name.

    A re-run replaces what it repeats, also where the whole workflow was begun again by the same event. A job of the
    same name in another workflow is another check; so is one that another event began, for a pull request is tested
    as merged into its base and a push as it is.
    """
    groups: dict[tuple[str, str, str], list[Report]] = {}
    for report in reports:
        groups.setdefault((report.app, report.origin, report.name), []).append(report)
    return tuple(_newest(group) for group in groups.values())


def is_named(name: str, patterns: Collection[str]) -> bool:
    """Whether one of the patterns fits the name: `*` is anything, case does not matter."""
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.IGNORECASE | re.DOTALL)
        for pattern in patterns
    )


def _of_run(run: CheckRun) -> Report:
    done = run.status.lower() == "completed"
    word = (run.conclusion or "without a conclusion") if done else run.status
    outcome = _CONCLUSIONS.get(word.lower(), Outcome.OPEN) if done else Outcome.OPEN
    return Report(
        name=run.name,
        app=run.app,
        commit=run.commit,
        outcome=outcome,
        word=word,
        number=run.number,
        at=run.started_at,
        url=run.url,
        errors=run.errors,
        origin=run.origin,
    )


def _of_status(status: CommitStatus) -> Report:
    outcome = _STATES.get(status.state.lower(), Outcome.OPEN)
    return Report(
        name=status.context,
        app="commit status",
        commit=status.commit,
        outcome=outcome,
        word=status.state,
        number=status.number,
        at=status.created_at,
        url=status.url,
        errors=None,
    )


def _newest(group: list[Report]) -> Report:
    """Numbers decide where a report has not started yet, for it has no time; else the times do."""
    timed = [(report.at, report.number, report) for report in group if report.at is not None]
    if len(timed) == len(group):
        ordered = [report for _, _, report in sorted(timed, key=lambda one: one[:2])]
    else:
        ordered = sorted(group, key=lambda report: report.number)
    return replace(ordered[-1], before=ordered[-2].outcome if len(ordered) > 1 else None)
