"""Grafana: marks on the graphs when servers change, and whether the alert rules watch at all.

Follows Grafana's API description for annotations and alert rules. Whether a rule could be evaluated is not in it: that
comes from the address that Grafana's own pages use, which answers as Prometheus' list of rules does. A rule that is
paused, or that calls errors or missing data "OK", is green without having looked, and says so here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, Field, HttpUrl

from blocks.errors import Unreachable
from blocks.vendor import Query
from blocks.vendor_block import VendorBlock

NEVER = "never evaluated"
_RULES = "/api/prometheus/grafana/api/v1/rules"
_READ_RULES = "the permission alert.rules:read"
_READ_PROVISIONED = "the permission alert.provisioning:read"
_WRITE, _READ = "the permission annotations:create", "the permission annotations:read"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A rule as it was last evaluated; `blind` says how it would be green without looking."""

    title: str
    group: str
    state: str
    health: str
    last_error: str
    evaluated_at: datetime | None
    blind: tuple[str, ...]


class _Evaluated(BaseModel):
    name: str
    state: str = ""
    health: str
    last_error: str = Field(default="", alias="lastError")
    evaluated_at: datetime | None = Field(default=None, alias="lastEvaluation")


class _Group(BaseModel):
    name: str
    rules: list[_Evaluated]


class _Groups(BaseModel):
    groups: list[_Group]


class _Rules(BaseModel):
    status: str
    data: _Groups


class _Defined(BaseModel):
    title: str
    group: str = Field(alias="ruleGroup")
    on_error: str = Field(alias="execErrState")
    on_no_data: str = Field(alias="noDataState")
    paused: bool = Field(default=False, alias="isPaused")

    def blind(self) -> tuple[str, ...]:
        """Return how the rule is green without looking."""
        ways = {
            "it is paused": self.paused,
            "an error counts as OK": self.on_error == "OK",
            "missing data count as OK": self.on_no_data == "OK",
        }
        return tuple(way for way, holds in ways.items() if holds)


class _Annotation(BaseModel):
    id: int


class Grafana(VendorBlock):
    """One organization of a Grafana."""

    _block_type_name = "Countersign Grafana"
    _block_type_slug = "countersign-grafana"
    _description = "Annotations and the health of alert rules."
    _documentation_url = HttpUrl("https://grafana.com/docs/grafana/latest/developers/http_api/")
    _code_example = """
    ```python
    from blocks.grafana import Grafana

    grafana = Grafana.load("BLOCK_NAME")
    grafana.list_alert_rules()
    ```"""
    called: ClassVar[str] = "Grafana"

    url: str = Field(description="Address of Grafana, without /api.")
    token: str = Field(
        default="GRAFANA_TOKEN", description="Name of the secret that holds the service account's token."
    )

    def list_alert_rules(self) -> tuple[AlertRule, ...]:
        """Every alert rule, with what came of its last evaluation; one that was never evaluated is listed too."""
        found = self._vendor.ask("GET", _RULES, scope=_READ_RULES).read(_Rules)
        if found.status != "success":
            raise Unreachable(f"Grafana: the list of rules has the status {found.status}, expected success")
        provisioned = self._vendor.ask("GET", "/api/v1/provisioning/alert-rules", scope=_READ_PROVISIONED)
        blind = {(rule.group, rule.title): rule.blind() for rule in provisioned.read(list[_Defined])}
        evaluated = {(group.name, rule.name): rule for group in found.data.groups for rule in group.rules}
        never = _Evaluated(name="", health=NEVER)
        return tuple(
            _alert_rule(place, evaluated.get(place, never), blind.get(place, ()))
            for place in dict.fromkeys([*evaluated, *blind])
        )

    def annotate(
        self, key: str, text: str, *, tags: Sequence[str], start: datetime, end: datetime | None = None
    ) -> int:
        """The graphs show one mark with this key, however often this is called; its number is returned."""
        if (seen := self.find_annotation(key)) is not None:
            return seen
        body = {"text": text, "tags": ["countersign", key, *tags], "time": _milliseconds(start)}
        if end:
            body["timeEnd"] = _milliseconds(end)
        try:
            return self._vendor.ask("POST", "/api/annotations", body=body, scope=_WRITE).read(_Annotation).id
        except Unreachable:
            # The answer may be lost and the mark made: only looking can tell.
            if (seen := self.find_annotation(key)) is not None:
                return seen
            raise

    def find_annotation(self, key: str) -> int | None:
        """The number of our mark with this key, or None where there is none."""
        query: Query = {"tags": ["countersign", key], "type": "annotation", "limit": 1}
        found = self._vendor.ask("GET", "/api/annotations", query=query, scope=_READ).read(list[_Annotation])
        return found[0].id if found else None


def _alert_rule(place: tuple[str, str], rule: _Evaluated, blind: tuple[str, ...]) -> AlertRule:
    group, title = place
    return AlertRule(title, group, rule.state, rule.health, rule.last_error, rule.evaluated_at, blind)


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
