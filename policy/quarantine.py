"""What was rolled back is not released again by accident: it takes somebody who says why it may go out now.

A release is in quarantine by its commit or by the digest of its image. Another commit that contains it is none: it may
hold the fix, or the revert, and is judged as what it is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from policy.judgement import Judgement, attested, failed, passed
from policy.metrics import Ending
from policy.plans import say_why
from policy.wording import short

MARK = "rolled back on"
LEAST_LETTERS = 8
LONGEST_REASON = 200
_ENDS = (Ending.ROLLED_BACK, Ending.SIGNED_OFF)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a release ended, as its record says: `commits` is what was asked for and what was merged."""

    key: str
    at: datetime
    outcome: str
    why: str
    commits: frozenset[str]
    digest: str | None

    def brought(self, commit: str, digest: str | None) -> bool:
        """Whether this release was of that commit, or of that image."""
        return commit in self.commits or (digest is not None and digest == self.digest)


def judge_quarantine(
    endings: Sequence[Ended],
    *,
    commit: str,
    digest: str | None,
    acknowledged: Collection[str],
    by: str,
    zone: str,
) -> Judgement:
    """Pass unless the newest ending of this commit or image was a roll-back that the request does not acknowledge."""
    ours = [one for one in endings if one.outcome in _ENDS and one.brought(commit, digest)]
    newest = max(ours, key=lambda one: one.at, default=None)
    if newest is None:
        return passed(f"{short(commit)} was never rolled back")
    if newest.outcome == Ending.SIGNED_OFF:
        return passed(
            f"{short(commit)} was signed off on {_day(newest.at, zone)}, after all that was rolled back of it"
        )
    name = f"{MARK} {_day(newest.at, zone)} at {newest.at.astimezone(ZoneInfo(zone)):%H:%M:%S}"
    same = "" if commit in newest.commits else f", in whose release {newest.key} the same image ran,"
    if reason := find_reason(name, acknowledged):
        return attested(f"{short(commit)}{same} was {name} ({newest.why}) and is released again: {reason}", by=by)
    return failed(
        f"{short(commit)}{same} was {name} ({newest.why}; release {newest.key});"
        f' to release it again type "{name}: " into this field and after it, in {LEAST_LETTERS} letters or more,'
        " why it may go out now; a new commit that holds the fix needs none of this"
    )


def find_reason(name: str, acknowledged: Collection[str]) -> str:
    """Return why somebody says it may go out again; a name without a reason is none."""
    for said in acknowledged:
        text = " ".join(said.split())
        if text.casefold().startswith(name.casefold()):
            reason = text[len(name) :].lstrip(" :,-")
            if sum(letter.isalnum() for letter in reason) >= LEAST_LETTERS:
                return reason
    return ""


def short_reason(cause: str, sentence: str) -> str:
    """Say in one line why a release went home: the record has the rest."""
    line = say_why(cause, sentence).partition("\n")[0]
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON].rstrip()}…"


def speaks_of_roll_back(said: str) -> bool:
    """Whether an acknowledgement is about a roll-back, and so about nothing that breaks."""
    return " ".join(said.split()).casefold().startswith(MARK)


def _day(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%B %Y}"
