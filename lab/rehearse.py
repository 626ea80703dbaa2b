"""`make rehearse DAY=name`: a bad day in the lab, with you deciding at the gate; `make rehearse` lists the days.

Afterwards it says what happened, what the software did, and what you could have seen earlier.
"""

import argparse
import contextlib
import re
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx

from lab.claim import refuse_a_second
from lab.client import ROOT, Lab
from lab.control_plane import ENDED, ControlPlane
from lab.days import DAYS, Day, find
from lab.decider import APPROVE, LEAVE_IT, RETRY, WAIT, Operator, read_answers, say_moments
from lab.home import Home
from lab.processes import LabError
from lab.record_story import Beside, newest_record, outcome_of, say_answered, say_first_sign, tell, turn_of
from lab.teller import Teller

DAY_SECONDS = 420.0
LOOK_SECONDS = 0.3
# What is said after the record was sealed.
LAST_WORDS_SECONDS = 60.0
# The worker reports a crash twice, and a retry in between is lost.
LOST_RETRY_SECONDS = 12.0
# A load test on a small machine would end most days on staging.
TOO_HEAVY = ("load_test", "staging_metrics")
DECIDES = "Tomas Lima"


class Rehearsal:
    """One bad day on a lab whose Prefect runs."""

    def __init__(self, lab: Lab, control: ControlPlane, day: Day, operator: Operator) -> None:
        self.day, self.operator = day, operator
        self.lab, self.control, self.teller = lab, control, Teller(lab, control)
        self._answered: set[str] = set()
        self._asked = ""
        self._struck = self._decided = self._retried = False
        self._decision: str | None = None
        self._crashed_at: float | None = None
        self._told = 0
        self._beside: list[Beside] = []

    def play(self) -> str:
        """Play the day to its end, tell it, and return how the record says that it ended."""
        print(f"\n{self.day.name}: {self.day.sentence}\n", flush=True)
        records = len(self._rows_before())
        self.day.before(self.lab)
        shipped = self.lab.ship(f"2.{len(DAYS)}.{records}", fault=self.day.fault, conclusion=self.day.conclusion)
        self.lab.mark_traffic()
        run = self.teller.release(shipped, "Appointment reminders")
        self._see_it_through(run)
        return self.tell()

    def _rows_before(self) -> list[Path]:
        self._known = set((self.lab.home.folder("store") / "records").glob("*"))
        return sorted(self._known)

    def _see_it_through(self, run: str) -> None:
        deadline = time.monotonic() + DAY_SECONDS
        over = False
        while not over:
            if time.monotonic() > deadline:
                raise LabError(f"{self.day.name} did not end within {DAY_SECONDS:.0f} s")
            # A busy machine may let Prefect answer late; whoever rehearses asks again.
            with contextlib.suppress(httpx.TransportError):
                self._narrate()
                self._face(run)
                over = self._is_over(run)
            time.sleep(LOOK_SECONDS)
        self._narrate()

    def _narrate(self) -> None:
        """Say what the record holds since the last time."""
        lines = tell(self._rows())
        for line in lines[self._told :]:
            self.teller.say(f"  {line.text}")
        self._told = len(lines)

    def _face(self, run: str) -> None:
        kind, _ = self.control.state_of(run)
        if kind == "PAUSED":
            self._face_the_gate(run)
        elif kind == "CRASHED" and not self._retried:
            self._crashed_at = self._crashed_at or time.monotonic()
            self._face_the_crash(run, self._crashed_at)

    def _is_over(self, run: str) -> bool:
        """The record has ended, whoever ended it, or the run was refused before there was one.

        The run itself may stand for ever: Prefect does not hear of a machine that lost its power.
        """
        if outcome_of(self._rows()) is not None:
            self.teller.wait_until(lambda: self.control.state_of(run)[0] in ENDED, LAST_WORDS_SECONDS)
            return True
        return self._new_record() is None and self.control.state_of(run)[0] in ("COMPLETED", "FAILED")

    def _face_the_gate(self, run: str) -> None:
        question = self.control.read_question(run)
        if question is None or question[0] in self._answered:
            return
        key, options = question
        if not self._struck:
            self._struck = True
            self.teller.say("The release waits for a person")
            self.teller.tell_world(counts_said=True)
            if self.day.struck:
                self._note(self.day.struck, trouble=True)
            self.day.at_gate(self.lab, self.control, run)
            if self.control.state_of(run)[0] == "PAUSED" and not any(self.control.processes_of(run)):
                self._note("Prefect still says: Paused; nobody is behind it, and an answer would reach nobody")
                self._answered.add(key)
            return
        if self._asked != key:
            self._asked = key
            page = self.control.page_of(run)
            self.operator.ask(f"You are {DECIDES}, tech lead. The evidence: {page}", options)
        if decision := self.operator.decide(options):
            self._answer(run, key, decision)

    def _answer(self, run: str, key: str, decision: str) -> None:
        answer = {"decision": decision, "name": DECIDES, "reason": "decided in a rehearsal"}
        if decision == APPROVE:
            answer["code"] = self.lab.code_of(DECIDES)
        try:
            self.control.resume(run, answer)
        except LabError as problem:
            self.teller.say(f"The answer came too late, or was not taken: {problem}")
        self.teller.say(f"{DECIDES} decides: {decision}")
        if decision == WAIT:
            self.day.when_waiting(self.lab, self.control, run)
        self._answered.add(key)

    def _face_the_crash(self, run: str, crashed_at: float) -> None:
        options = (RETRY, LEAVE_IT)
        if self._asked != "crash":
            self._asked = "crash"
            self.teller.say("Prefect says: Crashed")
            self.teller.tell_world(counts_said=False)
            self.operator.ask("Go on with it, or leave it to recovery?", options)
        self._decision = self._decision or self.operator.decide(options)
        if self._decision and not self._decided:
            self._decided = True
            self._note(f"{DECIDES}: {self._decision}")
        if self._decision == RETRY and time.monotonic() > crashed_at + LOST_RETRY_SECONDS:
            self.control.retry(run)
            self._retried = True

    def _note(self, text: str, *, trouble: bool = False) -> None:
        """Say what no row of the record holds, and keep it for the end."""
        self.teller.say(f"  {text}")
        self._beside.append(Beside(datetime.now(UTC), text, trouble))

    def _new_record(self) -> Path | None:
        found = sorted(set((self.lab.home.folder("store") / "records").glob("*")) - self._known)
        return found[0] if found else None

    def _rows(self) -> list[dict[str, object]]:
        return newest_record(self.lab.home.folder("store")) if self._new_record() else []

    def tell(self) -> str:
        """Say the three things and return the outcome."""
        rows = self._rows()
        lines = tell(rows, beside=self._beside)
        turn = turn_of(lines)
        for title, part in (("\nWhat happened", lines[:turn]), ("What the software did", lines[turn:])):
            print(title)
            for line in part:
                print(f"  {line}")
        alerts = len(self.lab.slack_messages("C0ALERTS"))
        often = "once" if alerts == 1 else f"{alerts} times"
        print(f"  people were paged {often} in Slack; the newest word in #deployments: {self.teller.newest_word()}")
        self.teller.tell_world(counts_said=True)
        if answered := say_answered(lines, self.day.struck):
            print(f"  {answered}")
        print("What you could have seen earlier")
        print(f"  {say_first_sign(lines)}")
        print(f"  {self.day.earlier}", flush=True)
        return outcome_of(rows) or "refused before it began"


def change_limits(text: str, limits: Mapping[str, float]) -> str:
    """Return the settings with these limits."""
    for name, value in limits.items():
        line = f"{name} = {value}"
        text, count = re.subn(rf"^{name} = .*$", line, text, flags=re.MULTILINE)
        text = text if count else text.replace("[limits]\n", f"[limits]\n{line}\n")
    return text


def leave_out(text: str, sections: Sequence[str]) -> str:
    """Return the settings without these sections."""
    for section in sections:
        text = re.sub(rf"^\[{section}\]\n(?:(?!\[).*\n?)*", "", text, flags=re.MULTILINE)
    return text


def rehearse(home: Path, day: Day, operator: Operator) -> int:
    """Start the company, play the day, and stop the company."""
    refuse_a_second(home)
    if home.exists():
        Lab(Home(home)).stop(purge=True)
    print("Starting a company on this machine, and Prefect with a worker: half a minute ...", flush=True)
    lab = Lab.start(home)
    control = ControlPlane(lab)
    try:
        settings = leave_out(lab.settings_path.read_text(), TOO_HEAVY)
        lab.settings_path.write_text(change_limits(settings, day.limits))
        control.start()
        print(f"\nIt ended: {Rehearsal(lab, control, day, operator).play()}")
    except LabError as problem:
        print(f"The rehearsal could not go on: {problem}", file=sys.stderr)
        return 1
    finally:
        control.stop()
        lab.stop()
    return 0


def list_days() -> int:
    """Print each day with its sentence."""
    width = max(len(day.name) for day in DAYS)
    for day in DAYS:
        print(f"  {day.name:<{width}}  {day.sentence}")
    print("\nPlay one: make rehearse DAY=eight-percent; without a person: ANSWER='approve,roll back', one a question.")
    print(say_moments())
    return 0


def main() -> int:
    """Carry out the command line."""
    parser = argparse.ArgumentParser(prog="python -m lab.rehearse", description=__doc__)
    parser.add_argument("day", nargs="?", default="", help="the day to play; without one they are listed")
    parser.add_argument("--answer", default="", help="what is decided at each gate in turn, with commas between")
    parser.add_argument("--home", type=Path, default=ROOT / ".lab-rehearsal", help="its folder (.lab-rehearsal)")
    words = parser.parse_args()
    if not words.day:
        return list_days()
    try:
        day = find(words.day)
        return rehearse(words.home, day, read_answers(words.answer, first=day.begins_with))
    except LabError as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
