"""What must be true of the world after a crash, whoever finished what the dead process began."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from policy.duties import Duty
from policy.items import Way
from policy.record import Event, Row
from tests.stories.duties import list_scheduled_duties
from tests.stories.production import Production
from tests.stories.stage import Stage

CHANNELS = ("C0DEPLOYMENTS", "C0ALERTS", "C0ENGINEERING", "U0TOMAS", "U0CARLA", "U0DORA", "U0OMAR")
ENDINGS = {"signed off", "rolled back", "stopped"}


def faults_of(stage: Stage | Production, *, before: str, after: str) -> tuple[str, ...]:
    """Say everything that is not well; nothing means that production ended on one known version."""
    return tuple(_faults(stage, before, after))


def _faults(stage: Stage | Production, before: str, after: str) -> Iterator[str]:
    lab, outcome = stage.lab, stage.outcome()
    expected = after if outcome == "signed off" else before
    if outcome not in ENDINGS:
        yield f"the record says {outcome}"
    if set((serving := lab.versions_serving()).values()) != {expected}:
        yield f"{outcome}, but {serving}, expected {expected[:7]}"
    if not all((rotation := lab.in_rotation()).values()):
        yield f"rotation: {rotation}"
    if not stage.hold_is_free():
        yield "the hold is not free"
    if not stage.records_verify():
        yield "the record does not verify"
    if changed := _changed_unasked(stage.rows()):
        yield f"changed before anybody approved: {changed}"
    if twice := _said_twice(stage):
        yield f"said more than once: {twice}"
    if (reports := len(lab.issues())) != (outcome == "rolled back"):
        yield f"{reports} incident reports of a release that ended {outcome}"
    if (duties := _scheduled_duties(stage.rows())) != (expected_duties := _owed_duties(stage.rows(), outcome)):
        yield f"duties of the next day: {duties}, expected {expected_duties}"
    if open_pages := [page for page in lab.pages() if page["status"] == "triggered"]:
        yield f"incidents left open: {len(open_pages)}"
    if waiting := lab.scheduled_messages():
        yield f"messages left scheduled: {len(waiting)}"
    if lost := lab.traffic().lost:
        yield f"{lost} requests lost: {lab.traffic().losses}"


def _changed_unasked(rows: Sequence[Row]) -> list[str]:
    """Servers after the first that were drained or updated while no approval was on record."""
    approved, changed = False, []
    for row in rows:
        approved = approved or row.event is Event.APPROVED
        if row.item == "2.1.5" and row.event is Event.INTENDED and not approved:
            changed.append(f"{row.subject} {row.step}")
    return changed


def _scheduled_duties(rows: Sequence[Row]) -> list[str]:
    return list_scheduled_duties(_release(rows)["key"]) if rows else []


def _owed_duties(rows: Sequence[Row], outcome: str) -> list[str]:
    """A hotfix that is live has each of its duties scheduled once (5.2.6); nothing else has any."""
    owes = outcome == "signed off" and _release(rows)["way"] == Way.HOTFIX
    return sorted(map(str, Duty)) if owes else []


def _release(rows: Sequence[Row]) -> dict[str, Any]:
    """What was opened, or taken over where the first process died before it could write so."""
    return dict(next(row for row in rows if row.event in (Event.OPENED, Event.TOOK_OVER)).facts["release"])


def _said_twice(stage: Stage | Production) -> list[str]:
    """The keys of messages that stand more than once in one place."""
    twice = []
    for channel in CHANNELS:
        keys = [
            message["metadata"]["event_payload"]["key"]
            for message in stage.lab.slack_messages(channel)
            if message.get("metadata")
        ]
        twice += [key for key, count in Counter(keys).items() if count > 1]
    return twice
