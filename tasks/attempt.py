"""How the doctor tries one thing: what a system says no to is red, what it does not answer is unknown."""

from collections.abc import Callable
from dataclasses import replace

from blocks.errors import BlockError, Unreachable
from policy.diagnosis import Finding
from policy.judgement import Judgement, Verdict, failed, unknown
from policy.next_step import next_step


def attempt(part: str, tried: str, ask: Callable[[], Judgement], usual: str) -> Finding:
    """Return how it went; `usual` is what to do where what was found says nothing more of it."""
    return attempt_advised(part, tried, lambda: (ask(), usual), usual)


def attempt_loudly(part: str, tried: str, ask: Callable[[], Judgement], usual: str) -> Finding:
    """Return how it went, where silence is no want of knowledge: without an answer, users have none either."""
    found = attempt(part, tried, ask, usual)
    return found if found.is_well else replace(found, judgement=replace(found.judgement, verdict=Verdict.FAILED))


def attempt_advised(part: str, tried: str, ask: Callable[[], tuple[Judgement, str]], usual: str) -> Finding:
    """Return how it went, with the advice that comes with it; nothing that a block raises ends the examination."""
    try:
        judgement, advice = ask()
    except BlockError as error:
        judgement = unknown(str(error)) if isinstance(error, Unreachable) else failed(str(error))
        step = next_step(error.cause, judgement.verdict, usual=usual)
        return Finding(part, tried, judgement, step, error.cause)
    return Finding(part, tried, judgement, next_step(None, judgement.verdict, usual=advice))
