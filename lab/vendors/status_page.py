"""A stand-in for a vendor's public status page, as pages made with Statuspage publish it.

Follows the page "API" that each of them carries (/api, version 2): the summary.
"""

from datetime import UTC, datetime
from typing import Any

from lab.vendors.core import Answer, Call, Operation, Vendor

_WORDS = {
    "none": "All Systems Operational",
    "minor": "Minor Service Outage",
    "major": "Partial System Outage",
    "critical": "Major Service Outage",
}
_WORST_LAST = ("operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage")


class StatusPage(Vendor):
    """One vendor's page; nobody needs a token."""

    def __init__(self) -> None:
        self.indicator = "none"
        self.moved_to: str | None = None
        self.components: dict[str, str] = {"API": "operational", "Webhooks": "operational"}
        self.groups: dict[str, dict[str, str]] = {}
        self.incidents: list[dict[str, Any]] = []
        self.maintenances: list[dict[str, Any]] = []
        super().__init__("")

    def report(self, name: str, *, indicator: str, component: str = "API", status: str = "partial_outage") -> None:
        """Let the vendor tell of an incident."""
        self.indicator = indicator
        self.components[component] = status
        self.incidents.append({"id": f"i{len(self.incidents)}", "name": name, "status": "investigating"})

    def plan(self, name: str, status: str = "scheduled") -> None:
        """Let the vendor tell of a maintenance."""
        self.maintenances.append({"id": f"m{len(self.maintenances)}", "name": name, "status": status})

    def operations(self) -> tuple[Operation, ...]:
        """The summary."""
        return (Operation("GET", "/api/v2/summary.json", self._summary),)

    def check_caller(self, call: Call) -> None:
        """Everybody may ask."""

    def unknown(self, call: Call) -> Answer:
        """An unknown path is a page for people."""
        del call
        return Answer(404, headers={"Content-Type": "text/html"}, raw=b"<html><h1>Not found</h1></html>")

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """Nobody sends anything here."""
        del call, names
        return Answer(400)

    def _summary(self, call: Call) -> Answer:
        if self.moved_to is not None:
            return Answer(301, headers={"Location": self.moved_to, "Content-Type": "text/html"}, raw=b"")
        now = datetime.now(UTC).isoformat()
        page = {"id": "kctbh9vrtdwd", "name": "Vendor", "url": call.base_url, "time_zone": "UTC", "updated_at": now}
        components = [_component(f"c{number}", *one) for number, one in enumerate(self.components.items())]
        for number, (group, members) in enumerate(self.groups.items()):
            ids = [f"g{number}c{member}" for member in range(len(members))]
            worst = max(members.values(), key=_WORST_LAST.index)
            components.append(_component(f"g{number}", group, worst) | {"group": True, "components": ids})
            inside = zip(ids, members.items(), strict=True)
            components += [_component(key, *one) | {"group_id": f"g{number}"} for key, one in inside]
        told = {"indicator": self.indicator, "description": _WORDS[self.indicator]}
        found = {"components": components, "incidents": self.incidents, "scheduled_maintenances": self.maintenances}
        return Answer(body={"page": page, "status": told} | found)


def _component(key: str, name: str, status: str) -> dict[str, Any]:
    return {"id": key, "name": name, "status": status, "group_id": None, "group": False}
