"""What a block raises instead of an answer. A verdict is never raised, and "no" is not "could not ask"."""

from policy.next_step import Cause


class Meant(Exception):
    """Whatever we raise ourselves, with a sentence for people; anything else that ends a run is a defect."""


class BlockError(Meant):
    """An outside system gave no usable answer; `cause` says why where what mends it follows from that."""

    def __init__(self, sentence: str = "", *, cause: Cause | None = None) -> None:
        super().__init__(sentence)
        self.cause = cause


class Unreachable(BlockError):
    """The system did not answer in time, or answered nonsense. Trying again may help."""


class NotDone(Unreachable):
    """What was asked was not done and is not under way: no connection, or turned away. Trying again may help."""


class Refused(BlockError):
    """The system answered and said no. Trying again will not help."""


class Absent(Refused):
    """What was asked for does not exist, and the system that says so would have shown it."""


class Superseded(Refused):
    """A newer holder has the environment: whoever meets this stops at once, and does not go home either."""


class Misconfigured(BlockError):
    """A setting or a secret is missing or wrong; the message names it, what was found and what was expected."""
