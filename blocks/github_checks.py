"""GitHub: everything that was reported about a commit: checks, statuses, code scanning, and CI's own reports."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel

from blocks.errors import Refused, Unreachable
from blocks.github_repository import PAGE, Repository, quoted
from policy.check_facts import CheckRun, Checks, CommitStatus
from policy.code_analyses import CodeAnalysis
from policy.security_scans import CodeScanningAlert

_LARGEST_REPORT = 50_000_000


class _App(BaseModel):
    slug: str | None = None


class _Suite(BaseModel):
    id: int


class _CheckRun(BaseModel):
    id: int
    name: str
    head_sha: str
    status: str
    conclusion: str | None = None
    started_at: datetime | None = None
    html_url: str | None = None
    app: _App | None = None
    check_suite: _Suite | None = None

    @property
    def by(self) -> str:
        """Who reported it."""
        return self.app.slug if self.app and self.app.slug else "an unknown app"

    @property
    def suite(self) -> int | None:
        """The number of its suite."""
        return self.check_suite.id if self.check_suite else None


class _CheckRuns(BaseModel):
    total_count: int
    check_runs: list[_CheckRun]


class _WorkflowRun(BaseModel):
    check_suite_id: int | None = None
    workflow_id: int
    event: str


class _WorkflowRuns(BaseModel):
    workflow_runs: list[_WorkflowRun]


class _Status(BaseModel):
    id: int
    context: str
    state: str
    created_at: datetime
    target_url: str | None = None


class _Statuses(BaseModel):
    sha: str
    total_count: int
    statuses: list[_Status]


class _Artifact(BaseModel):
    id: int
    name: str
    expired: bool
    created_at: datetime


class _Artifacts(BaseModel):
    total_count: int
    artifacts: list[_Artifact]


class _Rule(BaseModel):
    id: str | None = None
    description: str = ""
    severity: str | None = None
    security_severity_level: str | None = None


class _Location(BaseModel):
    path: str | None = None


class _Instance(BaseModel):
    location: _Location | None = None


class _Alert(BaseModel):
    number: int
    state: str
    rule: _Rule
    html_url: str
    most_recent_instance: _Instance


class _Tool(BaseModel):
    name: str | None = None


class _Analysis(BaseModel):
    id: int
    tool: _Tool
    category: str | None = None
    analysis_key: str = ""
    environment: str = ""
    commit_sha: str
    error: str = ""
    created_at: datetime


class CodeScanning(BaseModel):
    """The open alerts of a ref, and its newest analyses; none of either where there is no analysis."""

    alerts: tuple[CodeScanningAlert, ...]
    analyses: tuple[CodeAnalysis, ...]


class CommitReports(Repository):
    """What CI and scanners said about the commits of one repository."""

    def read_checks(self, commit: str) -> Checks:
        """The latest run of every check and the newest status of every context on the commit, with their totals."""
        runs: list[_CheckRun] = []
        statuses: list[_Status] = []
        runs_total = statuses_total = 0
        for page in self._pages(self._at(f"commits/{quoted(commit)}/check-runs"), _CheckRuns):
            runs += page.check_runs
            runs_total = page.total_count
        for one in self._pages(self._at(f"commits/{quoted(commit)}/status"), _Statuses):
            statuses += one.statuses
            statuses_total = one.total_count
        origins = self._read_origins(commit) if _share_names(runs) else {}
        return Checks(
            tuple(_check_run(run, origins) for run in runs),
            runs_total,
            tuple(
                CommitStatus(one.id, one.context, commit, one.state, one.created_at, one.target_url) for one in statuses
            ),
            statuses_total,
        )

    def _read_origins(self, commit: str) -> Mapping[int | None, str]:
        """The workflow and the event behind each suite of the commit; other apps' suites have none."""
        pages = self._pages(self._at("actions/runs"), _WorkflowRuns, head_sha=commit)
        runs = [run for page in pages for run in page.workflow_runs]
        return {run.check_suite_id: f"workflow {run.workflow_id} on {run.event}" for run in runs if run.check_suite_id}

    def read_code_scanning(self, ref: str) -> CodeScanning:
        """The open alerts of a ref such as refs/heads/main, and the newest hundred analyses of it."""
        query = {"ref": ref, "per_page": str(PAGE)}
        answer = self._vendor.ask("GET", self._at("code-scanning/analyses"), query=query, understood=(404,))
        found = answer.read(list[_Analysis]) if answer.status < 300 else []
        if not found:
            return CodeScanning(alerts=(), analyses=())
        pages = self._pages(self._at("code-scanning/alerts"), list[_Alert], state="open", ref=ref)
        alerts = tuple(_alert(one) for page in pages for one in page)
        return CodeScanning(alerts=alerts, analyses=tuple(_analysis(one) for one in found))

    def read_report(self, run: int, artifact: str) -> Mapping[str, bytes] | None:
        """The files of the newest artifact of that name of a workflow run; None where it has none."""
        found: list[_Artifact] = []
        for page in self._pages(self._at(f"actions/runs/{run}/artifacts"), _Artifacts, name=artifact):
            found += page.artifacts
        there = [one for one in found if one.name == artifact and not one.expired]
        if not there:
            return None
        newest = max(there, key=lambda one: (one.created_at, one.id))
        answer = self._vendor.ask("GET", self._at(f"actions/artifacts/{newest.id}/zip"), understood=(302, 410))
        if answer.status == 410:
            return None
        content = answer.content if answer.moved_to is None else self._vendor.fetch_without_secret(answer.moved_to)
        return _unpacked(content, artifact)


def _share_names(runs: Sequence[_CheckRun]) -> bool:
    """Whether checks of one name lie in several suites: then what ran them has to be known."""
    return len({(run.by, run.name) for run in runs}) < len({(run.by, run.name, run.suite) for run in runs})


def _check_run(run: _CheckRun, origins: Mapping[int | None, str]) -> CheckRun:
    return CheckRun(
        number=run.id,
        name=run.name,
        app=run.by,
        commit=run.head_sha,
        status=run.status,
        conclusion=run.conclusion,
        started_at=run.started_at,
        url=run.html_url,
        errors=None,
        origin=origins.get(run.suite) or (f"suite {run.suite}" if run.suite else ""),
    )


def _analysis(one: _Analysis) -> CodeAnalysis:
    """The fact behind an analysis; one without a category is told apart by the job that made it."""
    return CodeAnalysis(
        number=one.id,
        tool=one.tool.name or "an unknown tool",
        category=one.category or f"{one.analysis_key} {one.environment}".strip(),
        commit=one.commit_sha,
        error=one.error,
        created_at=one.created_at,
    )


def _alert(one: _Alert) -> CodeScanningAlert:
    place = one.most_recent_instance.location
    return CodeScanningAlert(
        number=one.number,
        state=one.state,
        rule_id=one.rule.id or "a rule without a name",
        rule_description=one.rule.description,
        rule_severity=one.rule.severity,
        security_severity_level=one.rule.security_severity_level,
        path=place.path if place and place.path else "an unknown place",
        html_url=one.html_url,
    )


def _unpacked(content: bytes, artifact: str) -> Mapping[str, bytes]:
    """Return the files by name; one that would unpack to more than a report ever is, is refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(one.file_size for one in archive.infolist()) > _LARGEST_REPORT:
                raise Refused(f"GitHub: the artifact {artifact} holds more than {_LARGEST_REPORT} bytes")
            return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    except zipfile.BadZipFile as error:
        raise Unreachable(f"GitHub: the artifact {artifact} is no whole zip file") from error
