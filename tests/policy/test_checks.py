"""Tests and build succeeded on the very commit (1.1.3, 1.1.5)."""

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.check_facts import CheckRun, Checks, CommitStatus
from policy.checks import CheckRules, judge_build, judge_tests
from policy.judgement import Judgement, Verdict
from tests.policy.reported import checks, run, status

RULES = CheckRules(
    e2e=("e2e",), may_be_skipped=("e2e",), not_needed=("preview*",), integration=("integration",), types=("types",)
)
UNIT, INTEGRATION, E2E = run("unit"), run("integration", at=1), run("e2e", at=2)
TESTS = (UNIT, INTEGRATION, E2E)
BUILD = (run("build", at=3), run("types", at=4), run("lint", at=5), status("image"))


def judged_tests(
    *reports: CheckRun | CommitStatus, same_tree: Collection[str] = (), rules: CheckRules = RULES
) -> Judgement:
    return judge_tests(checks(*reports), commit="b2", same_tree=same_tree, rules=rules)


def judged_build(reports: Checks, *, acknowledged: Collection[str] = ()) -> Judgement:
    return judge_build(reports, commit="b2", same_tree=(), rules=RULES, acknowledged=acknowledged, by="Ana Souza")


@pytest.mark.parametrize(
    ("reports", "verdict", "says"),
    [
        pytest.param(TESTS, Verdict.PASSED, "unit succeeded on b2; integration succeeded on b2", id="all green"),
        pytest.param(
            (run("unit", "failure", at=0), run("unit", at=20), INTEGRATION, E2E),
            Verdict.PASSED,
            "unit succeeded",
            id="G1 re-run",
        ),
        pytest.param(
            (run("unit", at=0), run("unit", "failure", at=20), INTEGRATION, E2E),
            Verdict.FAILED,
            "unit failed on b2 (failure)",
            id="G1 mirrored",
        ),
        pytest.param(
            (run("unit"), run("unit", None, at=None, status="queued", number=1900), INTEGRATION, E2E),
            Verdict.UNKNOWN,
            "unit is running again; it succeeded before",
            id="G1 queued again",
        ),
        pytest.param(
            (run("unit", "failure"), run("unit", None, at=9), INTEGRATION, E2E),
            Verdict.UNKNOWN,
            "unit is running again; it failed before",
            id="G1 running again after a failure",
        ),
        pytest.param(
            (run("unit", None, at=9), INTEGRATION, E2E), Verdict.UNKNOWN, "unit is running", id="G1 first run"
        ),
        pytest.param(
            (run("unit"), run("unit", "cancelled", at=9), INTEGRATION, E2E),
            Verdict.UNKNOWN,
            "unit is cancelled; it succeeded before",
            id="G1 the re-run was cancelled",
        ),
        pytest.param(
            (run("unit", None, at=8), run("unit", None, at=9), INTEGRATION, E2E),
            Verdict.UNKNOWN,
            "unit is running",
            id="G1 two runs, neither at its end",
        ),
        pytest.param(
            (run("unit"), status("unit", "failure"), INTEGRATION, E2E), Verdict.FAILED, "unit failed", id="G1 two apps"
        ),
        pytest.param(
            (
                run("unit", "failure", origin="ci on push"),
                run("unit", at=9, origin="nightly on push"),
                INTEGRATION,
                E2E,
            ),
            Verdict.FAILED,
            "unit failed on b2 (failure)",
            id="G1 two workflows with a job of one name",
        ),
        pytest.param((status("unit"), INTEGRATION, E2E), Verdict.PASSED, "unit succeeded", id="a status is a check"),
        pytest.param(
            (INTEGRATION, E2E),
            Verdict.UNKNOWN,
            "no check 'unit*' for unit tests on b2; seen: e2e, integration",
            id="missing",
        ),
        pytest.param((), Verdict.UNKNOWN, "seen: nothing", id="nothing at all"),
        pytest.param(
            (run("unit", commit="a1"), INTEGRATION, E2E),
            Verdict.UNKNOWN,
            "unit ran on a1, not on b2",
            id="G11 another commit",
        ),
        pytest.param(
            (run("unit", "cancelled"), INTEGRATION, E2E), Verdict.UNKNOWN, "unit is cancelled", id="cancelled"
        ),
        pytest.param(
            (run("unit", "skipped"), INTEGRATION, E2E),
            Verdict.UNKNOWN,
            "unit says skipped, which is no evidence",
            id="skipped",
        ),
        pytest.param((run("unit", "neutral"), INTEGRATION, E2E), Verdict.UNKNOWN, "unit says neutral", id="neutral"),
        pytest.param(
            (UNIT, INTEGRATION, run("e2e", "skipped", at=2)),
            Verdict.PASSED,
            "e2e was not needed (skipped)",
            id="skipped, and it may be",
        ),
        pytest.param(
            (UNIT, INTEGRATION, run("e2e", "failure", at=2)),
            Verdict.FAILED,
            "e2e failed",
            id="may be skipped, not fail",
        ),
        pytest.param(
            (run("unit (20)"), run("unit (22)", "failure", at=7), INTEGRATION, E2E),
            Verdict.FAILED,
            "unit (22) failed",
            id="one of a matrix",
        ),
        pytest.param(
            (*TESTS, run("codeql", "failure", at=8)),
            Verdict.FAILED,
            "codeql failed",
            id="a red check that no rule names",
        ),
        pytest.param((*TESTS, run("preview-7", "failure", at=8)), Verdict.PASSED, "unit", id="one that may fail"),
        pytest.param((*TESTS, run("lint", "failure", at=8)), Verdict.PASSED, "unit", id="lint is asked by 1.1.5"),
        pytest.param((*TESTS, run("deploy", None, at=8)), Verdict.PASSED, "unit", id="one that runs and nobody asked"),
    ],
)
def test_tests_succeeded_on_the_commit(
    reports: tuple[CheckRun | CommitStatus, ...], verdict: Verdict, says: str
) -> None:
    judgement = judged_tests(*reports)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_the_one_red_check_on_the_second_page_is_named() -> None:
    """G6."""
    many = [run(f"check {at}", "failure" if at == 41 else "success", at=at, number=at) for at in range(45)]

    judgement = judged_tests(*TESTS, *many)

    assert judgement.verdict is Verdict.FAILED
    assert "check 41 failed on b2" in judgement.sentence
    assert judgement.link == "https://github.com/holi/web/runs/check 41"


def test_a_list_that_lacks_one_check_is_unknown_even_with_a_red_one() -> None:
    """G6: what is missing may be its re-run."""
    many = [run(f"check {at}", "failure" if at == 41 else "success", at=at, number=at) for at in range(44)]

    judgement = judge_tests(checks(*many, runs_total=45), commit="b2", same_tree=(), rules=RULES)

    assert (judgement.verdict, judgement.sentence) == (
        Verdict.UNKNOWN,
        "44 of 45 checks received for b2; failed among them: check 41",
    )
    assert judged_build(checks(*BUILD, statuses_total=3)).sentence == "1 of 3 commit statuses received for b2"


def test_a_commit_of_the_same_files_serves_where_the_commit_has_no_report() -> None:
    on_head = [run(name, commit="f7", at=at) for at, name in enumerate(("unit", "integration", "e2e"))]

    assert judged_tests(*on_head, same_tree={"f7"}).verdict is Verdict.PASSED
    assert "on f7" in judged_tests(*on_head, same_tree={"f7"}).sentence
    assert judged_tests(*on_head).verdict is Verdict.UNKNOWN
    assert judged_tests(*on_head, run("unit", "failure", number=5), same_tree={"f7"}).verdict is Verdict.FAILED


def test_end_to_end_tests_are_asked_only_where_there_are_any() -> None:
    assert judged_tests(UNIT, INTEGRATION, rules=CheckRules()).verdict is Verdict.PASSED
    assert judged_tests(UNIT, INTEGRATION).verdict is Verdict.UNKNOWN


def test_a_kind_that_no_check_is_named_for_is_unknown() -> None:
    judgement = judged_tests(*TESTS, rules=CheckRules(unit=(), not_needed=("unit",)))

    assert (judgement.verdict, judgement.sentence) == (
        Verdict.UNKNOWN,
        "the settings name no check for unit tests",
    )


@pytest.mark.parametrize(
    ("reports", "acknowledged", "verdict", "says"),
    [
        pytest.param(BUILD, (), Verdict.PASSED, "build succeeded on b2; types succeeded", id="all green"),
        pytest.param(BUILD[:3], (), Verdict.UNKNOWN, "no check 'image*' for image on b2", id="no image"),
        pytest.param(
            (*BUILD[1:], run("build", "failure")),
            ("build",),
            Verdict.FAILED,
            "build failed",
            id="only lint is acknowledged",
        ),
        pytest.param(
            (*BUILD, run("lint", "failure", at=9)), (), Verdict.FAILED, "lint failed on b2 (failure)", id="lint"
        ),
        pytest.param(
            (*BUILD, run("lint", "failure", at=9)),
            ("Lint",),
            Verdict.ATTESTED,
            "lint failed, acknowledged by name: lint (Ana Souza)",
            id="lint acknowledged",
        ),
        pytest.param(
            (*BUILD, run("lint", "failure", at=9, errors=("no-var", "eqeqeq", "no-var"))),
            ("no-var", "EQEQEQ"),
            Verdict.ATTESTED,
            "acknowledged by name: no-var, eqeqeq (Ana Souza)",
            id="each error acknowledged",
        ),
        pytest.param(
            (*BUILD, run("lint", "failure", at=9, errors=("no-var", "eqeqeq"))),
            ("no-var", "lint"),
            Verdict.FAILED,
            "lint failed on b2 (failure): eqeqeq",
            id="one error more than acknowledged",
        ),
        pytest.param(
            (*BUILD, run("lint", None, at=9)), ("lint",), Verdict.UNKNOWN, "lint is running again", id="lint runs"
        ),
        pytest.param(
            (*BUILD, run("unit", "failure", at=9)), (), Verdict.PASSED, "build", id="tests are asked by 1.1.3"
        ),
    ],
)
def test_the_build_succeeded_and_lint_errors_are_acknowledged_by_name(
    reports: tuple[CheckRun | CommitStatus, ...], acknowledged: tuple[str, ...], verdict: Verdict, says: str
) -> None:
    judgement = judged_build(checks(*reports), acknowledged=acknowledged)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_a_check_that_is_asked_for_cannot_be_called_not_needed() -> None:
    with pytest.raises(ValidationError, match=r"not_needed: lint\* is asked for"):
        CheckRules(not_needed=("l*",))


names = st.sampled_from(["unit", "integration", "e2e", "codeql", "lint"])
words = st.sampled_from(["success", "failure", "skipped", "neutral", "cancelled", "novel", None])
runs = st.builds(
    run, names, words, at=st.integers(0, 50), number=st.integers(0, 9999), commit=st.sampled_from(["b2", "a1"])
)


@given(st.lists(runs, max_size=12, unique_by=lambda one: one.number), st.sampled_from(["unit", "integration", "x"]))
def test_a_newer_failure_never_passes(reports: list[CheckRun], name: str) -> None:
    newer = run(name, "failure", at=51, number=10_000)

    assert judged_tests(*reports, newer).verdict is Verdict.FAILED


@given(st.lists(runs, max_size=12, unique_by=lambda one: one.number))
def test_another_red_check_never_turns_failed_into_passed(reports: list[CheckRun]) -> None:
    before = judged_tests(*reports)
    after = judged_tests(*reports, run("another", "failure", number=10_000))

    assert before.verdict.lets_pass or not after.verdict.lets_pass


@given(st.lists(runs, max_size=12, unique_by=lambda one: one.number), st.integers(-3, 3).filter(bool))
def test_a_list_that_is_not_whole_never_passes(reports: list[CheckRun], off: int) -> None:
    cut = checks(*reports, *TESTS, *BUILD, runs_total=len({one.number for one in (*reports, *TESTS, *BUILD[:3])}) + off)

    assert judge_tests(cut, commit="b2", same_tree=(), rules=RULES).verdict is Verdict.UNKNOWN
    assert judged_build(cut, acknowledged=["lint"]).verdict is Verdict.UNKNOWN
