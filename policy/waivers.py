"""Waivers: what failed or is unknown, and a person who may approve this release lets pass, with a reason for each."""

from collections.abc import Sequence
from dataclasses import dataclass

from policy.items import Item, Kind
from policy.judgement import Judgement, Verdict
from policy.record import Event, Row

Entry = tuple[Item, Judgement]


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who let an item pass in spite of what verdict, and why."""

    item: str
    name: str
    reason: str
    verdict: Verdict

    def covers(self, judgement: Judgement) -> bool:
        """A waived failure covers what is merely unknown later; what was waived as unknown covers no failure."""
        return judgement.verdict is self.verdict or judgement.verdict is Verdict.UNKNOWN

    def over(self, judgement: Judgement) -> Judgement:
        """What the item counts as now; the finding stays to be read."""
        sentence = f"waived by {self.name}: {self.reason} ({judgement.verdict}: {judgement.sentence})"
        return Judgement(Verdict.WAIVED, sentence, judgement.link)


def list_waivers(rows: Sequence[Row]) -> dict[str, Waiver]:
    """Return the newest waiver of each item; a waiver never outlives the record of its release."""
    return {
        row.item: Waiver(row.item, str(row.facts["name"]), str(row.facts["reason"]), Verdict(str(row.facts["verdict"])))
        for row in rows
        if row.event is Event.WAIVED
    }


def waive(entries: Sequence[Entry], waivers: dict[str, Waiver]) -> tuple[Entry, ...]:
    """Return the entries as they count: a waived one is waived wherever its waiver covers what was found."""
    return tuple(
        (item, found.over(judgement))
        if not judgement.verdict.lets_pass
        and (found := waivers.get(item.number)) is not None
        and found.covers(judgement)
        else (item, judgement)
        for item, judgement in entries
    )


def can_be_waived(item: Item) -> bool:
    """Evidence can be waived; an action that failed was not done, whoever says so."""
    return item.kind is Kind.GATE
