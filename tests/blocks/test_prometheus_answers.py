"""E7: an answer of Prometheus that says yes and lacks what was asked for."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from blocks.errors import BlockError, Unreachable
from blocks.prometheus import Prometheus
from policy.judgement import Judgement, Verdict
from policy.limits import Limits
from policy.samples import judge_numbers
from tests.serving import served

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SERVER = "web-server-1"
QUERIES = {"requests": "requests", "errors": "errors", "p95": "p95", "newest": "newest"}
WELL: Mapping[str, Any] = {"requests": "300", "errors": "0", "p95": "0.09", "newest": str(NOW.timestamp() - 5)}


def judged(values: Mapping[str, Any], **answer: Any) -> Judgement:
    """Judge the newest numbers where each query has this value; None is no series."""

    async def query(request: Request) -> JSONResponse:
        value = values.get(request.query_params["query"])
        series = [] if value is None else [{"metric": {"server": SERVER}, "value": [NOW.timestamp(), value]}]
        return JSONResponse({"status": "success", "data": {"resultType": "vector", "result": series}, **answer})

    with served(Starlette(routes=[Route("/api/v1/query", query)])) as url:
        queries = {f"{name}_query": text for name, text in QUERIES.items()}
        prometheus = Prometheus.model_validate({"url": url, "p50_query": "p95", "p99_query": "p95", **queries})
        try:
            samples = prometheus.read_samples([SERVER], NOW, timedelta(minutes=5))
        finally:
            prometheus.close()
    return judge_numbers(samples, now=NOW, limits=Limits(), servers=[SERVER])


@pytest.mark.parametrize(
    ("changes", "verdict", "says"),
    [
        pytest.param({}, Verdict.PASSED, "0.0% errors (0 of 300 requests)", id="well"),
        pytest.param(dict.fromkeys(WELL), Verdict.UNKNOWN, "requests is not known", id="E7 nothing at all"),
        pytest.param({"requests": "NaN"}, Verdict.UNKNOWN, "requests is not known", id="E7 NaN"),
        pytest.param({"requests": "0"}, Verdict.UNKNOWN, "no requests in the last 5 min", id="E7 no requests"),
        pytest.param({"requests": "+Inf"}, Verdict.UNKNOWN, "requests is not known", id="E7 infinite"),
        pytest.param({"newest": str(NOW.timestamp() - 540)}, Verdict.UNKNOWN, "no sample", id="E7 9 minutes old"),
        pytest.param({"errors": None}, Verdict.PASSED, "0.0% errors (0 of 300 requests)", id="E7 a true zero"),
        pytest.param({"requests": None, "errors": None}, Verdict.UNKNOWN, "is not known", id="E7 no zero of nothing"),
        pytest.param({"errors": "NaN"}, Verdict.UNKNOWN, "errors is not known", id="E7 errors are NaN"),
        pytest.param({"p95": "NaN"}, Verdict.UNKNOWN, "p95 is not known", id="E7 no latency"),
    ],
)
def test_only_a_number_is_a_number(changes: dict[str, Any], verdict: Verdict, says: str) -> None:
    judgement = judged({**WELL, **changes})

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_an_answer_that_is_not_whole_is_no_zero() -> None:
    """E7: of two stores behind one address the one with the failures did not answer."""
    warning = "receive series from store-2: context deadline exceeded"

    with pytest.raises(Unreachable, match=f"Prometheus: the answer is not whole: {warning}"):
        judged({**WELL, "errors": None}, warnings=[warning])


def test_a_remark_about_the_query_takes_nothing_away() -> None:
    remark = 'PromQL info: metric might not be a counter, name does not end in _total: "requests"'

    assert judged(WELL, warnings=[remark]).verdict is Verdict.PASSED


def test_an_error_within_a_success_is_none() -> None:
    with pytest.raises(BlockError):
        judged(WELL, status="error", errorType="timeout", error="query timed out")
