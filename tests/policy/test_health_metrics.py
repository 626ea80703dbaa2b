"""The figures that a server gives of itself (3.4.1)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.health import HealthAnswer
from policy.health_metrics import judge_health_metrics
from policy.judgement import Judgement, Verdict
from policy.limits import Limits

VERSION = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
WELL: dict[str, object] = {
    "status": "healthy",
    "version": VERSION,
    "uptime_seconds": 3600,
    "requests": 12_000,
    "errors": 12,
    "error_rate": 0.001,
    "p95_ms": 120,
    "memory_bytes": 300_000_000,
    "memory_limit_bytes": 1_000_000_000,
    "cpu_ratio": 0.2,
    "disk_ratio": 0.5,
    "connections": 5,
    "pool": 20,
}


def judge(report: object, *, status_code: int = 200, version: str | None = VERSION) -> Judgement:
    answer = HealthAnswer("web-server-1", status_code, json.dumps(report))
    return judge_health_metrics(answer, version=version, limits=Limits())


def test_all_figures_normal_are_said_with_their_limits() -> None:
    judgement = judge(WELL)

    assert judgement.verdict is Verdict.PASSED
    assert "errors 0.10% of 12,000 requests (limit 1%), p95 120 ms (limit 500 ms)" in judgement.sentence


@pytest.mark.parametrize(
    ("changes", "verdict", "says"),
    [
        ({"status": "degraded"}, Verdict.FAILED, "status 'degraded'"),
        ({"status": None}, Verdict.UNKNOWN, "says no status"),
        ({"version": "a1a1a1a"}, Verdict.FAILED, "still serves a1a1a1a"),
        ({"version": None}, Verdict.UNKNOWN, "says no version"),
        ({"requests": 19}, Verdict.UNKNOWN, "not enough requests for an error rate: 19 of 20"),
        ({"requests": None}, Verdict.UNKNOWN, "gives no error rate"),
        ({"error_rate": float("nan")}, Verdict.UNKNOWN, "gives no error rate"),
        ({"error_rate": 0.01}, Verdict.FAILED, "errors 1.00%"),
        ({"p95_ms": 500}, Verdict.FAILED, "p95 500 ms (limit 500 ms)"),
        ({"p95_ms": None}, Verdict.UNKNOWN, "gives no p95"),
        ({"cpu_ratio": 0.7}, Verdict.FAILED, "cpu 70% (limit 70%)"),
        ({"memory_bytes": 800_000_000}, Verdict.FAILED, "memory 80% (limit 80%)"),
        ({"memory_limit_bytes": 0}, Verdict.UNKNOWN, "no value for memory"),
        ({"disk_ratio": -0.1}, Verdict.UNKNOWN, "no value for disk"),
        ({"connections": 16}, Verdict.FAILED, "connections 80%"),
        ({"connections": 16, "p95_ms": None}, Verdict.FAILED, "gives no p95, connections 80%"),
    ],
)
def test_a_figure_that_is_not_normal_is_named_alone(changes: dict[str, object], verdict: Verdict, says: str) -> None:
    judgement = judge(WELL | changes)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence
    assert "healthy, serves" not in judgement.sentence


def test_without_an_expected_version_any_is_right() -> None:
    assert judge(WELL | {"version": "a1a1a1a"}, version=None).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("status_code", "report", "verdict"),
    [(503, WELL, Verdict.FAILED), (404, WELL, Verdict.UNKNOWN), (200, "<html>", Verdict.UNKNOWN)],
)
def test_another_answer_is_no_report(status_code: int, report: object, verdict: Verdict) -> None:
    assert judge(report, status_code=status_code).verdict is verdict


@given(st.sampled_from(sorted(set(WELL) - {"uptime_seconds", "errors"})))
def test_a_report_without_one_of_its_figures_never_passes(absent: str) -> None:
    report = {name: value for name, value in WELL.items() if name != absent}

    assert judge(report).verdict is Verdict.UNKNOWN
