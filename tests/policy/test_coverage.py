"""The tests cover enough of the very commit (1.1.3)."""

from collections.abc import Collection, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.coverage import CoverageReport, CoverageRules, judge_coverage
from policy.judgement import Judgement, Verdict
from policy.limits import Limits
from policy.sensitive_paths import SensitivePaths

PATHS = SensitivePaths(security_critical=("src/auth/**",))
ROOT = "/home/runner/work/web/web"
LOGIN = "src/auth/login.ts"


def lcov(files: Mapping[str, tuple[int, int]]) -> str:
    return "".join(f"SF:{path}\nLF:{total}\nLH:{covered}\nend_of_record\n" for path, (covered, total) in files.items())


def judge(
    report: CoverageReport | None, *, changed: Collection[str] = (), same_tree: Collection[str] = ()
) -> Judgement:
    return judge_coverage(
        report,
        commit="b2",
        same_tree=same_tree,
        changed=changed,
        paths=PATHS,
        rules=CoverageRules(),
        limits=Limits(),
    )


def of(files: Mapping[str, tuple[int, int]], *, commit: str = "b2", folder: str = "") -> CoverageReport:
    return CoverageReport("lcov.info", lcov(files), commit, folder, "https://ci/lcov")


@pytest.mark.parametrize(
    ("files", "changed", "verdict", "says"),
    [
        pytest.param(
            {"src/a.ts": (70, 100)},
            (),
            Verdict.PASSED,
            "coverage 70.0 % (70 of 100 lines), the limit is 70%",
            id="just enough",
        ),
        pytest.param({"src/a.ts": (6999, 10_000)}, (), Verdict.FAILED, "coverage 69.9 %", id="just too little"),
        pytest.param(
            {"src/a.ts": (100, 100), "src/b.ts": (0, 100)}, (), Verdict.FAILED, "50.0 %", id="all files count"
        ),
        pytest.param({"src/types.ts": (0, 0)}, (), Verdict.UNKNOWN, "lcov.info measures no line", id="no line"),
        pytest.param(
            {LOGIN: (10, 100), "src/a.ts": (900, 900)},
            ("src/a.ts",),
            Verdict.PASSED,
            "coverage 91.0 %",
            id="critical, unchanged",
        ),
        pytest.param(
            {LOGIN: (90, 100)}, (LOGIN,), Verdict.PASSED, "security-critical code 90.0 %", id="critical, just enough"
        ),
        pytest.param(
            {LOGIN: (89, 100), "src/a.ts": (900, 900)},
            (LOGIN,),
            Verdict.FAILED,
            "security-critical code 89.0 % (89 of 100 lines), the limit is 90%; the least covered is src/auth/login.ts",
            id="critical, too little",
        ),
        pytest.param(
            {LOGIN: (50, 100), "src/auth/old.ts": (900, 900)},
            (LOGIN,),
            Verdict.FAILED,
            "changed security-critical code 50.0 %",
            id="old code does not make up for what changed",
        ),
        pytest.param(
            {LOGIN: (100, 100), "src/auth/old.ts": (0, 900)},
            (LOGIN,),
            Verdict.FAILED,
            "security-critical code 10.0 %",
            id="what changed does not make up for old code",
        ),
        pytest.param(
            {"src/a.ts": (100, 100)},
            (LOGIN,),
            Verdict.UNKNOWN,
            f"security-critical {LOGIN} is not in lcov.info",
            id="critical, absent",
        ),
        pytest.param(
            {"src/a.ts": (100, 100), LOGIN: (0, 0)},
            (LOGIN,),
            Verdict.UNKNOWN,
            "no line of security-critical",
            id="critical, no line",
        ),
        pytest.param(
            {f"{ROOT}/{LOGIN}": (95, 100)},
            (LOGIN,),
            Verdict.PASSED,
            "changed security-critical code 95.0 %",
            id="whole paths",
        ),
        pytest.param(
            {f"{ROOT}/{LOGIN}": (95, 100), f"{ROOT}/src/auth/old.ts": (0, 900), "src/a.ts": (9000, 9000)},
            (LOGIN,),
            Verdict.FAILED,
            f"the least covered is {ROOT}/src/auth/old.ts: 0.0 %",
            id="whole paths, old code",
        ),
        pytest.param(
            {f"/work/src/auth/web/{LOGIN}": (95, 100), "/work/src/auth/web/src/b.ts": (5, 10)},
            (LOGIN,),
            Verdict.PASSED,
            "security-critical code 95.0 %",
            id="whole paths, of a machine whose folders have such names",
        ),
        pytest.param(
            {f"{ROOT}/{LOGIN}": (95, 100), f"{ROOT}/apps/web/{LOGIN}": (0, 10)},
            (LOGIN,),
            Verdict.PASSED,
            "changed security-critical code 95.0 %",
            id="whole paths, two that end alike",
        ),
        pytest.param(
            {f"apps/web/{LOGIN}": (100, 100)},
            (LOGIN,),
            Verdict.UNKNOWN,
            "is not in lcov.info",
            id="another package's file of that name",
        ),
        pytest.param(
            {"my" + LOGIN: (100, 100)},
            (LOGIN,),
            Verdict.UNKNOWN,
            "is not in lcov.info",
            id="the end of a name is no path",
        ),
        pytest.param(
            {"src/a.ts": (100, 100)},
            ("src/auth/README.md", "src/auth/login.test.ts", "src/auth/user.d.ts", "src/auth/user.d.mts"),
            Verdict.PASSED,
            "coverage 100.0 %",
            id="critical, no code",
        ),
        *(
            pytest.param({"src/a.ts": (9, 9)}, (path,), Verdict.UNKNOWN, "is not in lcov.info", id=f"critical: {path}")
            for path in ("src/auth/login.mts", "src/auth/login.cts", "src/auth/Login.svelte")
        ),
    ],
)
def test_enough_lines_are_covered(
    files: Mapping[str, tuple[int, int]], changed: tuple[str, ...], verdict: Verdict, says: str
) -> None:
    judgement = judge(of(files), changed=changed)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_a_report_of_one_package_begins_at_its_folder() -> None:
    files = {"src/auth/login.ts": (95, 100)}
    paths = ("apps/api/src/auth/login.ts",)

    def of_package(folder: str) -> Judgement:
        return judge_coverage(
            of(files, folder=folder),
            commit="b2",
            same_tree=(),
            changed=paths,
            paths=SensitivePaths(security_critical=("**/auth/**",)),
            rules=CoverageRules(),
            limits=Limits(),
        )

    assert of_package("apps/api/").verdict is Verdict.PASSED
    assert of_package("apps/web").verdict is Verdict.UNKNOWN
    assert of_package("").verdict is Verdict.UNKNOWN


def test_a_report_of_another_commit_is_unknown_unless_the_files_are_the_same() -> None:
    """G11."""
    report = of({"src/a.ts": (100, 100)}, commit="a1")

    assert judge(report).sentence == "lcov.info is of a1, not of b2"
    assert judge(report).verdict is Verdict.UNKNOWN
    assert judge(report, same_tree={"a1"}).verdict is Verdict.PASSED


def test_no_report_and_no_readable_report_are_unknown() -> None:
    """G11."""
    page = CoverageReport("coverage.xml", "<html>", "b2")

    assert judge(None).sentence == "there is no report of coverage for b2"
    assert judge(None).verdict is Verdict.UNKNOWN
    assert judge(page).verdict is Verdict.UNKNOWN
    assert judge(page).sentence.startswith("coverage.xml cannot be read: it is no whole XML")


counts = st.integers(0, 50).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
some_files = st.dictionaries(st.sampled_from([LOGIN, "src/auth/b.ts", "src/a.ts", f"{ROOT}/src/c.ts"]), counts)


@given(some_files, st.sets(st.sampled_from([LOGIN, "src/a.ts"])), st.integers(1, 50))
def test_lines_that_nothing_covers_never_make_it_pass(
    files: dict[str, tuple[int, int]], changed: set[str], more: int
) -> None:
    before = judge(of(files), changed=changed)
    after = judge(of(files | {"src/auth/more.ts": (0, more)}), changed=changed)

    assert before.verdict.lets_pass or not after.verdict.lets_pass


@given(some_files, st.sets(st.sampled_from([LOGIN, "src/a.ts"])))
def test_a_security_critical_change_never_makes_it_pass(files: dict[str, tuple[int, int]], changed: set[str]) -> None:
    before = judge(of(files), changed=changed)
    after = judge(of(files), changed={*changed, "src/auth/new.ts"})

    assert not after.verdict.lets_pass
    assert before.verdict is not Verdict.NOT_APPLICABLE
