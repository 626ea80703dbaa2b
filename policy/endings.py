"""How a release ended, in one sentence for whoever reads it first: what it came to, what is live, and why."""

from policy.metrics import Ending
from policy.release import Release
from policy.wording import as_clause, short


def say_ending(release: Release, outcome: Ending, sentence: str) -> str:
    """Say what it came to with the sentence of its record; one that went home says what runs now."""
    if outcome is Ending.ROLLED_BACK:
        home = f"every server that it touched runs {short(release.previous_commit)} again"
        return f"{outcome.value}: {home}: {as_clause(sentence)}"
    return f"{outcome.value}: {as_clause(sentence)}"
