"""Figures of a load test (1.3.3); the summary is one that k6 1.1.0 wrote."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.judgement import Judgement, Verdict
from policy.limits import Limits
from policy.load_test import LoadTest, NoSummary, judge_load_test, read_summary

SUMMARY: dict[str, Any] = {
    "root_group": {"checks": {}, "name": "", "path": "", "groups": {}},
    "metrics": {
        "http_req_failed": {"passes": 170, "fails": 0, "thresholds": {"rate<0.01": True}, "value": 1},
        "http_req_duration": {"max": 38.8, "p(95)": 34.69471735, "avg": 31.8, "thresholds": {"p(95)<500": False}},
        "dropped_iterations": {"count": 431, "rate": 142.57433562791797},
        "http_reqs": {"count": 170, "rate": 56.235816836997806},
        "iterations": {"count": 170, "rate": 56.235816836997806},
        "vus": {"value": 2, "min": 2, "max": 2},
    },
}
WELL = LoadTest(
    requests=6000, failed_share=0.001, p95=timedelta(milliseconds=240), iterations=3000, rate=50.0, dropped=0
)


def judge(test: LoadTest) -> Judgement:
    return judge_load_test(test, wanted_rate=50, limits=Limits())


def test_the_figures_of_a_real_summary_are_read() -> None:
    test = read_summary(json.dumps(SUMMARY))

    assert test == LoadTest(
        requests=170,
        failed_share=1,
        p95=timedelta(milliseconds=34.69471735),
        iterations=170,
        rate=56.235816836997806,
        dropped=431,
        crossed=("http_req_failed rate<0.01",),
    )


def test_nothing_dropped_is_left_out_by_k6_and_is_a_true_zero() -> None:
    metrics = {name: value for name, value in SUMMARY["metrics"].items() if name != "dropped_iterations"}

    assert read_summary(json.dumps({"metrics": metrics})).dropped == 0


@pytest.mark.parametrize(
    "text", ["", "<html>", "[]", "{}", '{"metrics": []}', '{"metrics": {"http_reqs": 3}}', '{"metrics": null}']
)
def test_what_is_no_summary_is_refused(text: str) -> None:
    with pytest.raises(NoSummary, match="k6's summary cannot be read"):
        read_summary(text)


def test_a_summary_without_requests_is_unknown() -> None:
    assert judge(read_summary('{"metrics": {}}')).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "verdict", "says"),
    [
        pytest.param(
            {},
            Verdict.PASSED,
            "0.1% of 6,000 requests failed (limits 500 ms, 1%); 50.0 of 50.0 iterations/s, 0 of 3,000 dropped",
            id="well",
        ),
        pytest.param({"p95": timedelta(milliseconds=500)}, Verdict.FAILED, "p95 500 ms", id="exactly the limit"),
        pytest.param({"failed_share": 0.01}, Verdict.FAILED, "1.0% of 6,000", id="one in a hundred failed"),
        pytest.param(
            {"crossed": ("checks rate>0.99",)},
            Verdict.FAILED,
            "own limits were crossed: checks rate>0.99",
            id="the script's own limit",
        ),
        pytest.param({"rate": 47.5}, Verdict.PASSED, "47.5 of 50.0", id="just enough"),
        pytest.param({"rate": 47.4}, Verdict.UNKNOWN, "the load was not reached", id="too slow to prove anything"),
        pytest.param({"dropped": 200}, Verdict.UNKNOWN, "200 of 3,200 dropped", id="too many dropped"),
        pytest.param(
            {"rate": 10.0, "p95": timedelta(seconds=3)},
            Verdict.FAILED,
            "p95 3000 ms",
            id="too slow under too little load",
        ),
        pytest.param({"requests": 19}, Verdict.UNKNOWN, "not enough requests: 19 of 20", id="hardly any request"),
        pytest.param({"requests": 0}, Verdict.UNKNOWN, "not enough requests: 0", id="no request"),
        pytest.param({"requests": None}, Verdict.UNKNOWN, "names no requests", id="requests absent"),
        pytest.param({"failed_share": float("nan")}, Verdict.UNKNOWN, "no share of failures", id="NaN"),
        pytest.param({"failed_share": 1.5}, Verdict.UNKNOWN, "no share of failures", id="more than all failed"),
        pytest.param({"p95": None}, Verdict.UNKNOWN, "no p95", id="p95 absent"),
        pytest.param({"p95": timedelta(seconds=-1)}, Verdict.UNKNOWN, "no p95", id="p95 negative"),
        pytest.param({"rate": None}, Verdict.UNKNOWN, "whether the load was reached is not known", id="rate absent"),
        pytest.param({"iterations": 0}, Verdict.UNKNOWN, "0 of 0 dropped", id="no iteration"),
    ],
)
def test_the_load_was_sent_and_borne(changes: dict[str, Any], verdict: Verdict, says: str) -> None:
    judgement = judge(replace(WELL, **changes))

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


@given(st.one_of(st.none(), st.floats()), st.one_of(st.none(), st.floats()), st.one_of(st.none(), st.floats(0, 10_000)))
def test_only_measured_figures_within_the_limits_pass(
    share: float | None, rate: float | None, p95_ms: float | None
) -> None:
    p95 = timedelta(milliseconds=p95_ms) if p95_ms is not None else None

    if judge(replace(WELL, failed_share=share, rate=rate, p95=p95)).verdict is Verdict.PASSED:
        assert share is not None
        assert rate is not None
        assert p95_ms is not None
        assert (0 <= share < 0.01, rate >= 47.5, p95_ms < 500) == (True, True, True)
