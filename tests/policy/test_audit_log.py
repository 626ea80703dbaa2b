"""The audit log keeps writing (3.2.3)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.audit_log import judge_audit_log
from policy.judgement import Judgement, Verdict


def judge(rows: int | None, requests: float | None, own: int = 0) -> Judgement:
    return judge_audit_log(rows, own, requests, primary=True, window=timedelta(minutes=15), share=0.9)


@pytest.mark.parametrize(
    ("rows", "requests", "verdict", "says"),
    [
        pytest.param(
            100, 100, Verdict.PASSED, "100 audit rows for 100 audited requests in the last 15 min", id="one each"
        ),
        pytest.param(90, 100, Verdict.PASSED, "(limit 90%)", id="just enough"),
        pytest.param(89, 100, Verdict.FAILED, "misses requests: 89 audit rows", id="some are missing"),
        pytest.param(0, 100, Verdict.FAILED, "the audit log does not write", id="none is written"),
        pytest.param(0, 0, Verdict.UNKNOWN, "no traffic: no request", id="no traffic"),
        pytest.param(3, 0, Verdict.PASSED, "yet 3 rows came", id="rows of something else"),
        pytest.param(0, None, Verdict.UNKNOWN, "is not known", id="neither rows nor a number of requests"),
        pytest.param(5, None, Verdict.PASSED, "5 audit rows", id="rows, and the requests are not counted"),
        pytest.param(0, float("nan"), Verdict.UNKNOWN, "is not known", id="NaN"),
        pytest.param(None, 100, Verdict.UNKNOWN, "how many audit rows", id="the rows cannot be counted"),
        pytest.param(-1, 100, Verdict.UNKNOWN, "how many audit rows", id="negative"),
    ],
)
def test_audited_requests_leave_rows(rows: int | None, requests: float | None, verdict: Verdict, says: str) -> None:
    judgement = judge(rows, requests)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


@pytest.mark.parametrize(
    ("rows", "own", "requests", "verdict", "says"),
    [
        pytest.param(13, 13, 13, Verdict.UNKNOWN, "all of them by our own smoke tests", id="nobody else came"),
        pytest.param(13, 13, None, Verdict.UNKNOWN, "13 audit rows", id="nobody knows whether somebody else came"),
        pytest.param(13, 13, 100, Verdict.FAILED, "misses requests", id="others came and left nothing"),
        pytest.param(14, 13, 15.4, Verdict.PASSED, "14 audit rows for 15", id="somebody else left one"),
        pytest.param(14, 13, None, Verdict.PASSED, "14 audit rows", id="somebody else left one of an unknown number"),
    ],
)
def test_what_only_our_smoke_tests_left_shows_nothing(
    rows: int, own: int, requests: float | None, verdict: Verdict, says: str
) -> None:
    judgement = judge(rows, requests, own)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_a_replica_says_nothing_about_what_is_written() -> None:
    """GitHub 2018-10-21."""
    judgement = judge_audit_log(100, 0, 100, primary=False, window=timedelta(minutes=15), share=0.9)

    assert judgement.verdict is Verdict.UNKNOWN


@given(st.one_of(st.none(), st.integers(-2, 100)), st.one_of(st.none(), st.floats()))
def test_without_a_row_it_never_passes(rows: int | None, requests: float | None) -> None:
    assert not judge(rows, requests).verdict.lets_pass or (rows or 0) > 0
