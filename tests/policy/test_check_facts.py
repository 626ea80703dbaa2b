"""Check runs and commit statuses in one form, the newest of each."""

import pytest

from policy.check_facts import CheckRun, Checks, CommitStatus, Outcome, is_named, list_newest, list_reports
from tests.policy.reported import checks, run, status


def newest(*reports: CheckRun | CommitStatus) -> list[tuple[str, Outcome, Outcome | None]]:
    return [(one.name, one.outcome, one.before) for one in list_newest(list_reports(checks(*reports)))]


@pytest.mark.parametrize(
    ("report", "outcome"),
    [
        pytest.param(run("unit", "success"), Outcome.SUCCEEDED, id="success"),
        pytest.param(run("unit", "SUCCESS", status="COMPLETED"), Outcome.SUCCEEDED, id="success in capitals"),
        pytest.param(run("unit", "failure"), Outcome.FAILED, id="failure"),
        pytest.param(run("unit", "timed_out"), Outcome.FAILED, id="timed out"),
        pytest.param(run("unit", "startup_failure"), Outcome.FAILED, id="did not start"),
        pytest.param(run("unit", "skipped"), Outcome.NOT_RUN, id="skipped"),
        pytest.param(run("unit", "neutral"), Outcome.NOT_RUN, id="neutral"),
        pytest.param(run("unit", "cancelled"), Outcome.OPEN, id="cancelled"),
        pytest.param(run("unit", "action_required"), Outcome.OPEN, id="waits for a person"),
        pytest.param(run("unit", "stale"), Outcome.OPEN, id="given up by GitHub"),
        pytest.param(run("unit", "sparkling"), Outcome.OPEN, id="a word of tomorrow"),
        pytest.param(run("unit", None, status="completed"), Outcome.OPEN, id="completed without a conclusion"),
        pytest.param(run("unit", "success", status="in_progress"), Outcome.OPEN, id="concluded before the end"),
        pytest.param(run("unit", None, status="waiting"), Outcome.OPEN, id="waiting"),
        pytest.param(status("unit", "success"), Outcome.SUCCEEDED, id="status success"),
        pytest.param(status("unit", "failure"), Outcome.FAILED, id="status failure"),
        pytest.param(status("unit", "error"), Outcome.FAILED, id="status error"),
        pytest.param(status("unit", "pending"), Outcome.OPEN, id="status pending"),
        pytest.param(status("unit", "expected"), Outcome.OPEN, id="status expected"),
    ],
)
def test_only_success_is_success(report: CheckRun | CommitStatus, outcome: Outcome) -> None:
    assert [one.outcome for one in list_reports(checks(report))] == [outcome]


@pytest.mark.parametrize(
    ("reports", "left"),
    [
        pytest.param(
            [run("unit", "failure", at=0), run("unit", "success", at=20)],
            [("unit", Outcome.SUCCEEDED, Outcome.FAILED)],
            id="G1 a re-run replaces the failure",
        ),
        pytest.param(
            [run("unit", "failure", at=20), run("unit", "success", at=0)],
            [("unit", Outcome.FAILED, Outcome.SUCCEEDED)],
            id="G1 a later failure replaces the success",
        ),
        pytest.param(
            [run("unit", at=0), run("unit", None, at=None, status="queued", number=1001)],
            [("unit", Outcome.OPEN, Outcome.SUCCEEDED)],
            id="G1 queued again",
        ),
        pytest.param(
            [run("unit", None, at=None, status="queued", number=999), run("unit", at=5)],
            [("unit", Outcome.SUCCEEDED, Outcome.OPEN)],
            id="G1 an older one was left queued",
        ),
        pytest.param(
            [run("unit", "failure", at=0, number=1), run("unit", at=0, number=2)],
            [("unit", Outcome.SUCCEEDED, Outcome.FAILED)],
            id="G1 in the same second the number decides",
        ),
        pytest.param(
            [run("unit", "failure"), run("unit", at=20, app="circleci"), status("unit", at=30)],
            [
                ("unit", Outcome.FAILED, None),
                ("unit", Outcome.SUCCEEDED, None),
                ("unit", Outcome.SUCCEEDED, None),
            ],
            id="G1 another app replaces nothing",
        ),
        pytest.param(
            [run("unit", "failure", origin="suite 1"), run("unit", at=1, origin="suite 2")],
            [("unit", Outcome.FAILED, None), ("unit", Outcome.SUCCEEDED, None)],
            id="G1 a job of the same name in another workflow replaces nothing",
        ),
        pytest.param(
            [run("unit", "failure", origin="suite 1"), run("unit", at=20, origin="suite 1")],
            [("unit", Outcome.SUCCEEDED, Outcome.FAILED)],
            id="G1 a re-run stays in its suite",
        ),
        pytest.param(
            [run("unit", "failure", origin="ci on push"), run("unit", at=20, origin="ci on pull_request")],
            [("unit", Outcome.FAILED, None), ("unit", Outcome.SUCCEEDED, None)],
            id="G1 another event tests another merge",
        ),
        pytest.param(
            [run("unit", "cancelled", origin="ci on pull_request"), run("unit", at=1, origin="ci on pull_request")],
            [("unit", Outcome.SUCCEEDED, Outcome.OPEN)],
            id="G1 the workflow was begun again by the same event",
        ),
        pytest.param(
            [status("unit", "pending", at=0), status("unit", "success", at=3)],
            [("unit", Outcome.SUCCEEDED, Outcome.OPEN)],
            id="G1 a status goes from pending to success",
        ),
    ],
)
def test_the_newest_report_of_an_app_counts(
    reports: list[CheckRun | CommitStatus], left: list[tuple[str, Outcome, Outcome | None]]
) -> None:
    assert newest(*reports) == left


def test_a_report_keeps_the_names_of_its_errors() -> None:
    report, *_ = list_reports(checks(run("lint", "failure", errors=("no-var",))))

    assert (report.errors, report.app) == (("no-var",), "github-actions")


@pytest.mark.parametrize(
    ("reports", "says"),
    [
        pytest.param(checks(run("unit")), (), id="G6 all"),
        pytest.param(checks(run("unit"), runs_total=2), ("1 of 2 checks received",), id="G6 one missing"),
        pytest.param(checks(run("unit"), run("unit")), ("1 of 2 checks received",), id="G6 one twice on two pages"),
        pytest.param(checks(run("unit"), runs_total=0), ("1 of 0 checks received",), id="G6 more than there are"),
        pytest.param(
            checks(status("unit"), statuses_total=31), ("1 of 31 commit statuses received",), id="G6 statuses"
        ),
    ],
)
def test_a_list_that_is_not_whole_says_so(reports: Checks, says: tuple[str, ...]) -> None:
    assert reports.list_cut_short() == says


@pytest.mark.parametrize(
    ("name", "pattern", "fits"),
    [
        pytest.param("unit", "unit", True, id="same"),
        pytest.param("Unit", "unit", True, id="case"),
        pytest.param("unit (node 22)", "unit*", True, id="matrix"),
        pytest.param("ci / unit [a.b]", "*/ unit [a.b]", True, id="only the star is special"),
        pytest.param("community", "unit*", False, id="inside a word"),
        pytest.param("unit", "un", False, id="beginning"),
        pytest.param("", "*", True, id="anything"),
    ],
)
def test_names_are_matched_with_stars(name: str, pattern: str, *, fits: bool) -> None:
    assert is_named(name, [pattern]) is fits
