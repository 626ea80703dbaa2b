"""Prometheus: requests, errors, latency and resources of each server, through its HTTP query API.

Follows the page "HTTP API" of Prometheus' documentation (stable: /api/v1/query and /api/v1/query_range).
"""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template

from pydantic import Field, HttpUrl, PrivateAttr

from blocks.company_block import CompanyBlock
from blocks.credentials import read_secret
from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.prometheus_answers import (
    Data,
    Point,
    Result,
    Series,
    Traffic,
    add_up,
    duration,
    errors_of,
    instant,
    read_number,
    spell_span,
    stamp,
)
from blocks.vendor import Vendor
from policy.error_graph import Counted
from policy.red_flags import Sample
from policy.resources import Usage

_SERVERS = 'server=~"$servers"'
_ENOUGH = 0.75
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
# What Prometheus remarks about a query; any other warning says that some of the data did not come.
_REMARK = "PromQL "


class Prometheus(CompanyBlock):
    """The metrics of the servers; `$servers` and `$span` in a query are filled in for each question."""

    _block_type_name = "Countersign Prometheus"
    _block_type_slug = "countersign-prometheus"
    _description = "Requests, errors, latency and resources of each server."
    _documentation_url = HttpUrl("https://prometheus.io/docs/prometheus/latest/querying/api/")
    _code_example = """
    ```python
    from blocks.prometheus import Prometheus

    prometheus = Prometheus.load("BLOCK_NAME")
    usage = prometheus.read_usage(["web-server-1"])
    ```"""

    url: str = Field(description="Address of Prometheus, without /api/v1.")
    user: str | None = Field(default=None, description="User for basic authentication, if there is one.")
    password: str | None = Field(default=None, description="Name of the secret that holds its password.")
    secrets_folder: str | None = Field(default=None, description="Folder of the files that hold secrets.")
    scrape_interval: timedelta = Field(
        default=timedelta(seconds=15), gt=timedelta(0), description="How often Prometheus measures, in seconds."
    )
    label: str = Field(default="server", description="Label of a series that holds the server's name.")
    connect_timeout: timedelta = Field(
        default=timedelta(seconds=5), description="How long a connection may take, in seconds."
    )
    read_timeout: timedelta = Field(
        default=timedelta(seconds=10), description="How long an answer may take, in seconds."
    )
    requests_query: str = Field(
        default=f"sum by (server) (increase(http_requests_total{{{_SERVERS}}}[$span]))",
        description="Requests of each server over the span.",
    )
    errors_query: str = Field(
        default=f'sum by (server) (increase(http_requests_total{{{_SERVERS},code=~"5.."}}[$span]))',
        description="Failed requests of each server over the span.",
    )
    p95_query: str = Field(
        default="histogram_quantile(0.95, sum by (server, le) "
        f"(rate(http_request_duration_seconds_bucket{{{_SERVERS}}}[$span])))",
        description="95th percentile of the latency of each server over the span, in seconds.",
    )
    p50_query: str = Field(
        default="histogram_quantile(0.5, sum by (server, le) "
        f"(rate(http_request_duration_seconds_bucket{{{_SERVERS}}}[$span])))",
        description="Median of the latency of each server over the span, in seconds; shown to the approver.",
    )
    p99_query: str = Field(
        default="histogram_quantile(0.99, sum by (server, le) "
        f"(rate(http_request_duration_seconds_bucket{{{_SERVERS}}}[$span])))",
        description="99th percentile of the latency of each server over the span, in seconds; shown to the approver.",
    )
    newest_query: str = Field(
        default=f"max by (server) (timestamp(http_requests_total{{{_SERVERS}}}))",
        description="When each server was last measured, as a Unix time in seconds.",
    )
    started_query: str = Field(
        default=f"max by (server) (process_start_time_seconds{{{_SERVERS}}})",
        description="When the application on each server began, as a Unix time in seconds.",
    )
    cpu_query: str = Field(
        default=f"max by (server) (process_cpu_ratio{{{_SERVERS}}})",
        description="Share of the processors in use on each server, from 0 to 1.",
    )
    memory_query: str = Field(
        default=f"max by (server) (process_resident_memory_bytes{{{_SERVERS}}}) "
        f"/ max by (server) (process_memory_limit_bytes{{{_SERVERS}}})",
        description="Share of the memory in use on each server, from 0 to 1.",
    )
    disk_query: str = Field(
        default=f"max by (server) (disk_used_ratio{{{_SERVERS}}})",
        description="Share of the disk in use on each server, from 0 to 1.",
    )
    memory_bytes_query: str = Field(
        default=f"max by (server) (process_resident_memory_bytes{{{_SERVERS}}})",
        description="Memory in use on each server, in bytes.",
    )
    traffic_query: str = Field(
        default='sum(rate(http_requests_total{job="web"}[$span]))',
        description="Requests a second of all servers over the span.",
    )
    traffic_measured_query: str = Field(
        default='min(max by (server) (count_over_time(http_requests_total{job="web"}[$span])))',
        description="How often the requests of the server that was measured least were measured in the span.",
    )
    traffic_last_week_query: str = Field(
        default='sum(rate(http_requests_total{job="web"}[$span] offset 7d))',
        description="The same a week before.",
    )
    audited_query: str = Field(
        default="",
        description="Requests of all servers over the span that must each leave a row in the audit log; empty where"
        " nothing counts them.",
    )
    _vendor: Vendor = PrivateAttr()

    def block_initialization(self) -> None:
        """Keep one client; nothing is asked before a verb is called."""
        self._vendor = Vendor(
            "Prometheus",
            self.url,
            headers=dict,
            basic=self._basic,
            connect_seconds=self.connect_timeout.total_seconds(),
            read_seconds=self.read_timeout.total_seconds(),
            patience_seconds=0,
        )

    def close(self) -> None:
        """Let go of the kept connections."""
        self._vendor.close()

    def read_samples(self, servers: Iterable[str], at: datetime, span: timedelta) -> tuple[Sample, ...]:
        """What each server did in the `span` that ended at `at`, dated by its newest measurement."""
        names = tuple(servers)
        requests = self._vector(self.requests_query, names, at, span)
        errors = self._read_each(self.errors_query, names, at, span)
        p95 = self._vector(self.p95_query, names, at, span)
        p50 = self._vector(self.p50_query, names, at, span)
        p99 = self._vector(self.p99_query, names, at, span)
        newest = self._vector(self.newest_query, names, at, span)
        return tuple(
            Sample(
                at=datetime.fromtimestamp(newest[name], UTC) if newest.get(name) is not None else at,
                server=name,
                requests=requests.get(name),
                errors=errors_of(requests.get(name), name, errors),
                p95=duration(p95.get(name)),
                span=span,
                p50=duration(p50.get(name)),
                p99=duration(p99.get(name)),
            )
            for name in names
        )

    def read_starts(self, servers: Iterable[str]) -> dict[str, datetime]:
        """When the application on each server began; a server of which nothing is known is left out."""
        starts = self._vector(self.started_query, tuple(servers), None)
        return {name: datetime.fromtimestamp(at, UTC) for name, at in starts.items()}

    def read_usage(self, servers: Iterable[str], at: datetime | None = None) -> tuple[Usage, ...]:
        """The shares of its resources that each server uses."""
        names = tuple(servers)
        cpu = self._vector(self.cpu_query, names, at)
        memory = self._vector(self.memory_query, names, at)
        disk = self._vector(self.disk_query, names, at)
        return tuple(Usage(name, cpu.get(name), memory.get(name), disk.get(name)) for name in names)

    def read_traffic(self, at: datetime, span: timedelta) -> Traffic:
        """Requests a second of all servers, now and a week ago.

        None for now where the span lacks a quarter of its measurements: what began to be measured again seems little.
        """
        measured = self._single(self.traffic_measured_query, at, span) or 0
        enough = measured >= _ENOUGH * (span // self.scrape_interval)
        return Traffic(
            now=self._single(self.traffic_query, at, span) if enough else None,
            last_week=self._single(self.traffic_last_week_query, at, span),
        )

    def read_audited_requests(self, at: datetime, span: timedelta) -> float | None:
        """How many requests of the span must have left a row in the audit log; None where nothing counts them."""
        return self._single(self.audited_query, at, span) if self.audited_query else None

    def read_memory_series(
        self, servers: Iterable[str], since: datetime, until: datetime, step: timedelta
    ) -> dict[str, tuple[Point, ...]]:
        """The memory of each server in bytes, one point a step; no points where the system had no value."""
        names = tuple(servers)
        series = self._series(self.memory_bytes_query, names, since, until, step)
        return {
            name: tuple(Point(datetime.fromtimestamp(at, UTC), value) for at, value in series.get(name, []))
            for name in names
        }

    def read_request_series(
        self, servers: Iterable[str], since: datetime, until: datetime, step: timedelta
    ) -> tuple[Counted, ...]:
        """Requests and failures of all the servers together, a point for each step; None where nothing was measured."""
        names = tuple(servers)
        requests = add_up(self._series(self.requests_query, names, since, until, step))
        errors = add_up(self._series(self.errors_query, names, since, until, step))
        points = []
        for number in range(int((until - since) / step) + 1):
            at = since + number * step
            served = requests.get(stamp(at))
            points.append(Counted(at, served, None if served is None else errors.get(stamp(at), 0.0)))
        return tuple(points)

    def check(self) -> None:
        """Return when Prometheus answers queries."""
        self._ask("/api/v1/query", {"query": "up"})

    def _basic(self) -> tuple[str, str] | None:
        if self.user is None or self.password is None:
            return None
        folder = Path(self.secrets_folder) if self.secrets_folder else None
        return self.user, read_secret(self.password, folder).get_secret_value()

    def _filled(self, text: str, servers: tuple[str, ...], span: timedelta | None) -> str:
        if strange := [name for name in servers if not _PLAIN.fullmatch(name)]:
            raise Misconfigured(f"server {strange[0]!r}: expected letters, digits, dots and dashes")
        names = "|".join(name.replace(".", "\\\\.") for name in servers)
        filled = {"servers": names} | ({"span": spell_span(span)} if span else {})
        try:
            return Template(text).substitute(filled)
        except (KeyError, ValueError) as error:
            raise Misconfigured(f"query {text!r}: only $servers and $span may stand in it, found {error}") from None

    def _vector(
        self, text: str, servers: tuple[str, ...], at: datetime | None, span: timedelta | None = None
    ) -> dict[str, float]:
        """The value of each server; what is no number is left out like what is not there."""
        found = self._read_each(text, servers, at, span)
        return {name: value for name, value in found.items() if math.isfinite(value)}

    def _read_each(
        self, text: str, servers: tuple[str, ...], at: datetime | None, span: timedelta | None
    ) -> dict[str, float]:
        """The value of each server that has one, be it NaN: that is another thing than no series."""
        if not servers:
            return {}
        found = self._ask("/api/v1/query", instant(self._filled(text, servers, span), at)).result
        return {name: float(one.value[1]) for name, one in self._by_server(text, found).items() if one.value}

    def _series(
        self, text: str, servers: tuple[str, ...], since: datetime, until: datetime, step: timedelta
    ) -> dict[str, list[tuple[float, float]]]:
        """Time and value of each server, a point a step; what is no number is left out like what is not there."""
        query = {
            "query": self._filled(text, servers, step),
            "start": stamp(since),
            "end": stamp(until),
            "step": f"{step.total_seconds():g}",
        }
        found = self._by_server(text, self._ask("/api/v1/query_range", query).result)
        return {
            name: [(at, float(value)) for at, value in one.values if math.isfinite(float(value))]
            for name, one in found.items()
        }

    def _by_server(self, text: str, found: Iterable[Series]) -> dict[str, Series]:
        """Each series by its server's name; of two for one server neither is the whole."""
        series: dict[str, Series] = {}
        for one in found:
            name = one.metric.get(self.label, "")
            if name in series:
                whose = f"{name!r} has" if name else f"without the label {self.label!r} there is"
                raise Misconfigured(
                    f"query {text!r}: {whose} more than one series, expected one; sum by ({self.label})"
                )
            series[name] = one
        return series

    def _single(self, text: str, at: datetime, span: timedelta) -> float | None:
        found = self._ask("/api/v1/query", instant(self._filled(text, (), span), at)).result
        if len(found) > 1:
            raise Misconfigured(f"query {text!r}: {len(found)} series, expected one; sum them")
        return read_number(found[0].value) if found else None

    def _ask(self, path: str, query: Mapping[str, str]) -> Data:
        try:
            answer = self._vendor.ask("GET", path, query=query)
        except Refused as refused:
            raise Refused(f"{refused}; the query was {query['query']!r}") from None
        result = answer.read(Result)
        if missing := [warning for warning in result.warnings if not warning.startswith(_REMARK)]:
            raise Unreachable(f"Prometheus: the answer is not whole: {missing[0]}")
        return result.data
