"""What the Notion and Confluence blocks ask, held against the vendors' descriptions."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from blocks.confluence import Confluence
from blocks.notion import Notion
from lab.vendors.confluence import Confluence as ConfluenceStandIn
from lab.vendors.notion import Notion as NotionStandIn
from policy.incident_report import Part, PartKind
from tests.contracts.contract import Contract, Drive, Stage
from tests.contracts.openapi_check import OpenApiDescription


def _open_notion(_folder: Path, _stack: ExitStack) -> tuple[Any, Any]:
    vendor = NotionStandIn("right", data_source="log")
    return vendor.app, vendor


def _open_confluence(_folder: Path, _stack: ExitStack) -> tuple[Any, Any]:
    vendor = ConfluenceStandIn("right", user="ci@holilabs.xyz", space="42")
    return vendor.app, vendor


def _write(stage: Stage) -> None:
    for _ in range(2):
        stage.block.write_entry("release-7", "Release 7", ["All went well.", "Nobody was woken."])


def _report(stage: Stage) -> None:
    parts = [Part(kind, f"A part that is shown as {kind}") for kind in PartKind]
    for _ in range(2):
        stage.block.write_report("incident-7", "Incident: release 7", parts)
    assert len(stage.vendor.pages) == 1


def _wrong_token(stage: Stage) -> None:
    stage.vendor.token = "another"
    _write(stage)


def _forbidden(stage: Stage) -> None:
    stage.vendor.allowed = False
    _write(stage)


def _limited(stage: Stage) -> None:
    stage.vendor.break_with("limited", seconds=60)
    _write(stage)


def _strange_database(stage: Stage) -> None:
    stage.block.data_source = "another"
    _write(stage)


def _strange_property(stage: Stage) -> None:
    stage.block.key_property = "Number"
    _write(stage)


def _strange_space(stage: Stage) -> None:
    stage.block.space = "43"
    _write(stage)


REFUSALS: dict[str, Drive] = {
    "wrong token": _wrong_token,
    "missing permission": _forbidden,
    "rate limit": _limited,
}
NOTION = Contract(
    name="Notion",
    block=Notion,
    description=OpenApiDescription(
        "notion.openapi.json",
        known={
            r"children\.\d+: .* is not of type 'string'": "children are objects, the description calls them strings",
            r"body\.parent\.data_source_id|request: parent: .*data_source_id": (
                "a data source as parent came with this version of the API; the description lacks it"
            ),
        },
    ),
    open=_open_notion,
    make=lambda url: Notion(url=url, data_source="log", read_timeout=5, patience=2),
    verbs={
        "write_entry": _write,
        "write_report": _report,
        "find_entry": lambda stage: stage.block.find_entry("release-7"),
    },
    refusals=REFUSALS | {"no such database": _strange_database, "no such property": _strange_property},
    secrets={"NOTION_TOKEN": "right"},
    not_checked=("The description calls each answer an object and no more: its fields are not checked.",),
)
CONFLUENCE = Contract(
    name="Confluence",
    block=Confluence,
    description=OpenApiDescription("confluence.openapi.json", prefix="/wiki/api/v2"),
    open=_open_confluence,
    make=lambda url: Confluence(url=f"{url}/wiki", user="ci@holilabs.xyz", space="42", read_timeout=5, patience=2),
    verbs={"write_entry": _write, "find_entry": lambda stage: stage.block.find_entry("release-7", "Release 7")},
    refusals=REFUSALS | {"no such space": _strange_space},
    secrets={"CONFLUENCE_TOKEN": "right"},
)
