"""1.1: does the code that goes to production hold what a pull request, a review, tests and scanners say."""

import json
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from policy.checks import judge_build, judge_tests
from policy.combined import combine
from policy.coverage import CoverageReport, judge_coverage
from policy.evidence_rules import SecuritySource
from policy.judgement import Judgement, not_applicable, not_configured
from policy.pull_requests import PullRequest, judge_pull_requests, list_landing
from policy.review_facts import ReviewedPull
from policy.reviews import Reviewers, judge_reviews
from policy.risk import ChangeSet, assess_risk
from policy.security_findings import judge_security
from policy.security_scans import (
    LeakScan,
    Scan,
    SnykIssue,
    read_code_scanning,
    read_gitleaks,
    read_pnpm_audit,
    read_snyk,
)
from policy.wording import short
from tasks.change_facts import (
    checks_of_release,
    pulls_by_commit,
    report_of_release,
    same_tree,
    templates,
    tickets_there,
)
from tasks.item import item
from tasks.run import Run
from tasks.systems import SECURITY


@item("1.1.1")
def pull_request_created(run: Run) -> Judgement:
    """Each commit belongs to a pull request with a description, a ticket that exists, and pictures of what is seen."""
    rules = run.company.evidence.pull_requests
    return judge_pull_requests(
        run.release.commits,
        pulls_by_commit(run),
        complete=run.release.complete,
        base_branch=run.company.rules.main_branch,
        tickets=None if run.company.tickets is None else tickets_there(run),
        templates=templates(run),
        rules=rules,
        asked_for=run.release.request.pull_request,
    )


@item("1.1.2")
def code_review_completed(run: Run) -> Judgement:
    """Enough people who did not write it approved the head of each pull request that lands, and nobody objects."""
    company = run.company
    if run.release.is_live_already:
        return not_applicable(f"{short(run.release.commit)} is live already; no commit goes to production")
    reviewers = Reviewers(
        roster=company.roster,
        rules=company.evidence.reviews,
        paths=company.evidence.sensitive,
        on=run.today,
        zone=ZoneInfo(company.rules.time_zone),
    )
    pulls = list_landing(
        pulls_by_commit(run), base_branch=company.rules.main_branch, asked_for=run.release.request.pull_request
    )
    return judge_reviews([reviewed_pull(run, pull) for pull in pulls], reviewers=reviewers)


@item("1.1.3")
def automated_tests_pass(run: Run) -> Judgement:
    """Unit, integration and end-to-end tests succeeded on the very commit, and they cover enough of it."""
    evidence, commit = run.company.evidence, run.release.commit
    tests = judge_tests(checks_of_release(run), commit=commit, same_tree=same_tree(run), rules=evidence.checks)
    return combine((tests, _coverage(run)))


@item("1.1.4", needs=SECURITY)
def security_checks_pass(run: Run, security: SecuritySource) -> Judgement:
    """Every scanner looked at the commit, and nothing high or critical is open without a dated exception."""
    return judge_security(
        list(_scans(run, security)),
        commit=run.release.commit,
        same_tree=same_tree(run),
        expected=security.scanners,
        exceptions=run.company.evidence.exceptions,
        today=run.today,
    )


@item("1.1.5")
def build_succeeds(run: Run) -> Judgement:
    """Build, types, lint and image succeeded on the very commit; lint errors may be acknowledged by name."""
    return judge_build(
        checks_of_release(run),
        commit=run.release.commit,
        same_tree=same_tree(run),
        rules=run.company.evidence.checks,
        acknowledged=run.release.request.acknowledged,
        by=run.release.request.requested_by,
    )


def reviewed_pull(run: Run, pull: PullRequest) -> ReviewedPull:
    """Return a pull request with everything that reviewers said of it."""
    github = run.company.github
    threads, threads_total = github.list_threads(pull.number)
    change = ChangeSet(pull.base, pull.head, (), pull.files, pull.labels, pull.files_complete)
    return ReviewedPull(
        number=pull.number,
        url=pull.url,
        head=pull.head,
        opened_by=pull.opened_by,
        risk=assess_risk(change, rules=run.company.risk_rules, raised_to=run.release.request.raised_to).risk,
        commits=github.list_pull_commits(pull.number),
        commits_total=pull.commits_total,
        reviews=github.list_reviews(pull.number),
        threads=threads,
        threads_total=threads_total,
        files=pull.files,
        files_complete=pull.files_complete,
    )


def _coverage(run: Run) -> Judgement:
    source, release = run.company.evidence.coverage, run.release
    if source is None:
        return not_configured("coverage")
    found = report_of_release(run, source.artifact)
    text = found.files.get(source.file) if found else None
    report = None
    if found is not None and text is not None:
        name = f"{source.file} of {source.artifact}"
        report = CoverageReport(name, text.decode("utf-8", "replace"), found.commit, source.folder, found.url)
    return judge_coverage(
        report,
        commit=release.commit,
        same_tree=same_tree(run),
        changed=[path for path in release.files if path not in release.gone],
        paths=run.company.evidence.sensitive,
        rules=source,
        limits=run.limits,
    )


def _scans(run: Run, security: SecuritySource) -> list[Scan]:
    """Return what every scanner in use said; one without a report is not in the list."""
    ways = {"pnpm audit": _audit, "gitleaks": _leaks, "code scanning": _code_scanning, "Snyk": _snyk}
    asked = [ways[scanner](run, security) for scanner in security.scanners]
    return [scan for scan in asked if scan is not None]


def _audit(run: Run, security: SecuritySource) -> Scan | None:
    found = report_of_release(run, security.artifact)
    if found is None or security.audit not in found.files:
        return None
    return read_pnpm_audit(found.files[security.audit].decode("utf-8", "replace"), commit=found.commit, url=found.url)


def _leaks(run: Run, security: SecuritySource) -> Scan | None:
    found = report_of_release(run, security.artifact)
    if found is None or security.leaks not in found.files:
        return None
    covered = _read_range(found.files.get(security.leaks_range, b"{}"))
    number = covered.get("commits")
    scan = LeakScan(
        text=found.files[security.leaks].decode("utf-8", "replace"),
        base=str(covered.get("base", "unknown")),
        head=str(covered.get("head", found.commit)),
        commits_scanned=number if isinstance(number, int) else None,
        url=found.url,
    )
    commits = sum(not commit.is_merge for commit in run.release.commits)
    return read_gitleaks(scan, base=run.release.previous_commit, head=run.release.commit, commits=commits)


def _read_range(content: bytes) -> Mapping[str, object]:
    """Return what the report says of itself; what is no object says nothing."""
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _code_scanning(run: Run, _security: SecuritySource) -> Scan | None:
    number = run.release.request.pull_request
    ref = f"refs/pull/{number}/head" if number else f"refs/heads/{run.company.rules.main_branch}"
    found = run.company.github.read_code_scanning(ref)
    if not found.analyses:
        return None
    return read_code_scanning(found.alerts, found.analyses, commit=run.release.commit)


def _snyk(run: Run, _security: SecuritySource) -> Scan | None:
    """Snyk watches the project as it is now, and names no commit."""
    if run.company.snyk is None:
        return None
    issues = [
        SnykIssue(one.key, one.title, one.severity, "open", one.ignored, (), None)
        for one in run.company.snyk.list_open_issues(("high", "critical"))
    ]
    return read_snyk(issues, commit=run.release.commit)
