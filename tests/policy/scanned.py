"""What scanners print about the commit b2, for the rules about findings."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from policy.code_analyses import CodeAnalysis
from policy.security_scans import CodeScanningAlert, LeakScan, SnykIssue

SECRET = "ghp_notToBeSeenAnywhere0123456789"


def advisory(severity: str = "high", **changes: Any) -> dict[str, Any]:
    """An advisory as the audit lists it."""
    return {
        "id": 1096302,
        "module_name": "node-fetch",
        "severity": severity,
        "title": "Header leak",
        "patched_versions": ">=2.6.7",
        "url": "https://github.com/advisories/GHSA-r683-j2x4-v87g",
        "github_advisory_id": "GHSA-r683-j2x4-v87g",
        "cves": ["CVE-2022-0235"],
        "findings": [{"version": "2.0.0", "paths": [".>node-fetch"]}],
    } | changes


def audit(*advisories: dict[str, Any], counts: dict[str, Any] | None = None, pnpm: int = 10, **metadata: Any) -> str:
    """What `pnpm audit --json` prints; the counts are those of the advisories unless given."""
    counted = dict.fromkeys(("info", "low", "moderate", "high", "critical"), 0)
    for one in advisories:
        counted[one["severity"]] = counted.get(one["severity"], 0) + 1
    about = {"vulnerabilities": counted if counts is None else counts, "totalDependencies": 812} | metadata
    listed = {str(at): one for at, one in enumerate(advisories)}
    before: dict[str, Any] = {"actions": [], "muted": []} if pnpm < 11 else {}
    return json.dumps({**before, "advisories": listed, "metadata": about})


def leak(**changes: Any) -> dict[str, Any]:
    """A finding as gitleaks reports it, the secret included."""
    return {
        "RuleID": "github-pat",
        "Description": "GitHub token",
        "File": "src/config.ts",
        "StartLine": 12,
        "Commit": "c3" * 20,
        "Secret": SECRET,
        "Match": f"token = {SECRET}",
        "Fingerprint": f"{'c3' * 20}:src/config.ts:github-pat:12",
    } | changes


def leaks(*found: dict[str, Any], **changes: Any) -> LeakScan:
    """A gitleaks report of the range a1..b2 with 20 commits."""
    facts: dict[str, Any] = {"text": json.dumps(found), "base": "a1", "head": "b2", "commits_scanned": 20}
    return LeakScan(**(facts | changes))


def issue(severity: str = "high", **changes: Any) -> SnykIssue:
    """An open issue in Snyk."""
    facts: dict[str, Any] = {
        "key": "SNYK-JS-LODASH-590103",
        "title": "Prototype Pollution",
        "effective_severity_level": severity,
        "status": "open",
        "ignored": False,
        "problems": ("CVE-2020-8203",),
        "url": "https://app.snyk.io/1",
    }
    return SnykIssue(**(facts | changes))


def alert(level: str | None = "high", **changes: Any) -> CodeScanningAlert:
    """An open alert of GitHub's code scanning."""
    facts: dict[str, Any] = {
        "number": 5,
        "state": "open",
        "rule_id": "js/sql-injection",
        "rule_description": "Query built from user input",
        "rule_severity": "error",
        "security_severity_level": level,
        "path": "src/patients.ts",
        "html_url": "https://github.com/holi/web/security/code-scanning/5",
    }
    return CodeScanningAlert(**(facts | changes))


def analysis(commit: str = "b2", error: str = "", *, at: int = 0, **changes: Any) -> CodeAnalysis:
    """An analysis of JavaScript by CodeQL, `at` minutes past ten."""
    facts: dict[str, Any] = {
        "number": 100 + at,
        "tool": "CodeQL",
        "category": "/language:javascript",
        "commit": commit,
        "error": error,
        "created_at": datetime(2026, 11, 24, 10, tzinfo=UTC) + timedelta(minutes=at),
    }
    return CodeAnalysis(**(facts | changes))
