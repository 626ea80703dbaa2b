"""The shapes of PagerDuty's REST answers as far as they are read, and the facts that are made of them."""

from datetime import datetime

from pydantic import BaseModel, Field

from policy.conflicts import Maintenance
from policy.incidents import Incident
from policy.on_call import OnCall


class ReferenceAnswer(BaseModel):
    """Something by its number and its name."""

    id: str
    summary: str | None = None
    name: str | None = None
    email: str | None = None


class OnCallAnswer(BaseModel):
    """Somebody on call."""

    user: ReferenceAnswer
    escalation_policy: ReferenceAnswer
    escalation_level: int
    start: datetime | None = None
    end: datetime | None = None


class IncidentAnswer(BaseModel):
    """An incident."""

    incident_number: int
    title: str
    status: str
    created_at: datetime
    html_url: str
    incident_key: str | None = None


class WindowAnswer(BaseModel):
    """A maintenance window."""

    description: str | None = None
    services: list[ReferenceAnswer]
    start_time: datetime
    end_time: datetime


class PagedAnswer(BaseModel):
    """A page of a list."""

    more: bool


class OnCalls(PagedAnswer):
    """A page of who is on call."""

    rows: list[OnCallAnswer] = Field(alias="oncalls")


class Incidents(PagedAnswer):
    """A page of incidents."""

    rows: list[IncidentAnswer] = Field(alias="incidents")


class Windows(PagedAnswer):
    """A page of maintenance windows."""

    rows: list[WindowAnswer] = Field(alias="maintenance_windows")


def on_call(answer: OnCallAnswer) -> OnCall:
    """The fact behind an on-call's answer."""
    user = answer.user
    name, email = user.name or user.summary or "?", user.email or ""
    return OnCall(name, email, answer.escalation_policy.id, answer.escalation_level, answer.start, answer.end)


def incident(answer: IncidentAnswer) -> Incident:
    """The fact behind an incident's answer."""
    return Incident(
        answer.incident_number,
        answer.title,
        answer.status,
        answer.created_at,
        answer.html_url,
        answer.incident_key or "",
    )


def maintenance(answer: WindowAnswer) -> Maintenance:
    """The fact behind a maintenance window's answer."""
    services = tuple(service.id for service in answer.services)
    return Maintenance(answer.description or "(no description)", answer.start_time, answer.end_time, services)
