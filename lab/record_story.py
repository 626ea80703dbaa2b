"""What the record of a release tells people: what happened, what the software did, and the first bad sign."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

BAD = ("failed", "unknown")
ANSWERS = ("approved", "answered")
STEP_FAILED = "a step failed"


@dataclass(frozen=True, slots=True)
class Line:
    """One row as people are told it; `trouble` is a bad sign, `homeward` is what came after the turn."""

    seconds: float
    text: str
    event: str
    trouble: bool = False

    def __str__(self) -> str:
        return f"{self.seconds:6.1f} s  {self.text}"


@dataclass(frozen=True, slots=True)
class Beside:
    """What no row of the record holds: what broke, or what a person did in Prefect."""

    at: datetime
    text: str
    trouble: bool = False


def newest_record(store: Path) -> list[dict[str, Any]]:
    """Return the rows of the newest release in a folder store, oldest first; none where there is no record."""
    folders = sorted((store / "records").glob("*"))
    return [json.loads(path.read_bytes()) for path in sorted(folders[-1].glob("*.json"))] if folders else []


def outcome_of(rows: Sequence[dict[str, Any]]) -> str | None:
    """Return how the record says the release ended; None while it is open."""
    sealed = next((row for row in reversed(rows) if row["event"] == "sealed"), None)
    return str(sealed["facts"]["outcome"]) if sealed else None


def tell(rows: Sequence[dict[str, Any]], *, beside: Sequence[Beside] = ()) -> list[Line]:
    """Return what is worth telling of each row, and what happened `beside` them, by the seconds since the beginning."""
    if not rows:
        return []
    began = datetime.fromisoformat(rows[0]["at"])
    lines = [
        Line((datetime.fromisoformat(row["at"]) - began).total_seconds(), text, row["event"], trouble=_is_bad(row))
        for row in rows
        for text in _say(row)
    ]
    lines += [Line((one.at - began).total_seconds(), one.text, "beside", trouble=one.trouble) for one in beside]
    lines.sort(key=lambda line: line.seconds)
    return [line for before, line in pairwise((None, *lines)) if line and (before is None or line.text != before.text)]


def turn_of(lines: Sequence[Line]) -> int:
    """Return the place of the first line that is the software's own answer: it takes over, goes home, or ends."""
    turns = ("took over", "going home", "sealed")
    return next((place for place, line in enumerate(lines) if line.event in turns), len(lines))


def say_first_sign(lines: Sequence[Line]) -> str:
    """Say what the first bad sign was and how long before or after the first decision it could be seen."""
    sign = next((line for line in lines if line.trouble), None)
    if sign is None:
        return "The record holds no bad sign before the end."
    decided = next((line for line in lines if line.event in ANSWERS), None)
    said = f"The first bad sign came {sign.seconds:.0f} s after the release began: {sign.text}."
    if decided is None:
        return f"{said} Nobody had to decide before it."
    gap = decided.seconds - sign.seconds
    return f"{said} That was {abs(gap):.0f} s {'before' if gap > 0 else 'after'} the first decision."


def say_answered(lines: Sequence[Line], struck: str) -> str:
    """Say when it broke and how long after that the software answered; nothing where nothing broke or answered."""
    broke = next((line for line in lines if line.event == "beside" and line.text == struck), None)
    turn = turn_of(lines)
    if broke is None or turn == len(lines):
        return ""
    after = lines[turn].seconds - broke.seconds
    return f"{struck[:1].upper()}{struck[1:]}: {broke.seconds:.0f} s; the software answered {after:.0f} s later."


def _turn(event: str, facts: dict[str, Any]) -> str:
    """Where nothing was changed, nothing goes home."""
    return "it stops here" if event == "going home" and facts.get("plan") == "Nothing" else event


def _is_bad(row: dict[str, Any]) -> bool:
    if row["event"] == "going home":
        return bool(row["facts"].get("cause") == STEP_FAILED)
    return row["event"] == "red flag" or (row["event"] == "judged" and row["facts"].get("verdict") in BAD)


def _why(facts: dict[str, Any]) -> Iterator[str]:
    """The cause and the sentence, which may begin with the cause itself."""
    cause, sentence = str(facts.get("cause") or ""), str(facts.get("sentence") or "")
    yield from filter(None, ("" if sentence.startswith(cause) else cause, sentence))


def _say(row: dict[str, Any]) -> Iterator[str]:
    facts, event = row["facts"], row["event"]
    if event == "judged" and facts.get("verdict") in BAD:
        yield f"{row['item']} {facts['verdict']}: {facts['sentence']}"
    elif event == "confirmed" and str(row["subject"]).startswith(("web-server", "balancer")):
        yield f"{row['subject']}: {row['step']}"
    elif event in ("red flag", "going home"):
        yield ": ".join((_turn(event, facts), *_why(facts)))
    elif event == "asked":
        yield f"a person is asked ({row['item']})"
    elif event in ANSWERS:
        yield f"{facts.get('name', 'somebody')}: {facts.get('decision', event)}"
    elif event in ("opened", "took over", "live on every server", "verified"):
        yield event
    elif event == "sealed":
        yield f"ended: {facts['outcome']}; {facts['sentence']}"
