"""What the Snyk block asks, held against Snyk's description."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

from blocks.snyk import Snyk
from lab.vendors.snyk import Snyk as StandIn
from tests.contracts.contract import Contract, Drive, Stage
from tests.contracts.openapi_check import OpenApiDescription

ORGANIZATION = str(UUID(int=7))


def _open(_folder: Path, _stack: ExitStack) -> tuple[Any, Any]:
    vendor = StandIn("right", organization=ORGANIZATION)
    for number in range(105):
        vendor.find(f"weakness {number}")
    return vendor.app, vendor


def _ask(stage: Stage) -> None:
    stage.block.project = str(UUID(int=1))
    assert len(stage.block.list_open_issues(("high", "critical"))) == 105


def _wrong_token(stage: Stage) -> None:
    stage.vendor.token = "another"
    _ask(stage)


def _forbidden(stage: Stage) -> None:
    stage.vendor.allowed = False
    _ask(stage)


def _strange_organization(stage: Stage) -> None:
    stage.block.organization = str(UUID(int=8))
    _ask(stage)


def _limited(stage: Stage) -> None:
    stage.vendor.break_with("limited", seconds=60)
    _ask(stage)


REFUSALS: dict[str, Drive] = {
    "wrong token": _wrong_token,
    "missing permission": _forbidden,
    "no such organization": _strange_organization,
    "rate limit": _limited,
}
SNYK = Contract(
    name="Snyk",
    block=Snyk,
    description=OpenApiDescription("snyk.openapi.json", prefix="/rest"),
    open=_open,
    make=lambda url: Snyk(url=f"{url}/rest", organization=ORGANIZATION, read_timeout=5, patience=2),
    verbs={"list_open_issues": _ask},
    refusals=REFUSALS,
    secrets={"SNYK_TOKEN": "right"},
)
