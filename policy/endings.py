"""How a release ended, in one sentence for whoever reads it first: what it came to, what is live, and why."""

from policy.metrics import Ending
from policy.record import Row
from policy.release import Release
from policy.wording import as_clause, short


def ending_of(sealed: Row) -> Ending:
    """Return what the last row of a record says that its release came to."""
    return Ending(sealed.facts["outcome"])


def say_ending(release: Release, sealed: Row) -> str:
    """Say what it came to with the sentence of its record; one that went home says what runs now."""
    outcome, why = ending_of(sealed), as_clause(str(sealed.facts["sentence"]))
    if outcome is Ending.ROLLED_BACK:
        return f"{outcome.value}: every server that it touched runs {short(release.previous_commit)} again: {why}"
    return f"{outcome.value}: {why}"
