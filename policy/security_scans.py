"""What the four scanners answer, brought to one form; a scan that did not look has a problem, not zero findings."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from policy.code_analyses import CodeAnalysis, look_over
from policy.wording import counted, short

_STATUS = re.compile(r"responded with (\d{3})")


class Severity(StrEnum):
    """How bad a finding is, in the words of `pnpm audit`."""

    INFO = "info"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def stops(self) -> bool:
        """High and critical findings stop a release."""
        return self in (Severity.HIGH, Severity.CRITICAL)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a scanner found, with every name under which an exception may mean it."""

    names: tuple[str, ...]
    severity: Severity
    what: str
    url: str | None = None

    @property
    def name(self) -> str:
        """How the finding is called."""
        return self.names[0]


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scanner found at a commit; with a `problem` it did not look, or not at everything."""

    scanner: str
    commit: str | None
    findings: tuple[Finding, ...] = ()
    looked_at: str = ""
    problem: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class SnykIssue:
    """An issue as Snyk tells it."""

    key: str
    title: str
    effective_severity_level: str
    status: str
    ignored: bool
    problems: tuple[str, ...]
    url: str | None


@dataclass(frozen=True, slots=True)
class CodeScanningAlert:
    """An alert as GitHub tells it; many tools give no `security_severity_level`."""

    number: int
    state: str
    rule_id: str
    rule_description: str
    rule_severity: str | None
    security_severity_level: str | None
    path: str
    html_url: str


@dataclass(frozen=True, slots=True)
class LeakScan:
    """A gitleaks report and the range it says it covers; an empty `base` is the whole history."""

    text: str
    base: str
    head: str
    commits_scanned: int | None
    url: str | None = None


def read_pnpm_audit(text: str, *, commit: str, url: str | None = None) -> Scan:
    """Return what `pnpm audit --json` printed; its exit code says nothing, an error inside everything."""
    scanner = "pnpm audit"
    if (answered := _STATUS.search(text)) and not text.lstrip().startswith("{"):
        return Scan(scanner, commit, problem=f"The audit did not run (registry answered {answered[1]})", url=url)
    try:
        report = _object(text)
        if "error" in report:
            return Scan(scanner, commit, problem=f"The audit did not run ({_say_error(report)})", url=url)
        advisories, metadata = _object_in(report, "advisories"), _object_in(report, "metadata")
        counts = _object_in(metadata, "vulnerabilities")
        rows = [_as_object(advisory) for advisory in advisories.values()]
        findings = tuple(_of_advisory(row) for row in rows)
        gap = _find_gap(rows, counts, by_path="actions" in report)
    except (_Odd, ValueError, TypeError) as error:
        return Scan(scanner, commit, problem=f"its report cannot be read: {error}", url=url)
    looked_at = metadata.get("totalDependencies")
    if not isinstance(looked_at, int) or looked_at < 1:
        return Scan(scanner, commit, findings, problem=f"it looked at {looked_at or 'no'} dependencies", url=url)
    if gap is not None:
        return Scan(scanner, commit, findings, problem=gap, url=url)
    return Scan(scanner, commit, findings, counted(looked_at, "dependency path"), url=url)


def read_gitleaks(scan: LeakScan, *, base: str, head: str, commits: int) -> Scan:
    """Return what gitleaks found, if it looked at the very range of `commits` commits with changes of their own.

    What it found is never kept: only the rule and the place.
    """
    scanner = "gitleaks"
    try:
        found = json.loads(scan.text)
        rows = [] if found is None else _as_list(found)
        findings = tuple(_of_leak(_as_object(row)) for row in rows)
    except (_Odd, ValueError, RecursionError) as error:
        return Scan(scanner, scan.head, problem=f"its report cannot be read: {_say_kind(error)}", url=scan.url)
    asked = f"{short(base)}..{short(head)}"
    problem = None
    if scan.base not in ("", base):
        problem = f"it looked at {short(scan.base)}..{short(scan.head)}, not at {asked}"
    elif scan.commits_scanned is None:
        problem = f"it does not say how many of the {counted(commits, 'commit')} of {asked} it scanned"
    elif scan.commits_scanned < commits or commits < 1:
        problem = f"{scan.commits_scanned} of {counted(commits, 'commit')} of {asked} scanned"
    looked_at = counted(scan.commits_scanned or 0, "commit")
    return Scan(scanner, scan.head, findings, looked_at, problem, scan.url)


def read_snyk(issues: Iterable[SnykIssue], *, commit: str | None, url: str | None = None) -> Scan:
    """Return Snyk's open issues; one that is ignored there is open until it has an exception with a day here."""
    scanner = "Snyk"
    try:
        findings = tuple(
            Finding(
                (issue.key, *issue.problems),
                _severity(issue.effective_severity_level),
                issue.title + (" (ignored in Snyk, which no day ends)" if issue.ignored else ""),
                issue.url,
            )
            for issue in issues
            if _is_open(issue.status, closed=("resolved",))
        )
    except _Odd as error:
        return Scan(scanner, commit, problem=f"its answer cannot be read: {error}", url=url)
    return Scan(scanner, commit, findings, "the project", url=url)


def read_code_scanning(
    alerts: Sequence[CodeScanningAlert], analyses: Sequence[CodeAnalysis], *, commit: str, url: str | None = None
) -> Scan:
    """Return GitHub's open alerts as of the analyses of the commit; one that failed or is missing is a problem."""
    scanner = "code scanning"
    looked = look_over(analyses, commit=commit)
    try:
        findings = tuple(
            Finding(
                (f"{alert.rule_id}#{alert.number}",),
                _severity_of_alert(alert),
                f"{alert.rule_description} in {alert.path}",
                alert.html_url,
            )
            for alert in alerts
            if _is_open(alert.state, closed=("dismissed", "fixed"))
        )
    except _Odd as odd:
        return Scan(scanner, looked.commit, problem=f"its answer cannot be read: {odd}", url=url)
    return Scan(scanner, looked.commit, findings, counted(len(alerts), "alert"), looked.problem, url)


class _Odd(Exception):
    """An answer is not of the form it should have."""


def _of_advisory(advisory: Mapping[str, Any]) -> Finding:
    cves = [str(cve) for cve in _as_list(advisory.get("cves") or [])]
    names = [str(advisory.get(key) or "") for key in ("github_advisory_id", "id")]
    package = advisory.get("module_name") or "a package"
    what = f"{package}: {advisory.get('title') or 'no title'}, mended in {advisory.get('patched_versions') or '-'}"
    url = advisory.get("url")
    return Finding(
        tuple(filter(None, (names[0], *cves, names[1]))) or (str(package),),
        _severity(advisory.get("severity")),
        what,
        url if isinstance(url, str) and url else None,
    )


def _find_gap(rows: Sequence[Mapping[str, Any]], counts: Mapping[str, Any], *, by_path: bool) -> str | None:
    """Say how the counts differ from the list, from which `pnpm audit` leaves out what its own settings ignore.

    pnpm 11 counts advisories; reports with `actions`, as before, may also count each path to one.
    """
    levels = [level for level in Severity if level.stops]
    said = [int(counts.get(level, 0)) for level in levels]
    found = [[row for row in rows if _severity(row.get("severity")) is level] for level in levels]
    as_counted = [[len(some) for some in found]]
    if by_path:
        as_counted.append([sum(map(_count_paths, some)) for some in found])
    if said in as_counted:
        return None
    more = (sum(max(0, many - few) for many, few in zip(said, listed, strict=True)) for listed in as_counted)
    if unlisted := min(filter(None, more), default=0):
        return f"it counts {counted(unlisted, 'high or critical finding')} that it does not list"
    return f"it lists {counted(sum(as_counted[0]), 'high or critical finding')} and counts {sum(said)}"


def _count_paths(advisory: Mapping[str, Any]) -> int:
    findings = [_as_object(one) for one in _as_list(advisory.get("findings") or [])]
    return max(1, sum(len(_as_list(one.get("paths") or [])) for one in findings))


def _of_leak(leak: Mapping[str, Any]) -> Finding:
    rule, path, line, commit = (leak.get(key) or "?" for key in ("RuleID", "File", "StartLine", "Commit"))
    fingerprint = leak.get("Fingerprint") or f"{commit}:{path}:{rule}:{line}"
    where = f"{rule} in {path}:{line} of {short(str(commit))}"
    return Finding((str(fingerprint),), Severity.CRITICAL, where)


def _severity(word: object) -> Severity:
    spelt = str(word).casefold()
    try:
        return Severity("moderate" if spelt == "medium" else spelt)
    except ValueError:
        raise _Odd(f"{word!r} is no severity") from None


def _severity_of_alert(alert: CodeScanningAlert) -> Severity:
    """A tool that gives no level of security says how bad it is by the rule's own severity only."""
    if alert.security_severity_level:
        return _severity(alert.security_severity_level)
    known = {"error": Severity.HIGH, "warning": Severity.MODERATE, "note": Severity.LOW, "none": Severity.INFO}
    word = (alert.rule_severity or "").casefold()
    if word not in known:
        raise _Odd(f"alert {alert.number} has the severity {alert.rule_severity!r}")
    return known[word]


def _is_open(state: str, *, closed: Sequence[str]) -> bool:
    """Whatever is not known to be closed is open."""
    return state.casefold() not in closed


def _say_error(report: Mapping[str, Any]) -> str:
    """Say how the audit failed without repeating addresses, which may hold credentials."""
    error = report["error"]
    inside = error if isinstance(error, dict) else {"message": error}
    status = _STATUS.search(str(inside.get("message") or ""))
    number = status[1] if status else str(report.get("statusCode") or inside.get("statusCode") or "")
    if re.fullmatch(r"\d{3}", number):
        return f"registry answered {number}"
    code = str(inside.get("code") or "")
    return code if re.fullmatch(r"[A-Z0-9_]{1,60}", code) else "an error without a code"


def _say_kind(error: Exception) -> str:
    """Name the fault without the text it was found in: a leak report holds the secrets."""
    return str(error) if isinstance(error, _Odd) else type(error).__name__


def _object(text: str) -> Mapping[str, Any]:
    try:
        return _as_object(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise _Odd(f"it is no JSON ({type(error).__name__})") from error


def _object_in(report: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    if key not in report:
        raise _Odd(f"it has no {key}")
    return _as_object(report[key])


def _as_object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Odd(f"{type(value).__name__} stands where an object should be")
    return value


def _as_list(value: object) -> Sequence[Any]:
    if not isinstance(value, list):
        raise _Odd(f"{type(value).__name__} stands where a list should be")
    return value
