"""How the doctor tries one thing: what a system says no to is red, what it does not answer is unknown."""

from collections.abc import Callable

from blocks.errors import BlockError, Unreachable
from policy.diagnosis import Finding
from policy.judgement import Judgement, failed, unknown


def attempt(part: str, tried: str, ask: Callable[[], Judgement], next_step: str) -> Finding:
    """Return how it went; nothing that a block raises ends the rest of the examination."""
    try:
        judgement = ask()
    except Unreachable as error:
        judgement = unknown(str(error))
    except BlockError as error:
        judgement = failed(str(error))
    return Finding(part, tried, judgement, next_step)
