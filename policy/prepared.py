"""What was found by `prepare` the day before and still counts: nothing for longer than the item's own age limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from policy.judgement import Judgement, Verdict, spoken
from policy.limits import Limits, Mode
from policy.metrics import Ending
from policy.record import Event, Row, last
from policy.recorded import release_of
from policy.release import Release

_DAY, _HOUR = timedelta(hours=24), timedelta(hours=1)
# What is said of a commit stays so; a review, a flag, a new advisory and what staging serves change within the hour.
# An item that is not named here is asked again each time: the window, conflicts, who is on call.
KEEPS: Mapping[str, timedelta] = MappingProxyType(
    {
        "1.1.1": _DAY,
        "1.1.2": _HOUR,
        "1.1.3": _DAY,
        "1.1.4": _HOUR,
        "1.1.5": _DAY,
        "1.2.1": _HOUR,
        "1.2.2": _DAY,
        "1.2.3": _DAY,
        "1.2.4": _HOUR,
        "1.3.2": _HOUR,
        "1.3.3": _DAY,
    }
)
# What a person types anew at the release, and what no item of the day before was judged by; the commit is compared
# as the whole one that was found, however it was named.
_MAY_DIFFER = frozenset(
    {
        "commit",
        "pull_request",
        "summary",
        "requested_by",
        "mode",
        "raise_risk_to",
        "ask_for_waivers",
        "way_back_understood",
        "incident_team_confirmed",
    }
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A judgement of the day before that still counts, when it was made and in which record it stands."""

    judgement: Judgement
    at: datetime
    record: str

    def now(self, at: datetime) -> Judgement:
        """The same judgement, with its age in the sentence."""
        sentence = f"{self.judgement.sentence} (asked {spoken(at - self.at)} ago by prepare, record {self.record})"
        return replace(self.judgement, sentence=sentence)


def keep(rows: Sequence[Row], release: Release, *, now: datetime, limits: Limits) -> dict[str, Kept] | None:
    """Return what passed in the record of a `prepare` for exactly this change, item by item, and is young enough.

    None is a record of another change: of another commit, version in production, risk or request, or of a `prepare`
    that did not come to its end.
    """
    sealed, prepared = last(rows, Event.SEALED), release_of(rows)
    if sealed is None or sealed.facts.get("outcome") != Ending.PREPARED or prepared is None:
        return None
    if prepared.mode is not Mode.RELEASE or _change_of(prepared) != _change_of(release):
        return None
    newest = {row.item: row for row in rows if row.event is Event.JUDGED and not row.subject}
    return {
        number: Kept(judgement, row.at, prepared.key)
        for number, row in newest.items()
        if number in KEEPS
        and timedelta(0) <= now - row.at <= min(KEEPS[number], limits.prepared)
        and (judgement := Judgement.of_facts(row.facts)).verdict is Verdict.PASSED
    }


def _change_of(release: Release) -> tuple[object, ...]:
    asked = release.request.model_dump(mode="json", exclude=set(_MAY_DIFFER))
    facts = (release.environment, release.way, release.commit, release.previous_commit, release.risk)
    return (*facts, tuple(sorted((name, repr(value)) for name, value in asked.items())))
