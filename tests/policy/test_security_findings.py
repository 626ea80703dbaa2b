"""Nothing high or critical is open, and every scanner looked at the very commit (1.1.4)."""

from collections.abc import Collection
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.dated_exceptions import DatedException
from policy.judgement import Judgement, Verdict
from policy.security_findings import judge_security
from policy.security_scans import (
    Finding,
    Scan,
    Severity,
    read_code_scanning,
    read_gitleaks,
    read_pnpm_audit,
    read_snyk,
)
from tests.policy.scanned import SECRET, advisory, alert, analysis, audit, issue, leak, leaks

TODAY = date(2026, 11, 24)
GHSA = "GHSA-r683-j2x4-v87g"
AUDIT = read_pnpm_audit(audit(), commit="b2")
SNYK = read_snyk([], commit="b2")
LEAKS = read_gitleaks(leaks(), base="a1", head="b2", commits=20)
CODE = read_code_scanning([], [analysis()], commit="b2")
ALL = (AUDIT, SNYK, LEAKS, CODE)
EXPECTED = ("pnpm audit", "Snyk", "gitleaks", "code scanning")


def exception(until: date, finding: str = GHSA) -> DatedException:
    return DatedException(finding=finding, owner="Ana Souza", until=until, reason="no patch yet")


def judge(
    *scans: Scan,
    expected: Collection[str] | None = None,
    exceptions: tuple[DatedException, ...] = (),
    same_tree: Collection[str] = (),
) -> Judgement:
    return judge_security(
        scans,
        commit="b2",
        same_tree=same_tree,
        expected=[scan.scanner for scan in scans] if expected is None else expected,
        exceptions=exceptions,
        today=TODAY,
    )


@pytest.mark.parametrize(
    ("scan", "verdict", "says"),
    [
        pytest.param(AUDIT, Verdict.PASSED, "pnpm audit: 812 dependency paths looked at, nothing high", id="audit"),
        pytest.param(LEAKS, Verdict.PASSED, "gitleaks: 20 commits looked at", id="gitleaks"),
        pytest.param(SNYK, Verdict.PASSED, "Snyk: the project looked at", id="Snyk"),
        pytest.param(CODE, Verdict.PASSED, "code scanning: 0 alerts looked at", id="code scanning"),
        pytest.param(Scan("other", "b2"), Verdict.PASSED, "other: looked, nothing high", id="one that does not say"),
        pytest.param(
            read_pnpm_audit(audit(advisory()), commit="b2"),
            Verdict.FAILED,
            f"pnpm audit: high {GHSA}, node-fetch: Header leak, mended in >=2.6.7",
            id="high in the audit",
        ),
        pytest.param(
            read_pnpm_audit(audit(advisory("moderate"), advisory("low")), commit="b2"),
            Verdict.PASSED,
            "nothing high or critical open, 2 lesser findings",
            id="lesser ones in the audit",
        ),
        pytest.param(
            read_snyk([issue("critical")], commit="b2"),
            Verdict.FAILED,
            "Snyk: critical SNYK-JS-LODASH",
            id="Snyk, open",
        ),
        pytest.param(
            read_snyk([issue(ignored=True)], commit="b2"), Verdict.FAILED, "ignored in Snyk", id="Snyk, ignored"
        ),
        pytest.param(read_snyk([], commit=None), Verdict.UNKNOWN, "a commit that it does not name", id="G11 no commit"),
        pytest.param(
            read_code_scanning([alert()], [analysis()], commit="b2"),
            Verdict.FAILED,
            "code scanning: high js/sql-injection#5, Query built from user input in src/patients.ts",
            id="code scanning, open",
        ),
        pytest.param(
            read_code_scanning([], [analysis("a1")], commit="b2"),
            Verdict.UNKNOWN,
            "code scanning looked at a1, not at b2",
            id="G11 another commit",
        ),
        pytest.param(
            read_code_scanning([alert()], [analysis("a1")], commit="b2"),
            Verdict.UNKNOWN,
            "looked at a1",
            id="G11 findings elsewhere",
        ),
        pytest.param(
            read_gitleaks(leaks(leak()), base="a1", head="b2", commits=20),
            Verdict.FAILED,
            "github-pat in src/config.ts:12",
            id="a secret",
        ),
        pytest.param(
            read_gitleaks(leaks(commits_scanned=1), base="a1", head="b2", commits=20),
            Verdict.UNKNOWN,
            "gitleaks: 1 of 20 commits of a1..b2 scanned",
            id="G11 one commit of twenty",
        ),
        pytest.param(
            read_gitleaks(leaks(leak(), commits_scanned=1), base="a1", head="b2", commits=20),
            Verdict.FAILED,
            "not known: gitleaks: 1 of 20",
            id="G11 one commit, and a secret in it",
        ),
        pytest.param(
            read_pnpm_audit('{"error":{"message":"responded with 410: gone"}}', commit="b2"),
            Verdict.UNKNOWN,
            "The audit did not run (registry answered 410)",
            id="G11 the audit did not run",
        ),
    ],
)
def test_every_scanner_looked_and_found_nothing_high(scan: Scan, verdict: Verdict, says: str) -> None:
    judgement = judge(scan)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence
    assert SECRET not in judgement.sentence


@pytest.mark.parametrize(
    ("until", "verdict", "says"),
    [
        pytest.param(date(2026, 12, 31), Verdict.PASSED, f"accepted: {GHSA} until 2026-12-31 (Ana Souza", id="runs"),
        pytest.param(TODAY, Verdict.PASSED, "until 2026-11-24", id="last day"),
        pytest.param(
            date(2026, 11, 23), Verdict.FAILED, "its exception of Ana Souza ended on 2026-11-23", id="ended yesterday"
        ),
    ],
)
def test_an_exception_holds_until_its_day_and_is_shown(until: date, verdict: Verdict, says: str) -> None:
    scan = read_pnpm_audit(audit(advisory()), commit="b2")

    judgement = judge(scan, exceptions=(exception(until),))

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_an_exception_covers_one_finding_and_no_other() -> None:
    other = advisory(github_advisory_id="GHSA-zzzz", cves=[], id=2)
    scan = read_pnpm_audit(audit(advisory(), other), commit="b2")

    judgement = judge(scan, exceptions=(exception(date(2027, 1, 1)),))

    assert judgement.verdict is Verdict.FAILED
    assert "GHSA-zzzz" in judgement.sentence
    assert GHSA not in judgement.sentence


def test_an_exception_mends_no_scan_that_did_not_look() -> None:
    scan = read_pnpm_audit(audit(advisory(), totalDependencies=0), commit="b2")

    assert judge(scan, exceptions=(exception(date(2027, 1, 1)),)).verdict is Verdict.UNKNOWN


def test_an_exception_hides_nothing_that_the_audit_counts_and_does_not_list() -> None:
    thrice = advisory(findings=[{"version": "2.0.0", "paths": ["a>x", "b>x", "c>x"]}])
    scan = read_pnpm_audit(audit(thrice, counts={"high": 1, "critical": 1}), commit="b2")

    judgement = judge(scan, exceptions=(exception(date(2027, 1, 1)),))

    assert judgement.verdict is Verdict.UNKNOWN
    assert "counts 1 high or critical finding that it does not list" in judgement.sentence


def test_a_scanner_that_is_configured_and_silent_is_unknown() -> None:
    judgement = judge(AUDIT, SNYK, expected=EXPECTED)

    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.sentence == "there is no report of gitleaks for b2; there is no report of code scanning for b2"


def test_a_company_without_scanners_is_told_so() -> None:
    assert judge(*ALL, expected=()).verdict is Verdict.NOT_APPLICABLE


def test_a_report_of_the_same_files_serves() -> None:
    assert judge(read_code_scanning([], [analysis("f7")], commit="b2"), same_tree={"f7"}).verdict is Verdict.PASSED


def test_all_that_is_wrong_is_said_and_the_first_is_linked() -> None:
    judgement = judge(
        read_pnpm_audit(audit(advisory()), commit="b2"), read_snyk([issue()], commit="b2"), expected=EXPECTED
    )

    assert judgement.verdict is Verdict.FAILED
    for what in (GHSA, "SNYK-JS-LODASH", "not known: there is no report of gitleaks"):
        assert what in judgement.sentence
    assert judgement.link == "https://github.com/advisories/GHSA-r683-j2x4-v87g"


findings = st.builds(
    Finding, st.tuples(st.sampled_from(["A-1", "B-2", "C-3"])), st.sampled_from(Severity), st.just("x")
)
scans = st.builds(
    Scan,
    st.sampled_from(EXPECTED),
    st.sampled_from(["b2", "a1", None]),
    st.lists(findings, max_size=4).map(tuple),
    problem=st.sampled_from([None, None, "it crashed"]),
)
some_exceptions = st.lists(
    st.builds(exception, st.sampled_from([TODAY, date(2026, 1, 1)]), st.sampled_from(["A-1", "b-2"])), max_size=3
).map(tuple)


@given(st.lists(scans, max_size=5), scans, some_exceptions)
def test_another_scan_never_makes_it_pass(
    before: list[Scan], another: Scan, exceptions: tuple[DatedException, ...]
) -> None:
    first = judge(*before, expected=EXPECTED[:1], exceptions=exceptions)
    then = judge(*before, another, expected=EXPECTED[:1], exceptions=exceptions)

    reported = another.scanner == EXPECTED[0]
    assert first.verdict.lets_pass or reported or not then.verdict.lets_pass


@given(st.lists(scans, max_size=5), st.sampled_from([Severity.HIGH, Severity.CRITICAL]), some_exceptions)
def test_an_open_finding_without_exception_never_passes(
    others: list[Scan], severity: Severity, exceptions: tuple[DatedException, ...]
) -> None:
    bad = Scan("Snyk", "b2", (Finding(("C-3",), severity, "x"),))

    assert judge(*others, bad, exceptions=exceptions).verdict is Verdict.FAILED


@given(st.lists(scans, max_size=5), some_exceptions)
def test_a_scan_that_did_not_look_never_passes(others: list[Scan], exceptions: tuple[DatedException, ...]) -> None:
    for blind in (Scan("Snyk", "b2", problem="it crashed"), Scan("Snyk", "a1"), Scan("Snyk", None)):
        assert not judge(*others, blind, exceptions=exceptions).verdict.lets_pass
