"""What exactly is approved, and which answer counts (2.1.4, 8.1)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from policy.items import Way
from policy.judgement import Judgement, Verdict
from policy.limits import Risk
from policy.record import Event, Row
from policy.roles import Occasion, Roster, find_own_part, judge_approver
from policy.wording import as_sentences


class Decision(StrEnum):
    """What an approver may answer."""

    APPROVE = "approve"
    ROLL_BACK = "roll back"


class Outcome(StrEnum):
    """What an answer does."""

    APPROVED = "approved"
    ROLL_BACK = "roll back"
    NOT_VALID = "not valid"
    WRONG_CODE = "wrong code"
    LEFT = "left as it is"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an answer does, the sentence that says why, and whether somebody approves their own."""

    outcome: Outcome
    sentence: str
    own: bool = False

    @property
    def complaint(self) -> str:
        """Say above the form why there is a form again."""
        if self.outcome is Outcome.APPROVED:
            return as_sentences("what was approved has changed since, so it is asked again", self.sentence)
        return as_sentences(f"the last answer did not count: {self.sentence}", "nothing was changed")


def subject_of(
    *,
    release: str,
    digest: str,
    configuration: Mapping[str, str],
    migrations: Sequence[str],
    plan: Sequence[str],
    verdicts: Mapping[str, Verdict],
) -> str:
    """Return the one hash an approval is bound to: verdicts, not live numbers."""
    content = {
        "release": release,
        "digest": digest,
        "configuration": dict(configuration),
        "migrations": list(migrations),
        "plan": list(plan),
        "verdicts": {number: verdict.value for number, verdict in verdicts.items()},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def occasion_of(*, way: Way, risk: Risk, migrations: Sequence[str] = ()) -> Occasion:
    """Return who is asked: by risk, or as an emergency on the hotfix way.

    Section 5 lets a tech lead decide, 6.2 leaves dangerous migrations to the CTO: the stricter holds.
    """
    if way is not Way.HOTFIX:
        return Occasion(risk.value)
    return Occasion.HIGH if say_stricter(way=way, risk=risk, migrations=migrations) else Occasion.EMERGENCY


def say_stricter(*, way: Way, risk: Risk, migrations: Sequence[str] = ()) -> str:
    """Name both rules and which of them holds where two disagree about who decides; empty where none do."""
    if way is not Way.HOTFIX or not migrations or risk is not Risk.HIGH:
        return ""
    return "section 5 leaves a hotfix to a tech lead, 6.2 a dangerous migration to the CTO: the stricter holds"


def judge_answer(
    decision: Decision,
    name: str,
    *,
    reason: str,
    occasion: Occasion,
    roster: Roster,
    requested_by: str,
    authors: frozenset[str],
    on: date,
    window: Judgement,
) -> Ruling:
    """Rule on one answer: a roll-back from anybody in the roster counts, an approval only from the entitled."""
    if decision is Decision.ROLL_BACK:
        if roster.find(name) is None:
            return Ruling(Outcome.NOT_VALID, f"{name!r} is not in the roster; roll back needs a name from it")
        return Ruling(Outcome.ROLL_BACK, f"{name} chose to roll back" + (f": {reason}" if reason else ""))
    judgement = judge_approver(
        name,
        occasion=occasion,
        roster=roster,
        requested_by=requested_by,
        authors=authors,
        on=on,
        reason=reason,
    )
    if not judgement.verdict.lets_pass:
        return Ruling(Outcome.NOT_VALID, judgement.sentence)
    if not window.verdict.lets_pass and not reason:
        return Ruling(
            Outcome.NOT_VALID,
            f"{window.sentence}; to go on after the window, approve again and give a reason",
        )
    person = roster.find(name)
    own = person is not None and find_own_part(person, requested_by=requested_by, authors=authors) is not None
    return Ruling(Outcome.APPROVED, judgement.sentence, own=own)


def count_wrong_codes(rows: Sequence[Row], name: str) -> int:
    """Return how many wrong codes were typed for this person in this release."""
    return sum(
        row.event is Event.ANSWERED
        and row.facts.get("outcome") == Outcome.WRONG_CODE.value
        and row.facts.get("name") == name
        for row in rows
    )


def unanswered(rows: Sequence[Row]) -> Row | None:
    """Return the row of the newest question to people if none of them has answered it."""
    for row in reversed(rows):
        if row.event in (Event.ANSWERED, Event.APPROVED, Event.WAIVED):
            return None
        if row.event is Event.ASKED:
            return row
    return None


def standing_approval(rows: Sequence[Row], subject: str) -> Row | None:
    """Return the approval on record for exactly this subject, unless a red flag has come after it.

    Used once, it covers the rest of this plan, also after a crash; a red flag ends it.
    """
    for row in reversed(rows):
        if row.event in (Event.RED_FLAG, Event.GOING_HOME):
            return None
        if row.event is Event.APPROVED and row.facts.get("subject") == subject:
            return row
    return None
