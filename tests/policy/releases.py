"""One release as people ask for it, for the rules that tell people about it."""

from datetime import UTC, datetime
from typing import Any

from policy.items import Way
from policy.limits import Limits, Risk
from policy.release import Build, HotfixRequest, Release, Request, Urgency
from policy.risk import Commit

OLD_COMMIT = "a1" * 20
NEW_COMMIT = "b2" * 20
OPENED = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
ZONE = "America/Los_Angeles"


def request(**changes: Any) -> Request:
    """A standard request."""
    asked = {
        "commit": NEW_COMMIT,
        "summary": "Reminders by text message",
        "requested_by": "Ana Souza",
        "way_back_understood": True,
    }
    return Request.model_validate(asked | changes)


def hotfix_request(**changes: Any) -> HotfixRequest:
    """A hotfix that cannot wait."""
    urgent = {"urgency": Urgency.USERS_AFFECTED, "can_wait": "no", "explanation": "nobody can log in since 02:50"}
    return HotfixRequest.model_validate(request().model_dump() | urgent | changes)


def commit(number: int = 0) -> Commit:
    """One commit on its way to production."""
    return Commit(f"{number:040x}", f"Change {number}", "Dev Anand", "danand", "dev@holilabs.xyz", 7)


def release(**changes: Any) -> Release:
    """A low-risk release of two servers."""
    facts = {
        "key": "20261124-180000-1f2e3d4c",
        "environment": "production",
        "way": Way.STANDARD,
        "request": request(),
        "commit": NEW_COMMIT,
        "previous_commit": OLD_COMMIT,
        "commits": (commit(),),
        "files": ("app/reminders.py",),
        "complete": True,
        "migrations": (),
        "risk": Risk.LOW,
        "reasons": ("1 file outside risky paths",),
        "servers": ("web-server-1", "web-server-2"),
        "limits": Limits(),
        "opened_at": OPENED,
    }
    return Release.model_validate(facts | changes)


def build() -> Build:
    """What 2.1.1 made of it."""
    return Build(
        commit=NEW_COMMIT,
        image="registry.holilabs.xyz/holi-web",
        digest="sha256:" + "b2" * 32,
        merged_at=None,
        run_url=None,
    )
