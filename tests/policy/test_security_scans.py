"""What the four scanners answer, in one form; a scan that did not look has a problem."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.security_scans import (
    LeakScan,
    Scan,
    Severity,
    read_code_scanning,
    read_gitleaks,
    read_pnpm_audit,
    read_snyk,
)
from tests.policy.scanned import SECRET, advisory, alert, analysis, audit, issue, leak, leaks

GONE = '{"error":"This endpoint is being retired. Use the bulk advisory endpoint instead."}'
# One advisory with three paths to the package.
THRICE = advisory(findings=[{"version": "2.0.0", "paths": ["a>x", "b>x"]}, {"version": "2.0.1", "paths": ["c>x"]}])
BAD_RESPONSE = f"The audit endpoint (at https://user:hunter2@registry/-/npm/v1) responded with 410: {GONE}"


def severities(scan: Scan) -> list[Severity]:
    return [finding.severity for finding in scan.findings]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            json.dumps({"error": {"code": "ERR_PNPM_AUDIT_BAD_RESPONSE", "message": BAD_RESPONSE}}),
            "The audit did not run (registry answered 410)",
            id="G11 an error inside, exit code 0",
        ),
        pytest.param(
            f" ERR_PNPM_AUDIT_BAD_RESPONSE  {BAD_RESPONSE}",
            "The audit did not run (registry answered 410)",
            id="G11 an error as text, exit code 0",
        ),
        pytest.param(
            json.dumps({"error": {"code": "ERR_PNPM_AUDIT_NO_LOCKFILE", "message": "No pnpm-lock.yaml found"}}),
            "The audit did not run (ERR_PNPM_AUDIT_NO_LOCKFILE)",
            id="G11 no lock file",
        ),
        pytest.param(
            json.dumps({"statusCode": 503, "error": "Service Unavailable"}),
            "The audit did not run (registry answered 503)",
            id="G11 the registry's own answer",
        ),
        pytest.param(GONE, "The audit did not run (an error without a code)", id="G11 a sentence for an error"),
        pytest.param(
            json.dumps({"error": None, "advisories": {}, "metadata": {}}),
            "an error without a code",
            id="G11 a null error",
        ),
        pytest.param(
            json.dumps({"error": {"code": "https://user:hunter2@registry"}}),
            "an error without",
            id="G11 no code at all",
        ),
        pytest.param(audit(totalDependencies=0), "it looked at no dependencies", id="G11 looked at nothing"),
        pytest.param(audit(totalDependencies=None), "it looked at no dependencies", id="G11 does not say what"),
        pytest.param(audit(totalDependencies="many"), "it looked at many dependencies", id="G11 no number"),
        pytest.param(
            audit(counts={"high": 2, "critical": 1}),
            "it counts 3 high or critical findings that it does not list",
            id="G11 counted and not listed",
        ),
        pytest.param(
            audit(advisory(), counts={"high": 2}),
            "it counts 1 high or critical finding that it does not list",
            id="G11 one ignored by pnpm's own settings",
        ),
        pytest.param(
            audit(THRICE, counts={"high": 2}),
            "it counts 1 high or critical finding that it does not list",
            id="G11 one ignored behind the three paths of another",
        ),
        pytest.param(
            audit(THRICE, counts={"high": 1, "critical": 1}),
            "it counts 1 high or critical finding that it does not list",
            id="G11 a critical one ignored behind the paths of a high one",
        ),
        pytest.param(
            audit(THRICE, advisory("critical"), counts={"high": 3, "critical": 2}),
            "it counts 1 high or critical finding that it does not list",
            id="G11 a critical one ignored where paths are counted",
        ),
        pytest.param(
            audit(THRICE, counts={"high": 3}, pnpm=11),
            "it counts 2 high or critical findings that it does not list",
            id="G11 as many ignored as there are paths to another, pnpm 11",
        ),
        pytest.param(
            audit(advisory(), counts={"critical": 1}),
            "it counts 1 high or critical finding that it does not list",
            id="G11 another is listed than is counted",
        ),
        pytest.param(
            audit(advisory(), counts={}), "it lists 1 high or critical finding and counts 0", id="more than is counted"
        ),
        pytest.param(audit(counts={"high": "two"}), "its report cannot be read", id="a count that is none"),
        pytest.param(audit(counts={"high": None}), "its report cannot be read", id="a count that is nothing"),
        pytest.param(audit(advisory("awful")), "'awful' is no severity", id="a severity that nobody knows"),
        pytest.param(audit(advisory(cves="CVE-1")), "str stands where a list", id="a word for a list"),
        pytest.param("", "it is no JSON (JSONDecodeError)", id="empty"),
        pytest.param("[]", "list stands where an object", id="a list"),
        pytest.param("{}", "it has no advisories", id="an empty object"),
        pytest.param('{"advisories": {}}', "it has no metadata", id="no metadata"),
        pytest.param('{"advisories": {}, "metadata": {}}', "it has no vulnerabilities", id="no counts"),
        pytest.param('{"advisories": [], "metadata": {}}', "list stands where an object", id="a list of advisories"),
        pytest.param('{"a":' * 100_000, "it is no JSON (RecursionError)", id="too deep"),
    ],
)
def test_an_audit_that_did_not_look_is_a_problem(text: str, problem: str) -> None:
    scan = read_pnpm_audit(text, commit="b2")

    assert problem in (scan.problem or ""), scan
    assert "hunter2" not in repr(scan)


def test_an_audit_lists_its_findings_by_every_name() -> None:
    worst = advisory("critical", github_advisory_id="", cves=None, id=None, url=3, title=None, patched_versions=None)
    scan = read_pnpm_audit(audit(advisory(), advisory("low"), worst), commit="b2", url="https://ci/audit")

    assert (scan.problem, scan.looked_at, scan.commit) == (None, "812 dependency paths", "b2")
    assert severities(scan) == [Severity.HIGH, Severity.LOW, Severity.CRITICAL]
    assert scan.findings[0].names == ("GHSA-r683-j2x4-v87g", "CVE-2022-0235", "1096302")
    assert scan.findings[0].what == "node-fetch: Header leak, mended in >=2.6.7"
    assert (scan.findings[2].name, scan.findings[2].url) == ("node-fetch", None)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(audit(THRICE, counts={"high": 3}), id="each path"),
        pytest.param(audit(THRICE, counts={"high": 1}), id="each advisory"),
        pytest.param(audit(THRICE, counts={"high": 1}, pnpm=11), id="each advisory, pnpm 11"),
        pytest.param(audit(THRICE, advisory("critical"), counts={"high": 3, "critical": 1}), id="each path, of two"),
        pytest.param(audit(THRICE, advisory("low"), counts={"high": 1, "low": 5}), id="lesser ones are not asked"),
        pytest.param(audit(advisory(findings=[]), counts={"high": 1}), id="no path"),
    ],
)
def test_what_is_listed_is_counted_as_the_audit_counts_it(text: str) -> None:
    assert read_pnpm_audit(text, commit="b2").problem is None


@pytest.mark.parametrize(
    ("scan", "problem"),
    [
        pytest.param(leaks(), None, id="G11 the very range"),
        pytest.param(leaks(base=""), None, id="G11 the whole history"),
        pytest.param(leaks(text="null"), None, id="G11 nothing found, as null"),
        pytest.param(leaks(commits_scanned=25), None, id="G11 merges too"),
        pytest.param(leaks(commits_scanned=1), "1 of 20 commits of a1..b2 scanned", id="G11 one commit of twenty"),
        pytest.param(leaks(commits_scanned=0, base=""), "0 of 20 commits", id="G11 no commit"),
        pytest.param(leaks(commits_scanned=None), "it does not say how many of the 20 commits", id="G11 no count"),
        pytest.param(leaks(base="f0"), "it looked at f0..b2, not at a1..b2", id="G11 another range"),
        pytest.param(leaks(text=""), "its report cannot be read: JSONDecodeError", id="empty"),
        pytest.param(leaks(text='{"a":1}'), "dict stands where a list", id="an object"),
        pytest.param(leaks(text='["a"]'), "str stands where an object", id="a list of words"),
        pytest.param(leaks(text="[" * 100_000), "cannot be read: RecursionError", id="too deep"),
        pytest.param(leaks(text=f"[{SECRET}]"), "cannot be read: JSONDecodeError", id="a broken report with a secret"),
    ],
)
def test_gitleaks_looked_at_the_very_range_or_has_a_problem(scan: LeakScan, problem: str | None) -> None:
    found = read_gitleaks(scan, base="a1", head="b2", commits=20)

    assert found.problem == problem if problem is None else problem in (found.problem or "")
    assert SECRET not in repr(found)


def test_a_range_of_no_commit_is_no_range() -> None:
    assert read_gitleaks(leaks(), base="a1", head="b2", commits=0).problem == "20 of 0 commits of a1..b2 scanned"


def test_a_secret_is_found_by_rule_and_place_and_is_never_kept() -> None:
    found = read_gitleaks(leaks(leak(), {"Secret": SECRET}), base="a1", head="b2", commits=20)

    assert [one.what for one in found.findings] == ["github-pat in src/config.ts:12 of c3c3c3c", "? in ?:? of ?"]
    assert [one.name for one in found.findings] == [f"{'c3' * 20}:src/config.ts:github-pat:12", "?:?:?:?"]
    assert severities(found) == [Severity.CRITICAL, Severity.CRITICAL]
    assert SECRET not in repr(found)


def test_snyk_tells_what_is_open_also_what_is_ignored_there() -> None:
    issues = [issue(), issue("medium"), issue(status="resolved"), issue(ignored=True), issue(status="reopened")]
    scan = read_snyk(issues, commit="b2")

    assert severities(scan) == [Severity.HIGH, Severity.MODERATE, Severity.HIGH, Severity.HIGH]
    assert scan.findings[0].names == ("SNYK-JS-LODASH-590103", "CVE-2020-8203")
    assert scan.findings[2].what == "Prototype Pollution (ignored in Snyk, which no day ends)"
    assert "'dire' is no severity" in (read_snyk([issue("dire")], commit="b2").problem or "")


@pytest.mark.parametrize(
    ("level", "rule", "severity"),
    [
        pytest.param("critical", "warning", Severity.CRITICAL, id="its level of security"),
        pytest.param("medium", "error", Severity.MODERATE, id="the level before the rule"),
        pytest.param(None, "error", Severity.HIGH, id="no level, an error"),
        pytest.param(None, "Warning", Severity.MODERATE, id="no level, a warning"),
        pytest.param(None, "note", Severity.LOW, id="no level, a note"),
        pytest.param(None, "none", Severity.INFO, id="no level, nothing"),
    ],
)
def test_an_alert_is_as_bad_as_its_level_or_its_rule(level: str | None, rule: str, severity: Severity) -> None:
    scan = read_code_scanning([alert(level, rule_severity=rule)], [analysis()], commit="b2")

    assert (severities(scan), scan.problem) == ([severity], None)


def test_alerts_that_are_closed_do_not_count() -> None:
    alerts = [alert(state="dismissed"), alert(state="fixed"), alert(state="auto_reopened")]
    scan = read_code_scanning(alerts, [analysis()], commit="b2")

    assert [finding.name for finding in scan.findings] == ["js/sql-injection#5"]
    assert scan.looked_at == "3 alerts"


def test_alerts_that_cannot_be_read_are_a_problem() -> None:
    odd = read_code_scanning([alert(None, rule_severity=None)], [analysis()], commit="b2")

    assert odd.problem == "its answer cannot be read: alert 5 has the severity None"


def test_what_one_analysis_found_is_shown_beside_the_failure_of_another() -> None:
    failed = analysis(error="CodeQL ran out of memory", category="/language:python")
    scan = read_code_scanning([alert()], [analysis(at=5), failed], commit="b2")

    assert scan.problem == "CodeQL /language:python failed: CodeQL ran out of memory"
    assert severities(scan) == [Severity.HIGH]


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "advisories", "metadata", "vulnerabilities", "high", "severity", "findings", "paths"]
            ),
            inside,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(documents.map(json.dumps) | st.text())
def test_whatever_is_not_a_report_has_a_problem(text: str) -> None:
    assert read_pnpm_audit(text, commit="b2").problem is not None
    found = read_gitleaks(leaks(text=text), base="a1", head="b2", commits=20)
    assert found.problem is not None or isinstance(json.loads(text), list | None)
