"""A stand-in for PagerDuty's REST API: who is on call, incidents and maintenance windows.

Follows PagerDuty's API description (repository PagerDuty/api-schema, reference/REST) for shapes, and its pages
"Pagination", "Errors" and "REST API rate limits".
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.vendors.core import Answer, Call, Operation, RefusalError, Vendor

_PAGE, _LARGEST_PAGE, _FURTHEST = 25, 100, 10_000
_MONTH = timedelta(days=30)
_LIMIT = 960


def refuse(status: int, code: int, message: str, *errors: str) -> RefusalError:
    """PagerDuty says no."""
    return RefusalError(Answer(status, {"error": {"code": code, "message": message, "errors": list(errors)}}))


class PagerDutyRest(Vendor):
    """One account, read through one key."""

    def __init__(self, token: str) -> None:
        self.on_calls: list[dict[str, Any]] = []
        self.incidents: list[dict[str, Any]] = []
        self.windows: list[dict[str, Any]] = []
        super().__init__(token)

    def reset(self) -> None:
        """Nobody on call, nothing open, no fault."""
        for rows in (self.on_calls, self.incidents, self.windows):
            rows.clear()
        self.mend()
        self.calls.clear()
        self.allowed = True

    def put_on_call(self, policy: str, name: str, email: str, *, level: int = 1, until: datetime | None = None) -> None:
        """Let somebody be on call, for ever or in the eight hours before `until`."""
        self.on_calls.append(
            {
                "escalation_policy": _reference(policy, "escalation_policy_reference", policy),
                "user": _reference(f"P{name[:6].upper()}", "user", name) | {"name": name, "email": email},
                "schedule": None,
                "escalation_level": level,
                "start": None if until is None else _spoken(until - timedelta(hours=8)),
                "end": None if until is None else _spoken(until),
            }
        )

    def open_incident(
        self,
        title: str,
        *,
        service: str = "PWEB",
        status: str = "triggered",
        began: datetime | None = None,
        key: str | None = None,
    ) -> None:
        """Let an incident begin."""
        number = len(self.incidents) + 1
        self.incidents.append(
            _reference(f"Q{number}", "incident", title)
            | {
                "incident_number": number,
                "incident_key": key or f"{number:032}",
                "title": title,
                "status": status,
                "urgency": "high",
                "service": _reference(service, "service_reference", service),
                "created_at": _spoken(began or datetime.now(UTC)),
            }
        )

    def open_window(self, description: str, *, service: str = "PWEB", until: datetime | None = None) -> None:
        """Let a maintenance window be open, or be over when `until` has passed."""
        end = until or datetime.now(UTC) + timedelta(hours=1)
        self.windows.append(
            _reference(f"W{len(self.windows) + 1}", "maintenance_window", description)
            | {
                "description": description,
                "start_time": _spoken(end - timedelta(hours=2)),
                "end_time": _spoken(end),
                "services": [_reference(service, "service_reference", service)],
            }
        )

    def operations(self) -> tuple[Operation, ...]:
        """What a release asks."""
        return (
            Operation("GET", "/oncalls", self._list_on_calls),
            Operation("GET", "/incidents", self._list_incidents),
            Operation("GET", "/maintenance_windows", self._list_windows),
        )

    def check_caller(self, call: Call) -> None:
        """Refuse an unknown key, one without access, and a request that does not say its type."""
        if call.headers.get("authorization") != f"Token token={self.token}":
            raise refuse(401, 2006, "Unauthorized")
        if not self.allowed:
            raise refuse(403, 2010, "Access Denied")
        if call.headers.get("content-type") != "application/json":
            raise refuse(400, 2001, "Invalid Input Provided", "Content-Type must be application/json")

    def unknown(self, call: Call) -> Answer:
        """An unknown path."""
        del call
        return refuse(404, 2100, "Not Found").answer

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """No operation here takes a body."""
        del call
        return refuse(400, 2001, "Invalid Input Provided", *(f"{name} is unknown" for name in names)).answer

    def limited(self, seconds: float) -> Answer:
        """More than 960 calls a minute."""
        headers = {"ratelimit-limit": f"{_LIMIT}", "ratelimit-remaining": "0", "ratelimit-reset": f"{seconds:.0f}"}
        return Answer(429, {"error": {"code": 2020, "message": "Rate Limit Exceeded", "errors": []}}, headers)

    def _list_on_calls(self, call: Call) -> Answer:
        wanted = call.lists.get("escalation_policy_ids[]", ())
        rows = [row for row in self.on_calls if not wanted or row["escalation_policy"]["id"] in wanted]
        now = _spoken(datetime.now(UTC))
        since, until = call.query.get("since", now), call.query.get("until", now)
        rows = [row for row in rows if (row["start"] or "") <= until and since < (row["end"] or "9")]
        if "users" not in call.lists.get("include[]", ()):
            rows = [row | {"user": _bare(row["user"])} for row in rows]
        return _page(call, "oncalls", rows)

    def _list_incidents(self, call: Call) -> Answer:
        services, statuses = call.lists.get("service_ids[]", ()), call.lists.get("statuses[]", ())
        rows = [
            row
            for row in self.incidents
            if (not services or row["service"]["id"] in services) and (not statuses or row["status"] in statuses)
        ]
        if call.query.get("date_range") != "all":
            until = datetime.fromisoformat(call.query.get("until", _spoken(datetime.now(UTC))))
            since = datetime.fromisoformat(call.query.get("since", _spoken(until - _MONTH)))
            rows = [row for row in rows if since <= datetime.fromisoformat(row["created_at"]) <= until]
        return _page(call, "incidents", rows)

    def _list_windows(self, call: Call) -> Answer:
        services, now = call.lists.get("service_ids[]", ()), _spoken(datetime.now(UTC))
        rows = [row for row in self.windows if not services or any(one["id"] in services for one in row["services"])]
        if call.query.get("filter") in ("ongoing", "open"):
            rows = [row for row in rows if now < row["end_time"]]
        if call.query.get("filter") == "ongoing":
            rows = [row for row in rows if row["start_time"] <= now]
        return _page(call, "maintenance_windows", rows)


def _page(call: Call, name: str, rows: list[dict[str, Any]]) -> Answer:
    size, offset = min(call.number("limit", _PAGE), _LARGEST_PAGE), call.number("offset", 0)
    if size + offset > _FURTHEST:
        raise refuse(400, 2001, "Invalid Input Provided", f"Offset plus limit must be at most {_FURTHEST}")
    more = offset + size < len(rows)
    return Answer(
        body={name: rows[offset : offset + size], "limit": size, "offset": offset, "more": more, "total": None}
    )


def _reference(number: str, kind: str, summary: str) -> dict[str, Any]:
    page = f"https://holilabs.pagerduty.com/{kind.removesuffix('_reference')}s/{number}"
    return {"id": number, "type": kind, "summary": summary, "self": page, "html_url": page}


def _bare(user: Mapping[str, Any]) -> dict[str, Any]:
    return {name: user[name] for name in ("id", "summary", "self", "html_url")} | {"type": "user_reference"}


def _spoken(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
