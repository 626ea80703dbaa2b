"""The record of a release as a page: every row in order, so that the whole release can be read at once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policy.clock import show_times
from policy.own_checks import item_of
from policy.page import as_cell
from policy.record import Event, Row, last

_SAYING = ("sentence", "seen", "version", "digest", "approvers", "image")


def render_record(rows: Sequence[Row], *, zone: str) -> str:
    """Return the record as Markdown: how it ended first, then every row; the date stands where the day begins."""
    sealed = last(rows, Event.SEALED)
    ended = f"{sealed.facts['outcome']}: {sealed.facts['sentence']}" if sealed else "open, not sealed yet"
    return "\n".join(
        (
            "## Record of the release",
            "",
            f"**{ended}**",
            "",
            f"| Row | Time in {zone} | What | Said |",
            "|---|---|---|---|",
            *_render_rows(rows, zone),
            "",
            "Check that no row was altered or is missing: `python -m deployments.verify_record`.",
        )
    )


def _render_rows(rows: Sequence[Row], zone: str) -> Iterator[str]:
    times = show_times((row.at for row in rows), zone)
    return (_render_row(row, at) for row, at in zip(rows, times, strict=True))


def _render_row(row: Row, at: str) -> str:
    item = item_of(row)
    subject = [item.name if item else "", row.subject, row.step]
    what = " ".join(part for part in (f"*{row.event}*", *subject) if part)
    return f"| {row.number or 'spool'} | {at} | {as_cell(what)} | {as_cell(_saying(row.facts))} |"


def _saying(facts: Mapping[str, Any]) -> str:
    verdict = f"{facts['verdict']}: " if "verdict" in facts else ""
    said = next((facts[name] for name in _SAYING if facts.get(name)), "")
    typed = f" (by phone, typed by {facts['typed_by']})" if facts.get("typed_by") else ""
    return verdict + (", ".join(said) if isinstance(said, list) else str(said)) + typed
