"""What the checks after the last server mean: go on, go back, or ask people (2.1, 3.1, 3.2, 4.1)."""

from collections.abc import Mapping
from enum import StrEnum

from policy.judgement import Judgement, Verdict

ILL_AT_ONCE = frozenset({"2.1.6", "3.1.1", "3.1.2", "3.1.3", "5.2.5"})


class Meaning(StrEnum):
    """What the verdicts of a phase call for."""

    GO_ON = "go on"
    GO_BACK = "go back"
    ASK = "ask people"


def conclude(judgements: Mapping[str, Judgement]) -> Meaning:
    """Go back where health, version or a key feature was measured to be broken; ask about all else that stops.

    An error rate of 1 % or more, missing audit rows or a full disk hold the sign-off, but do not roll back by
    themselves; what is unknown never does.
    """
    if any(judgement.verdict is Verdict.FAILED and number in ILL_AT_ONCE for number, judgement in judgements.items()):
        return Meaning.GO_BACK
    return Meaning.ASK if judgements else Meaning.GO_ON
