"""What the PagerDuty block sends, held against the description of PagerDuty's Events API."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from blocks.pagerduty import PagerDuty
from lab.vendors.pagerduty import PagerDuty as StandIn
from tests.contracts.contract import Contract, Drive, Stage
from tests.contracts.openapi_check import OpenApiDescription

KEY = "0123456789abcdef0123456789abcdef"


def _open(_folder: Path, _stack: ExitStack) -> tuple[Any, Any]:
    vendor = StandIn(KEY)
    return vendor.app, vendor


def _trigger(stage: Stage, key: str = "release-7") -> None:
    stage.block.trigger("needs hands", source="production", severity="critical", key=key, details={"page": "all"})


def _resolve(stage: Stage) -> None:
    _trigger(stage)
    stage.block.resolve("release-7")


def _limited(stage: Stage) -> None:
    stage.vendor.break_with("limited", seconds=60)
    _trigger(stage)


def _wrong_key(stage: Stage) -> None:
    stage.vendor.token = "f" * 32
    _trigger(stage)


VERBS: dict[str, Drive] = {"trigger": _trigger, "resolve": _resolve}
REFUSALS: dict[str, Drive] = {
    "wrong key": _wrong_key,
    "rate limit": _limited,
    "dedup key too long": lambda stage: _trigger(stage, "k" * 300),
}
PAGERDUTY_EVENTS = Contract(
    name="PagerDuty Events",
    block=PagerDuty,
    description=OpenApiDescription("pagerduty-events.openapi.json", prefix="/v2"),
    open=_open,
    make=lambda url: PagerDuty(url=url, read_timeout=5, patience=1),
    verbs=VERBS,
    refusals=REFUSALS,
    secrets={"PAGERDUTY_ROUTING_KEY": KEY},
)
