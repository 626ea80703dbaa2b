"""What the Statuspage block asks, held against Statuspage's description."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from blocks.statuspage import Statuspage
from lab.vendors.statuspage import Statuspage as StandIn
from tests.contracts.contract import Contract, Drive, Stage
from tests.contracts.openapi_check import OpenApiDescription

STARTS = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _open(_folder: Path, _stack: ExitStack) -> tuple[Any, Any]:
    vendor = StandIn("right", page="kctbh9vrtdwd", components=("web",))
    return vendor.app, vendor


def _schedule(stage: Stage) -> Any:
    return stage.block.schedule_maintenance("release-7", "Release 7", "Short", starts=STARTS, ends=STARTS + HOUR)


def _unknown_component(stage: Stage) -> None:
    stage.block.components = ["unheard-of"]
    _schedule(stage)


def _unknown_page(stage: Stage) -> None:
    stage.block.page = "another"
    stage.block.find_maintenance("release-7")


def _wrong_token(stage: Stage) -> None:
    stage.vendor.token = "another"
    stage.block.find_maintenance("release-7")


def _limited(stage: Stage) -> None:
    stage.vendor.break_with("limited", seconds=60)
    stage.block.find_maintenance("release-7")


VERBS: dict[str, Drive] = {
    "schedule_maintenance": _schedule,
    "find_maintenance": lambda stage: stage.block.find_maintenance(_schedule(stage) and "release-7"),
    "complete_maintenance": lambda stage: stage.block.complete_maintenance(_schedule(stage), "Done"),
}
REFUSALS: dict[str, Drive] = {
    "wrong token": _wrong_token,
    "no such page": _unknown_page,
    "no such component": _unknown_component,
    "rate limit": _limited,
}
STATUSPAGE = Contract(
    name="Statuspage",
    block=Statuspage,
    description=OpenApiDescription("statuspage.openapi.json", prefix="/v1"),
    open=_open,
    make=lambda url: Statuspage(url=f"{url}/v1", page="kctbh9vrtdwd", components=["web"], read_timeout=5, patience=2),
    verbs=VERBS,
    refusals=REFUSALS,
    secrets={"STATUSPAGE_TOKEN": "right"},
)
