"""Which analyses of code scanning looked at a commit, and which of them failed or are missing (1.1.4)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from policy.wording import short


@dataclass(frozen=True, slots=True)
class CodeAnalysis:
    """One analysis; GitHub keeps one for each tool and category, such as a language, of a commit."""

    number: int
    tool: str
    category: str
    commit: str
    error: str
    created_at: datetime

    def __str__(self) -> str:
        return f"{self.tool} {self.category}".strip()


@dataclass(frozen=True, slots=True)
class LookedAt:
    """The commit that was analysed, and what nobody saw of it."""

    commit: str | None
    problem: str | None


def look_over(analyses: Sequence[CodeAnalysis], *, commit: str) -> LookedAt:
    """Return what the newest analysis of each tool and category says of the commit.

    One that looked at earlier commits and not at this one is missing. Where none looked at it, the newest says what
    was looked at instead: the branch may have moved on meanwhile.
    """
    ordered = sorted(analyses, key=lambda one: (one.created_at, one.number))
    ours = {str(one): one for one in ordered if one.commit == commit}
    if not ours:
        return LookedAt(ordered[-1].commit if ordered else None, None)
    failures = [f"{name} failed: {one.error}" for name, one in ours.items() if one.error]
    return LookedAt(commit, "; ".join((*failures, *_list_missing(ordered, ours))) or None)


def _list_missing(ordered: Sequence[CodeAnalysis], ours: Mapping[str, CodeAnalysis]) -> Iterator[str]:
    """Say which analyses were made of earlier commits only; one that came later is none of this commit's."""
    until = max(one.created_at for one in ours.values())
    last = {str(one): one for one in ordered if one.created_at <= until}
    for name, one in last.items():
        if name not in ours:
            yield f"{name} looked last at {short(one.commit)}"
