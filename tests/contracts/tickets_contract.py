"""What the Jira and Linear blocks ask, held against the vendors' descriptions."""

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from blocks.jira import Jira
from blocks.linear import Linear
from lab.vendors.jira import Jira as JiraStandIn
from lab.vendors.linear import Linear as LinearStandIn
from tests.contracts.contract import Contract, Drive, Stage
from tests.contracts.openapi_check import OpenApiDescription
from tests.contracts.sdl_check import SdlDescription


def _open_jira(_folder: Path, _stack: ExitStack) -> tuple[Any, Any]:
    vendor = JiraStandIn("right", user="ci@holilabs.xyz")
    vendor.open("HOLI-1", "Show the rota")
    vendor.open("HOLI-2", "Later", status="To Do")
    return vendor.app, vendor


def _open_linear(_folder: Path, _stack: ExitStack) -> tuple[Any, Any]:
    vendor = LinearStandIn("right")
    vendor.open("HOLI-1", "Show the rota")
    return vendor.app, vendor


def _link(stage: Stage) -> None:
    for _ in range(2):
        stage.block.link_release("HOLI-1", "release-7", url="https://example.org/runs/7", title="Release 7")


def _count_support(stage: Stage) -> None:
    stage.block.count_support(timedelta(hours=2), timedelta(hours=1))


def _unreadable(stage: Stage) -> None:
    stage.block.model_copy(update={"support": "assignee WAS NOT"}).count_support(timedelta(hours=2))


def _wrong_token(stage: Stage) -> None:
    stage.vendor.token = "another"
    stage.block.read_ticket("HOLI-1")


def _forbidden(stage: Stage) -> None:
    stage.vendor.allowed = False
    stage.block.close_ticket("HOLI-1")


def _limited(stage: Stage) -> None:
    stage.vendor.break_with("limited", seconds=60)
    stage.block.read_ticket("HOLI-1")


VERBS: dict[str, Drive] = {
    "read_ticket": lambda stage: stage.block.read_ticket("HOLI-1"),
    "close_ticket": lambda stage: stage.block.close_ticket("HOLI-1"),
    "link_release": _link,
}
REFUSALS: dict[str, Drive] = {
    "wrong token": _wrong_token,
    "missing permission": _forbidden,
    "no such ticket": lambda stage: stage.block.read_ticket("HOLI-9"),
    "rate limit": _limited,
}
JIRA = Contract(
    name="Jira",
    block=Jira,
    description=OpenApiDescription("jira.openapi.json"),
    open=_open_jira,
    make=lambda url: Jira(url=url, user="ci@holilabs.xyz", support="project = SUP", read_timeout=5, patience=2),
    verbs=VERBS | {"count_support": _count_support},
    refusals=REFUSALS
    | {"JQL that cannot be read": _unreadable}
    | {"no way to done": lambda stage: stage.block.close_ticket("HOLI-2")},
    secrets={"JIRA_TOKEN": "right"},
)
LINEAR = Contract(
    name="Linear",
    block=Linear,
    description=SdlDescription("linear.graphql"),
    open=_open_linear,
    make=lambda url: Linear(url=url, read_timeout=5, patience=2),
    verbs=VERBS,
    refusals=REFUSALS,
    secrets={"LINEAR_TOKEN": "right"},
)
