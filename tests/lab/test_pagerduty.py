"""The stand-in for PagerDuty's Events API: what it refuses, and in which words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from lab.client import Lab
from lab.vendors.pagerduty import PagerDuty
from tests.serving import served

KEY = "0123456789abcdef0123456789abcdef"
PAYLOAD = {"summary": "it burns", "severity": "critical", "source": "production"}
PAGE = {"routing_key": KEY, "event_action": "trigger", "dedup_key": "release-7", "payload": PAYLOAD}


@dataclass(slots=True)
class World:
    """The stand-in, asked without our own client."""

    vendor: PagerDuty
    client: httpx.Client

    def send(self, **words: Any) -> httpx.Response:
        """Send a good page in which these words differ; None leaves a word out."""
        event = {name: value for name, value in {**PAGE, **words}.items() if value is not None}
        return self.client.post("/v2/enqueue", json=event)


@pytest.fixture
def world() -> Iterator[World]:
    vendor = PagerDuty(KEY)
    with served(vendor.app) as url, httpx.Client(base_url=url) as client:
        yield World(vendor, client)


def test_a_good_event_is_taken_with_202_and_its_key(world: World) -> None:
    answer = world.send()

    assert answer.status_code == 202
    assert answer.json() == {"status": "success", "message": "Event processed", "dedup_key": "release-7"}


def test_a_trigger_without_a_key_is_given_one(world: World) -> None:
    given = world.send(dedup_key=None).json()["dedup_key"]

    assert world.vendor.pages()[0]["key"] == given


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"routing_key": None}, "'routing_key' is missing or blank"),
        ({"routing_key": "short"}, "Length of 'routing_key' is incorrect (should be 32 characters)"),
        ({"routing_key": "f" * 32}, "Invalid routing key"),
        ({"event_action": None}, "'event_action' is missing or blank"),
        ({"event_action": "shout"}, "'event_action' is invalid (must be one of trigger, acknowledge, resolve)"),
        ({"event_action": "resolve", "dedup_key": None}, "'dedup_key' is missing or blank"),
        ({"dedup_key": "k" * 256}, "'dedup_key' is too long (maximum is 255 characters)"),
        ({"payload": None}, "'payload' is missing or blank"),
        ({"payload": {**PAYLOAD, "summary": ""}}, "'payload.summary' is missing or blank"),
        ({"payload": {**PAYLOAD, "summary": "x" * 1025}}, "'summary' is too long (maximum is 1024 characters)"),
        ({"payload": {**PAYLOAD, "source": ""}}, "'payload.source' is missing or blank"),
        ({"payload": {**PAYLOAD, "severity": ""}}, "'payload.severity' is missing or blank"),
        (
            {"payload": {**PAYLOAD, "severity": "Critical"}},
            "'payload.severity' is invalid (must be one of critical, warning, error, info)",
        ),
        ({"payload": {**PAYLOAD, "custom_details": "x"}}, "'payload.custom_details' is invalid (must be a hash)"),
        ({"payload": {**PAYLOAD, "sumary": "x"}}, "'payload.sumary' is not a known field"),
        ({"incident_key": "release-7"}, "'incident_key' is not a known field"),
    ],
)
def test_what_pagerduty_refuses_is_refused(world: World, words: dict[str, Any], error: str) -> None:
    answer = world.send(**words)

    assert answer.status_code == 400
    assert answer.json() == {"status": "invalid event", "message": "Event object is invalid", "errors": [error]}
    assert world.vendor.pages() == []


def test_what_is_no_json_and_what_has_no_address_is_refused(world: World) -> None:
    assert world.client.post("/v2/enqueue", content=b"{").status_code == 400
    assert world.client.post("/enqueue", json=PAGE).status_code == 404


def test_a_second_trigger_joins_the_open_incident_and_after_its_end_opens_another(world: World) -> None:
    world.send()
    world.send()
    world.send(event_action="acknowledge", payload=None)
    assert [page["status"] for page in world.vendor.pages()] == ["acknowledged"]

    world.send(event_action="resolve", payload=None)
    world.send()
    assert [page["status"] for page in world.vendor.pages()] == ["resolved", "triggered"]


def test_an_end_without_an_open_incident_is_dropped_in_silence(world: World) -> None:
    answer = world.send(event_action="resolve", payload=None)

    assert answer.status_code == 202
    assert world.vendor.pages() == []


def test_too_many_events_are_answered_with_429(world: World) -> None:
    world.vendor.break_with("limited", seconds=7)

    answer = world.send()

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert world.vendor.pages() == []


def test_the_lab_pages_with_the_secret_of_its_settings_and_a_reset_forgets_it(lab: Lab) -> None:
    key = lab.home.secret("PAGERDUTY_ROUTING_KEY")
    answer = httpx.post(f"{lab.home.url('pagerduty')}/v2/enqueue", json={**PAGE, "routing_key": key}, timeout=30)
    assert answer.status_code == 202
    assert [page["summary"] for page in lab.pages()] == ["it burns"]

    lab.reset()

    assert lab.pages() == []
