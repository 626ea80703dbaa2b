"""What the Doppler block asks, held against Doppler's description."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from blocks.doppler import Doppler
from lab.vendors.doppler import Doppler as StandIn
from tests.contracts.contract import Contract, Drive, Stage
from tests.contracts.openapi_check import OpenApiDescription


def _open(_folder: Path, _stack: ExitStack) -> tuple[Any, Any]:
    vendor = StandIn("right", project="holi", config="prd", secrets={"FEATURE_ROTA": "true", "DATABASE_URL": "x"})
    return vendor.app, vendor


def _wrong_token(stage: Stage) -> None:
    stage.vendor.token = "another"
    stage.block.list_names()


def _strange_config(stage: Stage) -> None:
    stage.block.config = "another"
    stage.block.list_names()


VERBS: dict[str, Drive] = {
    "list_names": lambda stage: stage.block.list_names(),
    "read_flags": lambda stage: stage.block.read_flags(["FEATURE_ROTA"]),
}
REFUSALS: dict[str, Drive] = {"wrong token": _wrong_token, "no such config": _strange_config}
DOPPLER = Contract(
    name="Doppler",
    block=Doppler,
    description=OpenApiDescription("doppler.openapi.json"),
    open=_open,
    make=lambda url: Doppler(url=url, project="holi", config="prd", read_timeout=5, patience=2),
    verbs=VERBS,
    refusals=REFUSALS,
    secrets={"DOPPLER_TOKEN": "right"},
    not_checked=("Refusals and limits have no source: the stand-in answers them with a status and no body.",),
)
