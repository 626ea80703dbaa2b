"""What the Slack block asks, held against Slack's last description (2021)."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from blocks.slack import Slack
from lab.vendors.slack import Slack as StandIn
from tests.contracts.contract import Contract, Drive, Stage
from tests.contracts.openapi_check import OpenApiDescription

TOKEN = "xoxb-right"
CHANNEL = "C0DEPLOYMENTS"
PERSON = "U0TOMAS"
MINUTE = timedelta(minutes=1)


def _open(_folder: Path, _stack: ExitStack) -> tuple[Any, Any]:
    vendor = StandIn(TOKEN, channels={CHANNEL: "deployments"}, people={"tomas@holilabs.xyz": PERSON})
    return vendor.app, vendor


def _post(stage: Stage) -> Any:
    return stage.block.post(CHANNEL, "Release 7 begins", "release-7/begins")


def _thread(stage: Stage) -> None:
    stage.block.post(CHANNEL, "Release 7 is done", "release-7/done", thread=_post(stage))


def _schedule(stage: Stage) -> Any:
    return stage.block.schedule_message(CHANNEL, "Servers differ", datetime.now(UTC) + timedelta(minutes=10))


def _list_scheduled(stage: Stage) -> None:
    _schedule(stage)
    assert stage.block.list_scheduled_messages(CHANNEL)


def _put_out(stage: Stage) -> None:
    stage.vendor.put_out(CHANNEL)
    _post(stage)


def _limited(stage: Stage) -> None:
    stage.vendor.break_with("limited", seconds=60)
    _post(stage)


def _wrong_token(stage: Stage) -> None:
    stage.vendor.token = "another"
    _post(stage)


def _replies(stage: Stage) -> None:
    stage.vendor.agreeing = frozenset({PERSON})
    asked = stage.block.direct_message(PERSON, "Are you ready?", "ready")
    stage.vendor.say(PERSON, PERSON, "a moment")
    stage.vendor.say(PERSON, PERSON, "yes", thread_ts=asked.stamp)
    told = stage.block.read_replies(PERSON, "ready")
    assert told.reactions
    assert len(told.answers) == 2


def _alerts(stage: Stage) -> None:
    stage.vendor.say(CHANNEL, PERSON, "[FIRING] disk")
    assert stage.block.list_alerts(CHANNEL, datetime.now(UTC) - timedelta(minutes=1))


VERBS: dict[str, Drive] = {
    "post": _thread,
    "direct_message": lambda stage: stage.block.direct_message(PERSON, "Your approval is asked", "gate"),
    "find": lambda stage: stage.block.find(CHANNEL, _post(stage) and "release-7/begins"),
    "find_said": lambda stage: stage.block.find_said(CHANNEL, _post(stage) and "Release 7"),
    "find_direct": lambda stage: stage.block.find_direct(PERSON, "gate"),
    "read_replies": _replies,
    "list_alerts": _alerts,
    "update": lambda stage: stage.block.update(_post(stage), "Release 7 was rolled back"),
    "schedule_message": _schedule,
    "list_scheduled_messages": _list_scheduled,
    "delete_scheduled_message": lambda stage: stage.block.delete_scheduled_message(_schedule(stage)),
    "find_user": lambda stage: stage.block.find_user("tomas@holilabs.xyz"),
    "read_permalink": lambda stage: stage.block.read_permalink(_post(stage)),
    "check": lambda stage: stage.block.check(),
    "read_scopes": lambda stage: stage.block.read_scopes(),
    "check_person": lambda stage: stage.block.check_person(PERSON),
}
REFUSALS: dict[str, Drive] = {
    "wrong token": _wrong_token,
    "not in the channel": _put_out,
    "rate limit": _limited,
    "no such channel": lambda stage: stage.block.post("C0NOWHERE", "x", "key"),
    "no such person": lambda stage: stage.block.find_user("nobody@holilabs.xyz"),
    "a time that has passed": lambda stage: stage.block.schedule_message(CHANNEL, "x", datetime.now(UTC) - MINUTE),
}
KNOWN = {
    "the path is not described": "this method is not in the description; docs.slack.dev has it",
    "is not valid under any of the given schemas": "the answer has changed since 2021; docs.slack.dev shows today's",
    "message: 'user' is a required|message: 'team' is a required": "docs.slack.dev shows the answer without it",
    "include_all_metadata": "`include_all_metadata` came later; docs.slack.dev has it",
    r"body\.metadata": "`metadata` came later; docs.slack.dev has it",
    "post_at: .* is not of type 'string'": "`post_at` is an integer on docs.slack.dev",
}
SLACK = Contract(
    name="Slack",
    block=Slack,
    description=OpenApiDescription("slack.openapi.json", prefix="/api", either_method=True, known=KNOWN),
    open=_open,
    make=lambda url: Slack(url=f"{url}/api/", deployments=CHANNEL, alerts=CHANNEL, timeout=5, patience=2, attempts=1),
    verbs=VERBS,
    refusals=REFUSALS,
    secrets={"SLACK_TOKEN": TOKEN},
    not_checked=(
        "The description is Slack's last, of 2021: requests were held against it, answers where it still fits.",
    ),
)
