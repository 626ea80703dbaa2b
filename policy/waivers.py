"""Waivers: what failed or is unknown, and a person who may approve this release lets pass, with a reason for each."""

from collections.abc import Sequence
from dataclasses import dataclass

from policy.items import Item, Kind
from policy.judgement import Judgement, Verdict
from policy.record import Event, Row
from policy.worsening import is_no_worse

Entry = tuple[Item, Judgement]


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who let an item pass in spite of what verdict, and why."""

    item: str
    name: str
    reason: str
    verdict: Verdict
    found: str

    def covers(self, judgement: Judgement) -> bool:
        """A waived failure covers the same finding while it is no worse, and what is merely unknown later.

        Not knowing covers no failure.
        """
        same = judgement.verdict is self.verdict and is_no_worse(self.found, judgement.sentence)
        return same or judgement.verdict is Verdict.UNKNOWN

    def over(self, judgement: Judgement) -> Judgement:
        """What the item counts as now; the finding stays to be read."""
        sentence = f"waived by {self.name}: {self.reason} ({judgement.verdict}: {judgement.sentence})"
        return Judgement(Verdict.WAIVED, sentence, judgement.link)


def list_waivers(rows: Sequence[Row]) -> dict[str, Waiver]:
    """Return the newest waiver of each item; a waiver never outlives the record of its release."""
    return {
        row.item: Waiver(
            item=row.item,
            name=str(row.facts["name"]),
            reason=str(row.facts["reason"]),
            verdict=Verdict(str(row.facts["verdict"])),
            found=str(row.facts["sentence"]),
        )
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


def say_worsened(left: Sequence[Entry], waivers: dict[str, Waiver]) -> str:
    """Say what stops again though it was waived, and what was found then; nothing where all of it is new."""
    again = [f"{item.name} (then: {waivers[item.number].found})" for item, _ in left if item.number in waivers]
    return f"This worsened after it was waived, or is another finding: {'; '.join(again)}" if again else ""


def can_be_waived(item: Item) -> bool:
    """Evidence can be waived; an action that failed was not done, whoever says so."""
    return item.kind is Kind.GATE
