"""What the Prometheus block asks, held against Prometheus' own description."""

import shutil
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from blocks.prometheus import Prometheus
from lab.settings_file import AUDITED
from tests.contracts.contract import Contract, Drive, Stage
from tests.contracts.exchange import forwarding
from tests.contracts.openapi_check import OpenApiDescription
from tests.lab.measured_server import Measured, measured_server
from tests.lab.measuring import metrics

SERVERS = ("web-server-1",)
SPAN = timedelta(seconds=5)


def _open(folder: Path, stack: ExitStack) -> tuple[Any, Any]:
    target = stack.enter_context(measured_server(Measured(rate=50, failing=5)))
    real = shutil.which("prometheus") is not None
    url = stack.enter_context(metrics(folder, {SERVERS[0]: target}, real=real))
    return forwarding(url), None


def _memory(stage: Stage) -> None:
    now = datetime.now(UTC)
    stage.block.read_memory_series(SERVERS, now - SPAN, now, timedelta(seconds=1))


def _requests(stage: Stage) -> None:
    now = datetime.now(UTC)
    stage.block.read_request_series(SERVERS, now - SPAN, now, timedelta(seconds=1))


def _audited(stage: Stage) -> None:
    stage.block.audited_query = AUDITED
    stage.block.read_audited_requests(datetime.now(UTC), SPAN)


def _broken(stage: Stage) -> None:
    stage.block.traffic_query = "sum(rate(http_requests_total{job=}[$span]))"
    stage.block.traffic_measured_query = "sum("
    stage.block.read_traffic(datetime.now(UTC), SPAN)


VERBS: dict[str, Drive] = {
    "read_samples": lambda stage: stage.block.read_samples(SERVERS, datetime.now(UTC), SPAN),
    "read_usage": lambda stage: stage.block.read_usage(SERVERS),
    "read_starts": lambda stage: stage.block.read_starts(SERVERS),
    "read_audited_requests": _audited,
    "read_traffic": lambda stage: stage.block.read_traffic(datetime.now(UTC), SPAN),
    "read_memory_series": _memory,
    "read_request_series": _requests,
    "check": lambda stage: stage.block.check(),
}
REFUSALS: dict[str, Drive] = {"a query that cannot be read": _broken}
PROMETHEUS = Contract(
    name="Prometheus",
    block=Prometheus,
    description=OpenApiDescription("prometheus.openapi.json", prefix="/api/v1"),
    open=_open,
    make=lambda url: Prometheus(url=url, read_timeout=5, scrape_interval=1),
    verbs=VERBS,
    refusals=REFUSALS,
    not_checked=("The genuine Prometheus answers where it is installed, else the lab's stand-in.",),
)
