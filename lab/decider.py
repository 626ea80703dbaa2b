"""Who decides in a rehearsal: a person at the terminal or in Prefect's UI, or the answers that were given before."""

import select
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

LEAVE_IT = "leave it"


class Operator(Protocol):
    """Somebody who is asked and may take their time."""

    def ask(self, question: str, options: Sequence[str]) -> None:
        """Show the question."""

    def decide(self, options: Sequence[str]) -> str | None:
        """Return what was decided since; None while nothing was."""


@dataclass
class AtTerminal:
    """A person types the number of what they decide, or answers in Prefect's UI and types nothing."""

    def ask(self, question: str, options: Sequence[str]) -> None:
        """Print the question with its options."""
        print(f"\n{question}")
        for number, option in enumerate(options, start=1):
            print(f"  {number}  {option}")
        print("Type a number, or answer in Prefect's UI: ", end="", flush=True)

    def decide(self, options: Sequence[str]) -> str | None:
        """Read a line if there is one; what is no number of an option is asked again."""
        if not select.select([sys.stdin], [], [], 0)[0]:
            return None
        typed = sys.stdin.readline().strip()
        if typed.isdecimal() and 1 <= int(typed) <= len(options):
            return options[int(typed) - 1]
        print(f"{typed!r} is none of them; type 1 to {len(options)}: ", end="", flush=True)
        return None


@dataclass
class Given:
    """Answers in the order of the questions; one that is no option of its question, or a missing one, is none."""

    answers: Sequence[str]
    _used: int = field(default=0, init=False)

    def ask(self, question: str, options: Sequence[str]) -> None:
        """Print the question and what is answered."""
        chosen = self.answers[self._used] if self._used < len(self.answers) else "nothing"
        print(f"{question} ({' / '.join(options)}) -> {chosen}", flush=True)

    def decide(self, options: Sequence[str]) -> str | None:
        """Return the next answer."""
        if self._used >= len(self.answers):
            return None
        answer = self.answers[self._used]
        self._used += 1
        return answer if answer in options else None
