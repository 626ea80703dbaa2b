"""A question that waits is asked again: a reminder is no wait of its own, and no sign that anything is wrong."""

from policy.record import Row

_NAME = "reminder"


def name_reminder(asking: int, minutes: int) -> str:
    """Name the reminder of this asking that says so many minutes are left."""
    return f"{_NAME}-{asking}-{minutes}"


def is_reminder(row: Row) -> bool:
    """Whether the row says that people were asked again."""
    return row.step.startswith(f"{_NAME}-")
