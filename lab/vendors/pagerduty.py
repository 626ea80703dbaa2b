"""A stand-in for PagerDuty's Events API v2.

Follows PagerDuty's API description (repository PagerDuty/api-schema, reference/events-v2) and its pages "Send an
alert event" and "Events API v2 overview" for what is refused and in which words.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from lab.vendors.core import Answer, Call, Operation, RefusalError, Vendor

_ACTIONS = ("trigger", "acknowledge", "resolve")
_SEVERITIES = ("critical", "warning", "error", "info")
KEY_LENGTH = 32
_LONGEST_SUMMARY = 1024
_LONGEST_DEDUP_KEY = 255
_FIELDS = frozenset({"routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"})
_PAYLOAD = frozenset({"summary", "timestamp", "severity", "source", "component", "group", "class", "custom_details"})


def refuse(*errors: str) -> RefusalError:
    """PagerDuty says no, and why."""
    body = {"status": "invalid event", "message": "Event object is invalid", "errors": list(errors)}
    return RefusalError(Answer(400, body))


@dataclass(slots=True)
class Incident:
    """What people see: one for each dedup key, with every event that was sent to it."""

    key: str
    status: str
    summary: str
    severity: str
    source: str
    details: Any
    events: list[str] = field(default_factory=list)


class PagerDuty(Vendor):
    """One service; its integration key is the vendor's token."""

    def __init__(self, routing_key: str) -> None:
        self._incidents: list[Incident] = []
        self._given = 0
        super().__init__(routing_key)

    def reset(self) -> None:
        """No incident, no fault, no memory of calls."""
        self._incidents.clear()
        self.mend()
        self.calls.clear()

    def pages(self) -> list[dict[str, Any]]:
        """Every incident, oldest first."""
        return [asdict(incident) for incident in self._incidents]

    def operations(self) -> tuple[Operation, ...]:
        """The one address of the Events API that a page needs."""
        return (Operation("POST", "/v2/enqueue", self._enqueue, _FIELDS),)

    def check_caller(self, call: Call) -> None:
        """Refuse what is no JSON, and a key that belongs to no integration."""
        if "" in call.body:
            raise refuse("JSON is invalid")
        key = call.body.get("routing_key")
        if not key:
            raise refuse("'routing_key' is missing or blank")
        if len(str(key)) != KEY_LENGTH:
            raise refuse(f"Length of 'routing_key' is incorrect (should be {KEY_LENGTH} characters)")
        if key != self.token:
            raise refuse("Invalid routing key")

    def unknown(self, call: Call) -> Answer:
        """An unknown path."""
        del call
        return Answer(404, {"status": "not found", "message": "Not Found"})

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """PagerDuty itself is silent here; the stand-in is not, so that a slip of the pen is found."""
        del call
        return refuse(*(f"'{name}' is not a known field" for name in names)).answer

    def limited(self, seconds: float) -> Answer:
        """Too many events for this key."""
        body = {"status": "throttle exceeded", "message": "Requests for this service are arriving too quickly."}
        return Answer(429, body, {"Retry-After": f"{seconds:.0f}"} if seconds else {})

    def _enqueue(self, call: Call) -> Answer:
        action, key = call.body.get("event_action"), str(call.body.get("dedup_key") or "")
        if not action:
            raise refuse("'event_action' is missing or blank")
        if action not in _ACTIONS:
            raise refuse(f"'event_action' is invalid (must be one of {', '.join(_ACTIONS)})")
        if len(key) > _LONGEST_DEDUP_KEY:
            raise refuse(f"'dedup_key' is too long (maximum is {_LONGEST_DEDUP_KEY} characters)")
        if action == "trigger":
            payload = _payload(call.body.get("payload"))
            self._given += 1
            key = key or f"{self._given:032x}"
            self._trigger(key, payload)
        elif not key:
            raise refuse("'dedup_key' is missing or blank")
        else:
            self._change(key, action)
        return Answer(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def _open(self, key: str) -> Incident | None:
        return next((one for one in self._incidents if one.key == key and one.status != "resolved"), None)

    def _trigger(self, key: str, payload: Mapping[str, Any]) -> None:
        """A trigger under the key of an open incident joins it; after its end it opens another."""
        incident = self._open(key)
        if incident is None:
            seen = (payload["summary"], payload["severity"], payload["source"], payload.get("custom_details"))
            self._incidents.append(incident := Incident(key, "triggered", *seen))
        incident.events.append(str(payload["summary"]))

    def _change(self, key: str, action: str) -> None:
        """An acknowledgement or an end without an open incident is dropped in silence."""
        if incident := self._open(key):
            incident.status = f"{action.removesuffix('e')}ed"
            incident.events.append(action)


def _payload(payload: Any) -> Mapping[str, Any]:
    if not isinstance(payload, dict):
        raise refuse("'payload' is missing or blank")
    wrong = [
        f"'payload.{name}' is missing or blank" for name in ("summary", "severity", "source") if not payload.get(name)
    ]
    wrong += [f"'payload.{name}' is not a known field" for name in sorted(set(payload) - _PAYLOAD)]
    if len(str(payload.get("summary", ""))) > _LONGEST_SUMMARY:
        wrong.append(f"'summary' is too long (maximum is {_LONGEST_SUMMARY} characters)")
    if payload.get("severity") and payload["severity"] not in _SEVERITIES:
        wrong.append(f"'payload.severity' is invalid (must be one of {', '.join(_SEVERITIES)})")
    if not isinstance(payload.get("custom_details", {}), dict):
        wrong.append("'payload.custom_details' is invalid (must be a hash)")
    if wrong:
        raise refuse(*wrong)
    return payload
