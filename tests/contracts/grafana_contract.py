"""What the Grafana block asks, held against Grafana's description, and Prometheus' for the list of rules."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from blocks.grafana import Grafana
from lab.vendors.grafana import Grafana as StandIn
from tests.contracts.contract import Contract, Drive, Stage
from tests.contracts.exchange import Exchange
from tests.contracts.openapi_check import Finding, OpenApiDescription

BEGAN = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
RULES = "/api/prometheus/grafana/api/v1"


@dataclass(frozen=True)
class GrafanaDescription:
    """Grafana's own description; the address of evaluated rules, which it lacks, is held against Prometheus'."""

    file: str = "grafana.openapi.json"

    def check(self, exchange: Exchange) -> Finding:
        """The exchange held against the description that has its address."""
        if exchange.path.startswith(RULES) and exchange.status >= 400:
            asked = f"GET {exchange.path}: {exchange.status}"
            return Finding(asked, (), (f"`{asked}`: refusals at this address are not described",))
        if exchange.path.startswith(RULES):
            known = {"health": "Prometheus has other words for health than Grafana (`error`, `nodata`)"}
            return OpenApiDescription("prometheus.openapi.json", prefix=RULES, known=known).check(exchange)
        return OpenApiDescription(self.file, prefix="/api").check(exchange)


def _open(_folder: Path, _stack: ExitStack) -> tuple[Any, Any]:
    vendor = StandIn("right")
    vendor.add_rule("High error rate", health="nodata")
    vendor.add_rule("Disk full")
    return vendor.app, vendor


def _annotate(stage: Stage, text: str = "web-server-1 is updated") -> None:
    end = BEGAN + timedelta(minutes=1)
    for _ in range(2):
        stage.block.annotate("release-7/web-server-1", text, tags=["web-server-1"], start=BEGAN, end=end)


def _wrong_token(stage: Stage) -> None:
    stage.vendor.token = "another"
    _annotate(stage)


def _forbidden(stage: Stage) -> None:
    stage.vendor.allowed = False
    stage.block.list_alert_rules()


VERBS: dict[str, Drive] = {
    "list_alert_rules": lambda stage: stage.block.list_alert_rules(),
    "annotate": _annotate,
    "find_annotation": lambda stage: stage.block.find_annotation("release-7/web-server-1"),
}
REFUSALS: dict[str, Drive] = {
    "wrong token": _wrong_token,
    "missing permission": _forbidden,
    "no text": lambda stage: _annotate(stage, ""),
}
GRAFANA = Contract(
    name="Grafana",
    block=Grafana,
    description=GrafanaDescription(),
    open=_open,
    make=lambda url: Grafana(url=url, read_timeout=5, patience=2),
    verbs=VERBS,
    refusals=REFUSALS,
    secrets={"GRAFANA_TOKEN": "right"},
    not_checked=("Evaluated rules come from an address that is not described; Prometheus' description was used.",),
)
