"""What another way to production left out, compared with the standard way (5.2.4, 2.3)."""

from collections.abc import Sequence

from policy.checklist import ITEMS
from policy.items import Item, Way, in_order
from policy.judgement import Verdict
from policy.record import Event, Row
from policy.wording import listed

# Going back is asked of nobody who goes forward.
_HOMEWARD = "4."
_DATABASE = "6."


def say_skipped(rows: Sequence[Row], *, migrates: bool) -> str:
    """Name what the standard way requires and this release did not carry out, or let pass without it."""
    judged = {row.item: Verdict(row.facts["verdict"]) for row in rows if row.event is Event.JUDGED and not row.step}
    done = {row.item for row in rows if row.event in (Event.CONFIRMED, Event.APPROVED, Event.BUILT)} | set(judged)
    required = [item for item in ITEMS.values() if _is_required(item, migrates=migrates)]
    left_out = [item.number for item in required if item.number not in done]
    let_pass = [
        f"{number} {judged[number]}"
        for number in sorted(judged, key=in_order)
        if number in {item.number for item in required} and not _stands(judged[number])
    ]
    parts = []
    if left_out:
        parts.append(f"not carried out: {listed(left_out, most=len(left_out))}")
    if let_pass:
        parts.append(f"gone on without: {listed(let_pass, most=len(let_pass))}")
    return "; ".join(parts) or "nothing was left out"


def _stands(verdict: Verdict) -> bool:
    return verdict.lets_pass and verdict is not Verdict.WAIVED


def _is_required(item: Item, *, migrates: bool) -> bool:
    if item.number.startswith(_HOMEWARD) or (item.number.startswith(_DATABASE) and not migrates):
        return False
    return item.stops(Way.STANDARD)
