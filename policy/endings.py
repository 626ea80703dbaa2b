"""How a release ended, in one sentence for whoever reads it first: what it came to, what is live, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from policy.metrics import Ending
from policy.record import Event, Row, last
from policy.recorded import release_of
from policy.release import Release
from policy.way_home import touched_servers
from policy.wording import as_clause, short


@dataclass(frozen=True, slots=True)
class Ended:
    """A release that has ended: what it came to, and whether it had begun to change a server."""

    release: Release
    outcome: Ending
    touched: bool
    said: str

    @property
    def sentence(self) -> str:
        """Say which release it was and what became of it."""
        return f"{self.release.what} was {self.said}"

    def is_roll_back_of(self, named: str) -> bool:
        """Whether this end is all that somebody wanted who asked for the roll-back of the `named` release, or of any.

        What was stopped before it changed a server brought nobody back: only who named it wanted no more than that.
        """
        if self.outcome is Ending.STOPPED:
            return named == self.release.key
        at_work = self.outcome is Ending.ROLLED_BACK or (self.outcome is Ending.STUCK and self.touched)
        return at_work and named in ("", self.release.key, self.release.undoes)


def ended_by(rows: Sequence[Row]) -> Ended | None:
    """Return how the release of these rows ended, None where they have no end; raises Unreadable for another form."""
    release, sealed = release_of(rows), last(rows, Event.SEALED)
    if release is None or sealed is None:
        return None
    said = say_ending(release, sealed)
    return Ended(release, ending_of(sealed), touched=bool(touched_servers(rows)), said=said)


def ending_of(sealed: Row) -> Ending:
    """Return what the last row of a record says that its release came to."""
    return Ending(sealed.facts["outcome"])


def say_ending(release: Release, sealed: Row) -> str:
    """Say what it came to with the sentence of its record; one that went home says what runs now."""
    outcome, why = ending_of(sealed), as_clause(str(sealed.facts["sentence"]))
    if outcome is Ending.ROLLED_BACK:
        return f"{outcome.value}: every server that it touched runs {short(release.previous_commit)} again: {why}"
    return f"{outcome.value}: {why}"
