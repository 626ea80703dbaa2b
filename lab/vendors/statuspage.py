"""A stand-in for Statuspage: one page with its incidents and scheduled maintenances.

Follows Statuspage's API description (version 1.0.0) for shapes and limits; it describes no body for 403 and 420.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lab.vendors.core import Answer, Call, Operation, RefusalError, Vendor

_LONGEST_NAME = 255
_LARGEST_PAGE = 100
_STATUSES = frozenset(
    {"investigating", "identified", "monitoring", "resolved", "scheduled", "in_progress", "verifying", "completed"}
)
_KNOWN = frozenset(
    {"name", "status", "impact_override", "scheduled_for", "scheduled_until", "scheduled_remind_prior"}
    | {"scheduled_auto_in_progress", "scheduled_auto_completed", "metadata", "deliver_notifications", "body"}
    | {"component_ids", "components"}
)


def refuse(status: int, message: str) -> RefusalError:
    """Statuspage says no."""
    return RefusalError(Answer(status, {"message": message}))


class Statuspage(Vendor):
    """One page; its incidents are listed newest first."""

    def __init__(self, token: str, *, page: str, components: tuple[str, ...] = ()) -> None:
        self.page, self.components = page, components
        self.incidents: list[dict[str, Any]] = []
        super().__init__(token)

    def reset(self) -> None:
        """A page with nothing on it and no fault."""
        self.incidents.clear()
        self.mend()
        self.calls.clear()

    def operations(self) -> tuple[Operation, ...]:
        """What a release needs of a page."""
        at = "/v1/pages/{page}/incidents"
        wrapped = frozenset({"incident"})
        return (
            Operation("POST", at, self._create, wrapped),
            Operation("GET", at, self._list),
            Operation("GET", f"{at}/{{number}}", self._get),
            Operation("PATCH", f"{at}/{{number}}", self._change, wrapped),
        )

    def check_caller(self, call: Call) -> None:
        """Refuse an unknown key, and a page that is not the key's."""
        if call.headers.get("authorization", "") != f"OAuth {self.token}":
            raise refuse(401, "Could not authenticate")
        if call.parameters["page"] != self.page:
            raise refuse(404, "Not found")
        if "" in call.body:
            raise refuse(400, "The request body is not JSON")

    def unknown(self, call: Call) -> Answer:
        """An unknown path."""
        del call
        return refuse(404, "Not found").answer

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """Statuspage itself may be silent here; the stand-in is not, so that a slip of the pen is found."""
        del call
        return refuse(422, f"unknown: {', '.join(names)}").answer

    def limited(self, seconds: float) -> Answer:
        """More than one call a second: Statuspage says 420 or 429."""
        return Answer(420, {"message": "Rate limit exceeded"}, {"Retry-After": f"{seconds:.0f}"} if seconds else {})

    def _wanted(self, call: Call) -> Mapping[str, Any]:
        wanted = call.body.get("incident")
        if not isinstance(wanted, dict):
            raise refuse(400, "incident is missing")
        if strange := sorted(set(wanted) - _KNOWN):
            raise refuse(422, f"unknown: {', '.join(strange)}")
        if wanted.get("status", "investigating") not in _STATUSES:
            raise refuse(422, "Status is not included in the list")
        if unknown := set(wanted.get("component_ids", [])) - set(self.components):
            raise refuse(422, f"Component {min(unknown)} does not exist")
        return wanted

    def _create(self, call: Call) -> Answer:
        wanted = self._wanted(call)
        if not wanted.get("name"):
            raise refuse(422, "Name can't be blank")
        if len(wanted["name"]) > _LONGEST_NAME:
            raise refuse(422, f"Name is too long (maximum is {_LONGEST_NAME} characters)")
        scheduled = wanted.get("status") == "scheduled"
        if scheduled and not wanted.get("scheduled_until", "") > wanted.get("scheduled_for", "") > "":
            raise refuse(422, "Scheduled until must be after scheduled for")
        number = f"{len(self.incidents) + 1:012x}"
        kept = {name: value for name, value in wanted.items() if name not in ("body", "component_ids", "components")}
        incident = (
            {"status": "investigating", "metadata": {}}
            | kept
            | {
                "id": number,
                "page_id": self.page,
                "impact": "maintenance" if scheduled else "none",
                "shortlink": f"https://stspg.io/{number}",
                "created_at": _now(),
                "updated_at": _now(),
                "incident_updates": [],
            }
        )
        self._say(incident, wanted)
        self.incidents.insert(0, incident)
        return Answer(201, incident)

    def _say(self, incident: dict[str, Any], wanted: Mapping[str, Any]) -> None:
        told = {"id": f"u{len(incident['incident_updates'])}", "incident_id": incident["id"], "created_at": _now()}
        told |= {"status": incident["status"], "body": str(wanted.get("body", ""))}
        incident["incident_updates"].insert(0, told)

    def _list(self, call: Call) -> Answer:
        size, page = min(call.number("limit", _LARGEST_PAGE), _LARGEST_PAGE), max(call.number("page", 1), 1)
        return Answer(body=self.incidents[(page - 1) * size : page * size])

    def _found(self, call: Call) -> dict[str, Any]:
        for incident in self.incidents:
            if incident["id"] == call.parameters["number"]:
                return incident
        raise refuse(404, "Not found")

    def _get(self, call: Call) -> Answer:
        return Answer(body=self._found(call))

    def _change(self, call: Call) -> Answer:
        incident, wanted = self._found(call), self._wanted(call)
        incident |= {name: value for name, value in wanted.items() if name in ("name", "status", "metadata")}
        incident["updated_at"] = _now()
        self._say(incident, wanted)
        return Answer(body=incident)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
