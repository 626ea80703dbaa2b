"""A stand-in for Grafana: annotations, and alert rules with what came of their evaluation.

Follows Grafana's API description (0.0.1) for annotations and provisioned rules, and Prometheus' description for the
list of evaluated rules, which Grafana answers in that shape; there a folder is named by its title. Newer ones add
the numbers of rule and folder, and know the state KeepLast and rules that record a metric.
"""

from datetime import UTC, datetime
from typing import Any

from lab.vendors.core import Answer, Call, Operation, RefusalError, Vendor

_FIELDS = frozenset({"dashboardUID", "panelId", "data", "tags", "text", "time", "timeEnd"})
_RULES = "/api/prometheus/grafana/api/v1/rules"
_HEALTH = ("ok", "error", "nodata")
_ON_ERROR, _ON_NO_DATA = ("OK", "Alerting", "Error", "KeepLast"), ("Alerting", "NoData", "OK", "KeepLast")


def refuse(status: int, message: str) -> RefusalError:
    """Grafana says no."""
    return RefusalError(Answer(status, {"message": message}))


class Grafana(Vendor):
    """One organization."""

    def __init__(self, token: str) -> None:
        self.annotations: list[dict[str, Any]] = []
        self.rules: list[dict[str, Any]] = []
        self.tells_numbers = True
        super().__init__(token)

    def add_rule(
        self,
        title: str,
        *,
        folder: str = "ops",
        state: str = "inactive",
        health: str = "ok",
        error: str = "",
        on_error: str = "Error",
        on_no_data: str = "NoData",
        paused: bool = False,
        evaluated_at: datetime | None = None,
    ) -> None:
        """Let there be an alert rule that is evaluated all the time, or was for the last time at `evaluated_at`."""
        if health not in _HEALTH:
            raise ValueError(f"health {health!r}: expected one of {', '.join(_HEALTH)}")
        if on_error not in _ON_ERROR or on_no_data not in _ON_NO_DATA:
            raise ValueError(f"on_error {on_error!r}, on_no_data {on_no_data!r}: Grafana has no such state")
        uid, folder_uid = f"rule-{len(self.rules)}", f"folder-{folder}"
        evaluated: dict[str, Any] = {"name": title, "state": state, "health": health, "lastError": error}
        evaluated |= {"type": "alerting"} | {
            "query": "up",
            "duration": 60,
            "keepFiringFor": 0,
            "labels": {},
            "annotations": {},
            "alerts": [],
        }
        evaluated["evaluationTime"] = 0.01
        if evaluated_at is not None:
            evaluated["lastEvaluation"] = evaluated_at.isoformat()
        defined: dict[str, Any] = {"title": title, "ruleGroup": "release", "folderUID": folder_uid, "orgID": 1}
        defined |= {
            "condition": "A",
            "data": [],
            "for": "1m",
            "execErrState": on_error,
            "noDataState": on_no_data,
            "isPaused": paused,
        }
        numbers = {"uid": uid, "folderUid": folder_uid}
        self.rules.append(
            {"folder": folder, "evaluated": evaluated, "numbers": numbers, "defined": defined | {"uid": uid}}
        )

    def add_recording(self, metric: str, *, folder: str = "ops") -> None:
        """Let there be a rule that records a metric: it is in no state."""
        self.add_rule(metric, folder=folder)
        evaluated, defined = self.rules[-1]["evaluated"], self.rules[-1]["defined"]
        evaluated["type"] = "recording"
        for name in ("state", "duration", "keepFiringFor", "annotations", "alerts"):
            del evaluated[name]
        defined["record"] = {"metric": metric, "from": "A"}

    def operations(self) -> tuple[Operation, ...]:
        """What a release needs."""
        return (
            Operation("GET", "/api/annotations", self._list_annotations),
            Operation("POST", "/api/annotations", self._annotate, _FIELDS),
            Operation("GET", "/api/v1/provisioning/alert-rules", self._list_defined),
            Operation("GET", _RULES, self._list_evaluated),
        )

    def check_caller(self, call: Call) -> None:
        """Refuse an unknown token, and one without the permission."""
        if call.headers.get("authorization") != f"Bearer {self.token}":
            raise refuse(401, "Invalid API key")
        if not self.allowed:
            raise refuse(403, "You'll need additional permissions to perform this action.")

    def unknown(self, call: Call) -> Answer:
        """An unknown path."""
        del call
        return refuse(404, "Not found").answer

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """Grafana itself may be silent here; the stand-in is not, so that a slip of the pen is found."""
        del call
        return refuse(400, f"bad request data: {', '.join(names)}").answer

    def limited(self, seconds: float) -> Answer:
        """Too many calls: what a proxy before Grafana says, since Grafana itself describes no limit."""
        return Answer(429, {"message": "Too many requests"}, {"Retry-After": f"{seconds:.0f}"})

    def _list_annotations(self, call: Call) -> Answer:
        wanted = set(call.lists.get("tags", ()))
        found = [one for one in self.annotations if wanted <= set(one["tags"])]
        return Answer(body=found[: call.number("limit", 100)])

    def _annotate(self, call: Call) -> Answer:
        if not call.body.get("text"):
            raise refuse(400, "Failed to save annotation: text field should not be empty")
        number, start = len(self.annotations) + 1, int(call.body.get("time") or 0)
        given = {"text": call.body["text"], "tags": call.body.get("tags", []), "time": start}
        self.annotations.append(given | {"id": number, "timeEnd": int(call.body.get("timeEnd") or start)})
        return Answer(body={"id": number, "message": "Annotation added"})

    def _list_defined(self, call: Call) -> Answer:
        del call
        return Answer(body=[rule["defined"] for rule in self.rules])

    def _list_evaluated(self, call: Call) -> Answer:
        del call
        now = datetime.now(UTC).isoformat()
        rules = [rule for rule in self.rules if rule["evaluated"]]
        groups = [
            {"name": "release", "file": folder, "interval": 60, "limit": 0, "evaluationTime": 0.01}
            | {
                "lastEvaluation": now,
                "rules": [self._evaluated(rule, now) for rule in rules if rule["folder"] == folder],
            }
            for folder in dict.fromkeys(rule["folder"] for rule in rules)
        ]
        return Answer(body={"status": "success", "data": {"groups": groups}})

    def _evaluated(self, rule: dict[str, Any], now: str) -> dict[str, Any]:
        return {"lastEvaluation": now, **rule["evaluated"], **(rule["numbers"] if self.tells_numbers else {})}
