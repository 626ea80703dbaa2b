"""The Prometheus block: the same answers from the stand-in and from the real program."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.prometheus import Prometheus
from policy.judgement import Verdict
from policy.limits import Limits
from policy.red_flags import Sample
from policy.samples import judge_numbers
from policy.trend import Point
from tests.lab.measured_server import Measured, measured_server
from tests.lab.measuring import KINDS, eventually, metrics

SPAN = timedelta(seconds=5)
SERVERS = ("web-server-1", "web-server-2")


@dataclass(slots=True)
class World:
    """The block under test over two servers: the first fails 10 % of its requests, the second none."""

    block: Prometheus
    first: Measured
    second: Measured

    def samples(self) -> tuple[Sample, ...]:
        """The two servers as they are now."""
        return self.block.read_samples(SERVERS, datetime.now(UTC), SPAN)


@pytest.fixture(scope="module", params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    first, second = Measured(rate=50, failing=5), Measured(rate=20, memory=400e6)
    folder = tmp_path_factory.mktemp("metrics")
    with measured_server(first) as one, measured_server(second) as two:
        targets = dict(zip(SERVERS, (one, two), strict=True))
        with metrics(folder, targets, real=request.param) as url:
            block = Prometheus(url=url, read_timeout=3, scrape_interval=1)
            found = World(block, first, second)
            eventually(lambda: all((sample.requests or 0) > 0 for sample in found.samples()))
            began = datetime.now(UTC)
            eventually(lambda: datetime.now(UTC) - began > SPAN + timedelta(seconds=1))
            yield found
            block.close()


def test_requests_errors_and_latency_of_each_server(world: World) -> None:
    first, second = world.samples()

    assert first.requests == pytest.approx(250, rel=0.05)
    assert first.errors == pytest.approx(25, rel=0.05)
    assert second.requests == pytest.approx(100, rel=0.05)
    assert first.p95 is not None
    assert first.p95.total_seconds() == pytest.approx(0.3, rel=0.02)


def test_requests_and_failures_of_all_servers_over_time(world: World) -> None:
    until = datetime.now(UTC)
    *_, before, last = world.block.read_request_series(SERVERS, until - 2 * SPAN, until, SPAN)

    assert last.at == until
    assert last.requests == pytest.approx(350, rel=0.05)
    assert last.errors == pytest.approx(25, rel=0.05)
    assert last.rate == pytest.approx(25 / 350, rel=0.05)
    assert before.at == until - SPAN


def test_a_time_of_which_nothing_was_measured_has_no_requests(world: World) -> None:
    since = datetime.now(UTC) - timedelta(hours=2)

    points = world.block.read_request_series(SERVERS, since, since + 2 * SPAN, SPAN)

    assert [(point.requests, point.errors, point.rate) for point in points] == [(None, None, None)] * 3


def test_the_middle_and_the_slowest_requests_are_measured_too(world: World) -> None:
    for sample in world.samples():
        assert sample.p50 is not None
        assert sample.p99 is not None
        assert sample.p50.total_seconds() == pytest.approx(0.5 / 0.9 * 0.1, rel=0.02)
        assert sample.p99.total_seconds() == pytest.approx(0.1 + 0.9 * 0.4, rel=0.02)


def test_a_server_without_failures_has_zero_of_them(world: World) -> None:
    assert world.samples()[1].errors == 0.0


def test_e7_failures_that_are_no_number_are_not_taken_for_none(world: World) -> None:
    waiting = 'max by (server) (requests_waiting{server=~"$servers"})'
    broken = Prometheus(url=world.block.url, errors_query=f"{waiting} / {waiting}")

    samples = broken.read_samples(SERVERS, now := datetime.now(UTC), SPAN)
    broken.close()

    assert all(sample.requests for sample in samples)
    judgement = judge_numbers(samples, now=now, limits=Limits())
    assert judgement.verdict is Verdict.UNKNOWN
    assert "web-server-1: the number of errors is not known" in judgement.sentence


def test_a_sample_is_dated_by_its_newest_measurement(world: World) -> None:
    asking = datetime.now(UTC)
    sample = world.samples()[0]

    assert timedelta(0) <= datetime.now(UTC) - sample.at
    # It is measured once a second.
    assert asking - sample.at < timedelta(seconds=3)


def test_a_server_that_nobody_measures_has_no_values(world: World) -> None:
    at = datetime.now(UTC)

    [sample] = world.block.read_samples(["web-server-9"], at, SPAN)

    assert sample == Sample(at, "web-server-9", None, None, None, SPAN)


def test_usage_of_each_server(world: World) -> None:
    first, second = world.block.read_usage(SERVERS)

    assert (first.cpu, first.memory, first.disk) == (0.25, 0.2, 0.5)
    assert second.memory == pytest.approx(0.8)


def test_traffic_now_and_a_week_ago(world: World) -> None:
    # A scrape that a busy machine left out makes now unknown until a whole span was measured again.
    eventually(lambda: world.block.read_traffic(datetime.now(UTC), SPAN).now is not None)

    traffic = world.block.read_traffic(datetime.now(UTC), SPAN)

    assert traffic.now == pytest.approx(70, rel=0.05)
    assert traffic.last_week == pytest.approx(20, rel=0.01)


def test_last_week_is_known_for_a_day_in_which_the_lab_is_kept(world: World) -> None:
    traffic = world.block.read_traffic(datetime.now(UTC) + timedelta(hours=23), SPAN)

    assert traffic.last_week == pytest.approx(20, rel=0.01)


def test_traffic_is_not_known_before_a_whole_span_was_measured_again(world: World) -> None:
    def traffic() -> float | None:
        return world.block.read_traffic(datetime.now(UTC), SPAN).now

    world.first.silent = world.second.silent = True
    try:
        eventually(lambda: traffic() is None)
    finally:
        world.first.silent = world.second.silent = False
    eventually(lambda: traffic() is not None)

    assert (traffic() or 0) > 0.6 * 70


def test_traffic_of_two_weeks_ago_is_unknown(world: World) -> None:
    traffic = world.block.read_traffic(datetime.now(UTC) - timedelta(days=7), SPAN)

    assert traffic.last_week is None


def test_memory_over_time(world: World) -> None:
    def last_seconds(server: str) -> Sequence[Point]:
        until = datetime.now(UTC)
        series = world.block.read_memory_series(SERVERS, until - timedelta(seconds=3), until, step=timedelta(seconds=1))
        return series[server]

    # On a busy machine a scrape may come late, and the second it is missing in has no value.
    eventually(lambda: [point.value for point in last_seconds("web-server-2")] == [400e6] * 4)
    assert last_seconds("web-server-1")[0].at.tzinfo is UTC


def test_a_query_that_prometheus_cannot_read_is_refused_with_its_text(world: World) -> None:
    broken = Prometheus(url=world.block.url, traffic_query="sum(rate(http_requests_total{job=}[$span]))")

    with pytest.raises(Refused, match=r"400 bad_data.*parse error.*the query was 'sum"):
        broken.read_traffic(datetime.now(UTC), SPAN)
    broken.close()


def test_a_query_for_several_series_where_one_is_meant_is_a_wrong_setting(world: World) -> None:
    broken = Prometheus(url=world.block.url, traffic_query="rate(http_requests_total[$span])")

    with pytest.raises(Misconfigured, match="series, expected one"):
        broken.read_traffic(datetime.now(UTC), SPAN)
    broken.close()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param(
            'increase(http_requests_total{server=~"$servers"}[$span])',
            "'web-server-1' has more than one series, expected one; sum by (server)",
            id="one a code",
        ),
        pytest.param(
            "sum by (code) (increase(http_requests_total[$span]))",
            "without the label 'server' there is more than one series",
            id="of no server",
        ),
    ],
)
def test_of_two_series_for_one_server_none_is_taken_for_the_whole(world: World, query: str, said: str) -> None:
    """E7: the errors of one code would have been those of all."""
    broken = Prometheus(url=world.block.url, errors_query=query)

    with pytest.raises(Misconfigured, match=re.escape(said)):
        broken.read_samples(SERVERS, datetime.now(UTC), SPAN)
    broken.close()


def test_a_server_that_stopped_answering_has_no_values_soon(world: World) -> None:
    world.first.silent = True
    try:
        eventually(lambda: world.block.read_usage(SERVERS)[0].memory is None)
        eventually(lambda: world.samples()[0].requests is None)
        assert world.samples()[1].requests
    finally:
        world.first.silent = False
    eventually(lambda: world.samples()[0].requests is not None)


def test_strange_names_and_unknown_placeholders_are_wrong_settings() -> None:
    block = Prometheus(url="http://127.0.0.1:9", cpu_query="up{$who}")

    with pytest.raises(Misconfigured, match="expected letters"):
        block.read_samples(['web"} or up{x="'], datetime.now(UTC), SPAN)
    with pytest.raises(Misconfigured, match=r"only \$servers and \$span"):
        block.read_usage(["web-server-1"])


def test_metrics_that_are_away_are_unreachable() -> None:
    block = Prometheus(url="http://127.0.0.1:9")

    with pytest.raises(Unreachable, match="Prometheus: no answer"):
        block.read_usage(["web-server-1"])
    block.close()


class TestStandard(BlockStandardTestSuite):
    """What Prefect asks of every block; ours carry no logo, since it would be fetched from the network."""

    @pytest.fixture
    def block(self) -> type[Block]:
        return Prometheus

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        assert block.get_block_type_slug() == "countersign-prometheus"
