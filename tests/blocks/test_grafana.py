"""The Grafana block against the stand-in, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from blocks.errors import Refused
from blocks.grafana import Grafana
from lab.vendors.grafana import Grafana as StandIn
from tests.blocks.vendor_cases import ScopedVendorCases
from tests.serving import served

BEGAN = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


@dataclass(slots=True)
class World:
    """The block under test and the Grafana behind it."""

    block: Grafana
    vendor: StandIn

    def ask(self) -> object:
        """Ask for the rules."""
        return self.block.list_alert_rules()

    def mark(self, key: str = "release-7/web-server-1/begins", text: str = "web-server-1 is updated") -> int:
        """Mark a moment on the graphs."""
        return self.block.annotate(key, text, tags=["web-server-1"], start=BEGAN, end=BEGAN + timedelta(minutes=1))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("GRAFANA_TOKEN", "right")
    vendor = StandIn("right")
    with served(vendor.app) as url:
        block = Grafana(url=url, read_timeout=2, patience=3)
        yield World(block, vendor)
        block.close()


@pytest.mark.parametrize(
    ("health", "error"),
    [
        pytest.param("error", "dial tcp: connection refused", id="E12-error"),
        pytest.param("nodata", "", id="E12-no-data"),
        pytest.param("ok", "", id="E12-evaluated"),
    ],
)
def test_a_rule_that_is_normal_says_whether_it_could_be_evaluated(world: World, health: str, error: str) -> None:
    world.vendor.add_rule("High error rate", state="inactive", health=health, error=error)

    [rule] = world.block.list_alert_rules()

    assert (rule.title, rule.state, rule.health, rule.last_error) == ("High error rate", "inactive", health, error)
    assert rule.evaluated_at is not None


def test_a_rule_is_evaluated_all_the_time_unless_it_stopped(world: World) -> None:
    world.vendor.add_rule("High error rate")
    world.vendor.add_rule("CPU", evaluated_at=BEGAN)

    (before, stopped), (after, still) = world.block.list_alert_rules(), world.block.list_alert_rules()

    assert before.evaluated_at is not None
    assert after.evaluated_at is not None
    assert after.evaluated_at > before.evaluated_at
    assert stopped.evaluated_at == still.evaluated_at == BEGAN


@pytest.mark.parametrize(
    ("setting", "blind"),
    [
        pytest.param({"on_error": "OK"}, ("an error counts as OK",), id="E12-green-on-error"),
        pytest.param({"on_no_data": "OK"}, ("missing data count as OK",), id="E12-green-on-no-data"),
        pytest.param({"paused": True}, ("it is paused",), id="E12-paused"),
        pytest.param({"on_error": "KeepLast"}, ("an error changes nothing",), id="E12-keeps-on-error"),
        pytest.param({"on_no_data": "KeepLast"}, ("missing data change nothing",), id="E12-keeps-on-no-data"),
        pytest.param({}, (), id="E12-watching"),
    ],
)
def test_a_rule_that_is_green_without_looking_says_how(
    world: World, setting: dict[str, Any], blind: tuple[str, ...]
) -> None:
    world.vendor.add_rule("High error rate", **setting)

    assert [rule.blind for rule in world.block.list_alert_rules()] == [blind]


def test_a_rule_that_is_defined_and_was_never_evaluated_is_listed_as_such(world: World) -> None:
    world.vendor.add_rule("High error rate", paused=True)
    world.vendor.rules[0]["evaluated"] = None

    [rule] = world.block.list_alert_rules()

    assert (rule.title, rule.health, rule.blind) == ("High error rate", "never evaluated", ("it is paused",))


def test_a_firing_rule_is_told_from_a_quiet_one(world: World) -> None:
    world.vendor.add_rule("High error rate", state="firing")
    world.vendor.add_rule("Disk full")

    assert [(rule.title, rule.state) for rule in world.block.list_alert_rules()] == [
        ("High error rate", "firing"),
        ("Disk full", "inactive"),
    ]


@pytest.mark.parametrize(
    "tells_numbers", [pytest.param(True, id="E12-numbered"), pytest.param(False, id="E12-older-Grafana")]
)
def test_a_firing_rule_is_not_hidden_by_its_namesake_in_another_folder(world: World, *, tells_numbers: bool) -> None:
    world.vendor.tells_numbers = tells_numbers
    world.vendor.add_rule("High error rate", folder="production", state="firing")
    world.vendor.add_rule("High error rate", folder="staging")

    assert [(rule.title, rule.folder, rule.state) for rule in world.block.list_alert_rules()] == [
        ("High error rate", "production", "firing"),
        ("High error rate", "staging", "inactive"),
    ]


def test_each_namesake_is_blind_in_its_own_way(world: World) -> None:
    world.vendor.add_rule("High error rate", folder="production", on_no_data="OK")
    world.vendor.add_rule("High error rate", folder="staging")

    assert [rule.blind for rule in world.block.list_alert_rules()] == [("missing data count as OK",), ()]


def test_an_older_grafana_that_cannot_tell_which_namesake_is_blind_shows_both_so(world: World) -> None:
    world.vendor.tells_numbers = False
    world.vendor.add_rule("High error rate", folder="production", on_no_data="OK")
    world.vendor.add_rule("High error rate", folder="staging")

    assert [rule.blind for rule in world.block.list_alert_rules()] == [("missing data count as OK",)] * 2


def test_a_namesake_that_was_never_evaluated_is_not_taken_for_the_other(world: World) -> None:
    world.vendor.tells_numbers = False
    world.vendor.add_rule("High error rate", folder="production")
    world.vendor.add_rule("High error rate", folder="staging")
    world.vendor.rules[0]["evaluated"] = None

    assert [rule.health for rule in world.block.list_alert_rules()] == ["ok", "never evaluated"]


def test_a_rule_that_records_a_metric_is_no_alert(world: World) -> None:
    world.vendor.add_recording("job:errors:rate5m")
    world.vendor.add_rule("High error rate")

    assert [rule.title for rule in world.block.list_alert_rules()] == ["High error rate"]


@pytest.mark.parametrize("fault", [pytest.param("lost", id="E3-annotation"), pytest.param("slow", id="twice")])
def test_a_moment_is_marked_once_for_a_key(world: World, fault: str) -> None:
    world.vendor.break_with(fault, method="POST", times=1, seconds=0.1)

    first, again, other = world.mark(), world.mark(), world.mark("release-7/web-server-2/begins")

    assert again == first
    assert other != first
    assert [one["timeEnd"] - one["time"] for one in world.vendor.annotations] == [60_000, 60_000]


def test_a_mark_without_text_is_refused_in_grafanas_words(world: World) -> None:
    with pytest.raises(Refused, match="400 Failed to save annotation: text field should not be empty"):
        world.mark(text="")


class TestFailures(ScopedVendorCases):
    kind = Grafana
    slug = "countersign-grafana"
    secret = "GRAFANA_TOKEN"
    scope = "the permission alert.rules:read"
