"""What the Sentry block asks, held against Sentry's description."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from blocks.sentry import Sentry
from lab.vendors.sentry import Sentry as StandIn
from tests.contracts.contract import Contract, Drive, Stage
from tests.contracts.openapi_check import OpenApiDescription

BEGAN = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def _open(_folder: Path, _stack: ExitStack) -> tuple[Any, Any]:
    vendor = StandIn("right", organization="holilabs", project="web")
    for number in range(105):
        vendor.report(f"error {number}", BEGAN, release="b2")
    return vendor.app, vendor


def _issues(stage: Stage) -> None:
    stage.block.list_new_issues(BEGAN, "production", "b2")


def _create(stage: Stage) -> None:
    for _ in range(2):
        stage.block.create_release("b2", [("b2", "Show the rota")], url="https://example.org/runs/1")


def _deploy(stage: Stage) -> None:
    stage.block.record_deploy("b2", "production", "release-7", since=BEGAN, until=BEGAN + timedelta(minutes=1))


def _create_and_deploy(stage: Stage) -> None:
    _create(stage)
    _deploy(stage)


def _strange_project(stage: Stage) -> None:
    stage.block.project = "another"
    _create(stage)


def _wrong_token(stage: Stage) -> None:
    stage.vendor.token = "another"
    _issues(stage)


def _forbidden(stage: Stage) -> None:
    stage.vendor.allowed = False
    _issues(stage)


def _limited(stage: Stage) -> None:
    stage.vendor.break_with("limited", seconds=60)
    _issues(stage)


VERBS: dict[str, Drive] = {
    "list_new_issues": _issues,
    "create_release": _create,
    "record_deploy": _create_and_deploy,
}
REFUSALS: dict[str, Drive] = {
    "wrong token": _wrong_token,
    "missing scope": _forbidden,
    "no such project": _strange_project,
    "no such release": _deploy,
    "rate limit": _limited,
}
KNOWN = {
    "'(?:filtered|lifetime|stats|derivedData|sessionCount|inbox|owners|integrationIssues|sentryAppIssues)' is a req": (
        "the description requires what is given only where it is asked for by `expand`"
    ),
    "'(?:latestEventHasAttachments|matchingEventId|matchingEventEnvironment|seer[A-Za-z]+)' is a req": (
        "the description requires what is given only where it is asked for by `expand`"
    ),
}
SENTRY = Contract(
    name="Sentry",
    block=Sentry,
    description=OpenApiDescription("sentry.openapi.json", known=KNOWN),
    open=_open,
    make=lambda url: Sentry(url=url, organization="holilabs", project="web", read_timeout=5, patience=2),
    verbs=VERBS,
    refusals=REFUSALS,
    secrets={"SENTRY_TOKEN": "right"},
)
