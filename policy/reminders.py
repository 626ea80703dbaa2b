"""A question that waits is asked again: a reminder is no wait of its own, and no sign that anything is wrong."""

from collections.abc import Iterable

from policy.record import Event, Row

_NAME = "reminder"
# What people are paged to decide, and where.
_DECIDED = frozenset({"2.1.4", "4.1.1", "4.3.2", "8.1"})
_PAGED = frozenset({"PagerDuty", "Slack"})


def name_reminder(asking: int, minutes: int) -> str:
    """Name the reminder of this asking that says so many minutes are left."""
    return f"{_NAME}-{asking}-{minutes}"


def is_reminder(row: Row) -> bool:
    """Whether the row says that people were asked again."""
    return row.step.startswith(f"{_NAME}-")


def count_pages(rows: Iterable[Row]) -> int:
    """Count how often this release itself paged whoever is on call, wherever each page was taken."""
    confirmed = (row for row in rows if row.event is Event.CONFIRMED)
    return len({row.step for row in confirmed if row.item in _DECIDED and row.subject in _PAGED})
