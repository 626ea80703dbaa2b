"""The stand-in for Prometheus: what it refuses, and that it reckons as the real program does."""

import math
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lab.prometheus_functions import BadQueryError, Labels, Samples, Selector
from lab.prometheus_queries import Parser
from tests.lab.measured_server import Measured, measured_server
from tests.lab.measuring import KINDS, eventually, metrics


class Shelf:
    """A store with fixed samples."""

    def __init__(self, series: dict[Labels, Samples]) -> None:
        self._series = series

    def newest(self, selector: Selector, at: float) -> dict[Labels, tuple[float, float]]:
        """The newest sample of each series."""
        return {labels: samples[-1] for labels, samples in self.window(selector, 0, at).items()}

    def window(self, selector: Selector, start: float, end: float) -> dict[Labels, Samples]:
        """The samples of each series in the window."""
        found = {
            labels: [one for one in samples if start < one[0] <= end]
            for labels, samples in self._series.items()
            if selector.fits(dict(labels))
        }
        return {labels: samples for labels, samples in found.items() if samples}


def series(name: str, values: list[float], **labels: str) -> dict[Labels, Samples]:
    """One series with a sample each second from second 1 on."""
    key = tuple(sorted({"__name__": name, **labels}.items()))
    return {key: [(float(at), value) for at, value in enumerate(values, 1)]}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([100, 110, 120, 130, 140], 50.0, id="steady"),
        pytest.param([5, 15, 25, 35, 45], 45.0, id="young: not extended below zero"),
        pytest.param([100, 110, 5, 15, 25], 43.75, id="restarted"),
        pytest.param([7, 7, 7, 7, 7], 0.0, id="idle"),
    ],
)
def test_growth_is_extended_to_the_edges_of_the_window(values: list[float], expected: float) -> None:
    found = Parser("increase(hits[5s])").parse()(Shelf(series("hits", values)), 5.0)

    assert found[()] == pytest.approx(expected)


def test_one_sample_is_no_growth() -> None:
    assert Parser("rate(hits[5s])").parse()(Shelf(series("hits", [3])), 5.0) == {}


def test_a_histogram_without_requests_has_no_quantile() -> None:
    store = Shelf(series("b", [0, 0], le="1") | series("b", [0, 0], le="+Inf"))

    found = Parser("histogram_quantile(0.95, sum by (le) (rate(b[5s])))").parse()(store, 2.0)

    assert math.isnan(found[()])


def test_a_quantile_beyond_the_last_limit_is_that_limit() -> None:
    store = Shelf(series("b", [0, 1], le="1") | series("b", [0, 100], le="+Inf"))

    assert Parser("histogram_quantile(0.95, b)").parse()(store, 2.0) == {(): 1.0}


def test_nothing_divided_by_nothing_is_not_a_number() -> None:
    store = Shelf(series("a", [0.0]) | series("b", [0.0]))

    assert math.isnan(Parser("a / b").parse()(store, 1.0)[()])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "sum(",
        "up{a=}",
        "topk(3, up)",
        "up + up",
        "rate(up)",
        "up[5m]",
        'up{a="b"} )',
        "avg_over_time(up[5m])",
    ],
)
def test_queries_that_are_not_asked_here_are_refused(query: str) -> None:
    with pytest.raises(BadQueryError):
        Parser(query).parse()


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("metrics")
    with (
        measured_server(Measured()) as address,
        metrics(folder, {"web-server-1": address}, real=request.param) as url,
    ):
        eventually(lambda: "web-server-1" in httpx.get(f"{url}/api/v1/query", params={"query": "up"}).text)
        yield url


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("query", {}),
        ("query", {"query": "sum("}),
        ("query", {"query": "up", "time": "yesterday"}),
        ("query_range", {"query": "up", "start": "1", "end": "100000", "step": "1"}),
        ("query_range", {"query": "up", "start": "2", "end": "1", "step": "1"}),
        ("query_range", {"query": "up", "start": "1", "end": "2", "step": "0"}),
    ],
)
def test_nonsense_is_refused_as_bad_data(url: str, path: str, query: dict[str, str]) -> None:
    answer = httpx.get(f"{url}/api/v1/{path}", params=query)

    assert answer.status_code == 400
    assert answer.json()["status"] == "error"
    assert answer.json()["errorType"] == "bad_data"


def test_an_unknown_path_is_not_found(url: str) -> None:
    assert httpx.get(f"{url}/api/v9/query").status_code == 404


def test_a_scraped_server_is_up_and_carries_its_labels(url: str) -> None:
    answer = httpx.get(f"{url}/api/v1/query", params={"query": 'up{job="web"}'}).json()

    [row] = answer["data"]["result"]
    assert answer["data"]["resultType"] == "vector"
    assert row["metric"]["server"] == "web-server-1"
    assert row["value"][1] == "1"
