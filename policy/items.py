"""What an item of the checklist is, and which way to production asks it how."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an item is for."""

    GATE = "gate"
    ADVICE = "advice"
    ACTION = "action"
    ATTEST = "attest"


class Way(StrEnum):
    """A way to change production."""

    STANDARD = "standard"
    HOTFIX = "hotfix"
    MANUAL = "manual"
    MIGRATION = "migration alone"
    HOMEWARD = "rollback, recovery"


class Asked(StrEnum):
    """How a way asks an item."""

    REQUIRED = "required"
    SHOWN = "asked and shown, never blocks"
    INFORMS = "tells people, never blocks"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the checklist under its stable number."""

    number: str
    title: str
    kind: Kind
    asked: Mapping[Way, Asked]
    passes: str

    @property
    def section(self) -> str:
        """The section of the document the item stands in: `1.4` for 1.4.3."""
        return ".".join(self.number.split(".")[:2])

    @property
    def name(self) -> str:
        """How the item is called in run names, records and messages."""
        return f"{self.number} {self.title}"

    def stops(self, way: Way) -> bool:
        """Whether a failed or unknown verdict stops this way forward."""
        return self.kind is not Kind.ADVICE and self.asked[way] is Asked.REQUIRED


def in_order(number: str) -> tuple[int, ...]:
    """Sort key of an item's number: 1.3.10 comes after 1.3.9."""
    return tuple(int(part) for part in number.split("."))
