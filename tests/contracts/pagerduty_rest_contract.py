"""What the PagerDuty REST block asks, held against PagerDuty's description."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from blocks.pagerduty_rest import PagerDutyRest
from lab.vendors.pagerduty_rest import PagerDutyRest as StandIn
from tests.contracts.contract import Contract, Drive, Stage
from tests.contracts.openapi_check import OpenApiDescription

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def _open(_folder: Path, _stack: ExitStack) -> tuple[Any, Any]:
    vendor = StandIn("right")
    vendor.put_on_call("P1", "Omar Reyes", "omar@holilabs.xyz", until=NOW + HOUR)
    vendor.put_on_call("P1", "Carla Ortiz", "carla@holilabs.xyz", level=2)
    for number in range(105):
        vendor.open_incident(f"incident {number}")
    vendor.open_window("Database upgrade")
    return vendor.app, vendor


def _ask(stage: Stage) -> None:
    stage.block.list_open_incidents(["PWEB"])


def _wrong_token(stage: Stage) -> None:
    stage.vendor.token = "another"
    _ask(stage)


def _forbidden(stage: Stage) -> None:
    stage.vendor.allowed = False
    _ask(stage)


def _limited(stage: Stage) -> None:
    stage.vendor.break_with("limited", seconds=60)
    _ask(stage)


VERBS: dict[str, Drive] = {
    "list_on_call": lambda stage: stage.block.list_on_call("P1", NOW, NOW + HOUR),
    "list_open_incidents": _ask,
    "list_incidents": lambda stage: stage.block.list_incidents(["PWEB"], NOW - HOUR, NOW + HOUR),
    "list_maintenance_windows": lambda stage: stage.block.list_maintenance_windows(["PWEB"]),
}
REFUSALS: dict[str, Drive] = {
    "wrong token": _wrong_token,
    "missing permission": _forbidden,
    "rate limit": _limited,
    "no such policy": lambda stage: stage.block.list_on_call("P9", NOW, NOW + HOUR),
}
KNOWN = {
    r"user\.type: 'user' is not one of": "a user asked for by `include[]` is no reference",
    r"oncalls\.\d+\.(?:schedule|start|end): None": "whoever is always on call has none",
}
PAGERDUTY_REST = Contract(
    name="PagerDuty REST",
    block=PagerDutyRest,
    description=OpenApiDescription("pagerduty.openapi.json", known=KNOWN),
    open=_open,
    make=lambda url: PagerDutyRest(url=url, read_timeout=5, patience=2),
    verbs=VERBS,
    refusals=REFUSALS,
    secrets={"PAGERDUTY_TOKEN": "right"},
)
