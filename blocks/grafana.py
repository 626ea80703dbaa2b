"""Grafana: marks on the graphs when servers change, and whether the alert rules watch at all.

Follows Grafana's API description for annotations and alert rules. Whether a rule could be evaluated is not in it: that
comes from the address that Grafana's own pages use, which answers as Prometheus' list of rules does. A rule that is
paused, or that lets errors or missing data count as OK or change nothing, is green without having looked, and says so
here. A title is unique only within its folder; a rule that records a metric fires never and is no alert.
"""

from collections.abc import Iterator, Sequence
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
    folder: str
    group: str
    state: str
    health: str
    last_error: str
    evaluated_at: datetime | None
    blind: tuple[str, ...]


class _Evaluated(BaseModel):
    name: str
    uid: str = ""
    folder_uid: str = Field(default="", alias="folderUid")
    type: str = "alerting"
    state: str = ""
    health: str
    last_error: str = Field(default="", alias="lastError")
    evaluated_at: datetime | None = Field(default=None, alias="lastEvaluation")


class _Group(BaseModel):
    name: str
    file: str = ""
    rules: list[_Evaluated]


class _Groups(BaseModel):
    groups: list[_Group]


class _Rules(BaseModel):
    status: str
    data: _Groups


class _Recorded(BaseModel):
    metric: str = ""


class _Defined(BaseModel):
    uid: str = ""
    title: str
    folder: str = Field(alias="folderUID")
    group: str = Field(alias="ruleGroup")
    on_error: str = Field(default="", alias="execErrState")
    on_no_data: str = Field(default="", alias="noDataState")
    paused: bool = Field(default=False, alias="isPaused")
    record: _Recorded | None = None

    def may_be(self, group: _Group, rule: _Evaluated) -> bool:
        """Whether it is that rule; an older Grafana tells neither its number nor that of its folder."""
        if self.uid and rule.uid:
            return self.uid == rule.uid
        return (self.group, self.title) == (group.name, rule.name) and rule.folder_uid in ("", self.folder)

    def blind(self) -> tuple[str, ...]:
        """Return how the rule is green without looking."""
        ways = {
            "it is paused": self.paused,
            "an error counts as OK": self.on_error == "OK",
            "an error changes nothing": self.on_error == "KeepLast",
            "missing data count as OK": self.on_no_data == "OK",
            "missing data change nothing": self.on_no_data == "KeepLast",
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
        defined = [rule for rule in provisioned.read(list[_Defined]) if rule.record is None]
        return tuple(_list_rules(found.data.groups, defined))

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


def _list_rules(groups: Sequence[_Group], defined: Sequence[_Defined]) -> Iterator[AlertRule]:
    """Give every rule that was evaluated with how any that it may be is blind, then those that are left over."""
    left = list(defined)
    evaluated = [(group, rule) for group in groups for rule in group.rules if rule.type != "recording"]
    for place, rule in evaluated:
        same = [one for one in defined if one.may_be(place, rule)]
        if (first := next((one for one in same if one in left), None)) is not None:
            left.remove(first)
        blind = tuple(dict.fromkeys(way for one in same for way in one.blind()))
        yield AlertRule(
            title=rule.name,
            folder=place.file,
            group=place.name,
            state=rule.state,
            health=rule.health,
            last_error=rule.last_error,
            evaluated_at=rule.evaluated_at,
            blind=blind,
        )
    for one in left:
        yield AlertRule(one.title, one.folder, one.group, "", NEVER, "", evaluated_at=None, blind=one.blind())


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
