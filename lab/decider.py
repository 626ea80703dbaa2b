"""Who decides in a rehearsal: a person at the terminal or in Prefect's UI, or the answers that were given before."""

import select
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lab.processes import LabError

APPROVE, ROLL_BACK = "approve", "roll back"
WAIT, STAY = "keep waiting", "stay on the new version"
RETRY, LEAVE_IT = "retry", "leave it"
NOTHING = "nothing"
# Each moment at which somebody may have to decide, and what can be answered then.
MOMENTS = {
    "the release waits for its approval": (APPROVE, ROLL_BACK),
    "people have to judge what no machine can": (WAIT, STAY, ROLL_BACK),
    "the process of the release died": (RETRY, LEAVE_IT),
}


class Operator(Protocol):
    """Somebody who is asked and may take their time."""

    def ask(self, question: str, options: Sequence[str]) -> None:
        """Show the question."""

    def decide(self, options: Sequence[str]) -> str | None:
        """Return what was decided since; None while nothing was."""


@dataclass
class AtTerminal:
    """A person types what they decide, or its number, or answers in Prefect's UI and types nothing."""

    _gone: bool = field(default=False, init=False)

    def ask(self, question: str, options: Sequence[str]) -> None:
        """Print the question with its options."""
        print(f"\n{question}")
        for number, option in enumerate(options, start=1):
            print(f"  {number}  {option}")
        print("Type a number, or answer in Prefect's UI: ", end="", flush=True)

    def decide(self, options: Sequence[str]) -> str | None:
        """Read a line if there is one; what is none of the options is asked again."""
        if self._gone or not select.select([sys.stdin], [], [], 0)[0]:
            return None
        line = sys.stdin.readline()
        self._gone = not line
        typed = line.strip()
        if typed.isdecimal() and 1 <= int(typed) <= len(options):
            return options[int(typed) - 1]
        if typed in options:
            return typed
        if line:
            listed = ", ".join(f"{number} {option}" for number, option in enumerate(options, start=1))
            print(f"{typed!r} is none of them; type one of {listed}: ", end="", flush=True)
        return None


@dataclass
class Given:
    """One answer a question, in turn; `nothing` leaves it open, and so does an answer that is missing."""

    answers: Sequence[str]
    _asked: int = field(default=0, init=False)
    _answer: str = field(default=NOTHING, init=False)

    def ask(self, question: str, options: Sequence[str]) -> None:
        """Print the question and what is answered."""
        self._answer = self.answers[self._asked] if self._asked < len(self.answers) else NOTHING
        self._asked += 1
        print(f"{question} ({' / '.join(options)}) -> {self._answer}", flush=True)

    def decide(self, options: Sequence[str]) -> str | None:
        """Return the answer, once; raises LabError where it is none of the options: it is taken for no other."""
        answer, self._answer = self._answer, NOTHING
        if answer == NOTHING:
            return None
        if answer not in options:
            raise LabError(f"ANSWER: {answer!r} is no answer here; expected {' or '.join((*options, NOTHING))}")
        return answer


def read_answers(text: str, *, first: Sequence[str]) -> Operator:
    """Return whoever gives these answers, with commas between, or a person if there are none.

    Raises LabError naming an answer that no moment takes, or a first one that is none of `first`.
    """
    answers = [one.strip() for one in text.split(",") if one.strip()]
    known = {NOTHING, *(option for options in MOMENTS.values() for option in options)}
    for answer in answers:
        if answer not in known:
            raise LabError(f"ANSWER: {answer!r} is no answer\n{say_moments()}")
    if answers and answers[0] not in (NOTHING, *first):
        raise LabError(f"ANSWER: this day begins with {' or '.join(first)}, found {answers[0]!r}\n{say_moments()}")
    return Given(answers) if answers else AtTerminal()


def say_moments() -> str:
    """Say what can be answered when, a line each."""
    said = (f"  where {moment}: {', '.join(options)}" for moment, options in MOMENTS.items())
    return "\n".join(("What can be answered:", *said, f"  anywhere: {NOTHING}, which leaves the question open"))
