"""What a record says of its release and of its build, in the form of the version that wrote it."""

from collections.abc import Sequence

from pydantic import ValidationError

from policy.record import Event, Row, Unreadable, last
from policy.release import Build, Release
from policy.typed import name_field


def release_of(rows: Sequence[Row]) -> Release | None:
    """Return the release that these rows are of; None where no row says so.

    Raises Unreadable where its form is not one of this version.
    """
    opening = _opening_of(rows)
    if opening is None:
        return None
    try:
        return Release.model_validate(opening.facts["release"])
    except ValidationError as error:
        raise _written_by_another(error) from error


def environment_of(rows: Sequence[Row]) -> str:
    """Return the environment of the release that these rows are of, in whatever form; empty without one."""
    opening = _opening_of(rows)
    return str(opening.facts["release"]["environment"]) if opening else ""


def undone_by(rows: Sequence[Row]) -> str:
    """Return the key of the release that the release of these rows undoes; empty where it undoes none."""
    opening = _opening_of(rows)
    return str(opening.facts["release"].get("undoes") or "") if opening else ""


def build_of(rows: Sequence[Row]) -> Build | None:
    """Return what 2.1.1, or 2.3.1, built for the release of these rows; None before that.

    Raises Unreadable where its form is not one of this version.
    """
    built = last(rows, Event.BUILT)
    try:
        return Build.model_validate(built.facts) if built else None
    except ValidationError as error:
        raise _written_by_another(error) from error


def _written_by_another(error: ValidationError) -> Unreadable:
    field = name_field(error.errors()[0]["loc"])
    return Unreadable(f"it was written by another version: {field} is not as this one has it")


def _opening_of(rows: Sequence[Row]) -> Row | None:
    """A record whose first process died before it could write begins with the one that took over."""
    return next((row for row in rows if row.event in (Event.OPENED, Event.TOOK_OVER)), None)
