"""Did a kind of error appear that nobody had seen before (1.3.2, 3.1.4)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from policy.clock import clock
from policy.judgement import Judgement, failed, passed
from policy.record import Event, Row
from policy.release import Release
from policy.wording import counted, listed

# An exception as languages name them, or a short code such as P2002 or E11000.
_TYPE = re.compile(
    r"(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:Error|Exception|Warning|Failure|Fault|Timeout|Interrupt)|[A-Z]{1,2}\d{3,5}",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class NewError:
    """A kind of error: its name in Sentry, what it says, and since when and how often it was seen.

    What it says may name a patient, and goes no further than here.
    """

    name: str
    title: str
    level: str
    count: int
    first_seen: datetime
    url: str


def find_trial_start(rows: Sequence[Row], release: Release, *, began: datetime | None) -> datetime | None:
    """Return since when an error on staging may come from the commit; None where nobody knows.

    Where this record deployed it, since then. Else staging served it before: at most since its application `began`,
    or, where nothing measures that, since the commit was made.
    """
    if deployed := [row.at for row in rows if row.item == "1.3.1" and row.event is Event.INTENDED]:
        return min(deployed)
    made = next((one.authored_at for one in release.commits if one.sha == release.commit), None)
    known = began or made
    return min(known, release.opened_at) if known else None


def judge_new_errors(found: Sequence[NewError], *, since: datetime, environment: str, zone: str) -> Judgement:
    """Pass when no kind of error was first seen there since then."""
    new = sorted((one for one in found if one.first_seen >= since), key=lambda one: -one.count)
    span = f"on {environment} since {clock(since, zone)}"
    if not new:
        return passed(f"no new kind of error {span}")
    shown = listed((f"{_say(one)}, seen {counted(one.count, 'time')}" for one in new), most=3)
    return failed(f"{counted(len(new), 'new kind')} of error {span}: {shown}", link=new[0].url)


def _say(error: NewError) -> str:
    """Name the error by its number in Sentry, and by its type where the title begins with one; Sentry has the rest."""
    kind = error.title.partition(":")[0].strip()
    return f"{error.name} ({kind})" if _TYPE.fullmatch(kind) else error.name
