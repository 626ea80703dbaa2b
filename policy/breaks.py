"""One change that what is in use may not survive, under the name by which a person acknowledges it (1.2.3)."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass


class Unreadable(ValueError):
    """A text that cannot be understood, so that nothing can be said about what it breaks."""


@dataclass(frozen=True, slots=True)
class Break:
    """What breaks: the name that is typed to acknowledge it, and where it was seen."""

    name: str
    seen: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.seen})" if self.seen else self.name

    def is_named(self, acknowledged: Iterable[str]) -> bool:
        """Whether one of the acknowledgements is this name, in any case and spacing."""
        return _plain(self.name) in {_plain(name) for name in acknowledged}


@dataclass(frozen=True, slots=True)
class Changed:
    """A file of the change set as it is in production and as it would be; None where it does not exist."""

    path: str
    before: str | None
    after: str | None


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
