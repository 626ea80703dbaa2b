"""Does the version in production live on the new schema (6.3.1), and what is left of the trial on staging."""

from collections.abc import Sequence
from dataclasses import dataclass

from policy.judgement import Judgement, Verdict, failed, passed, unknown
from policy.record import Event, Row
from policy.wording import counted, listed, short

SUBJECT = "staging"
TRIED, PUT_THERE, PUT_BACK = "version in production tried", "version in production", "put back"
_SAFER = (
    "write it so that what the version in production reads and writes still works: a new column that may be empty or"
    " has a default, no constraint, trigger or type that its writes meet; require more in a later release"
)


@dataclass(frozen=True, slots=True)
class Meeting:
    """The migrations that the version in production will meet, and those that staging has beside them."""

    version: str
    names: tuple[str, ...]
    beside: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """The version in production as people name it."""
        return f"the version in production ({short(self.version)})"


@dataclass(frozen=True, slots=True)
class Left:
    """The key under which staging keeps what it ran before, and the digest of what was put there."""

    kept_under: str
    digest: str


def judge_old_code(meeting: Meeting, tests: Judgement, *, count: int) -> Judgement:
    """Pass when the version in production passed its smoke tests on staging, where the migrations were applied."""
    names = listed(meeting.names)
    if tests.verdict is Verdict.PASSED:
        return passed(f"{names}: {meeting.who} passed {counted(count, 'smoke test')} on staging's migrated schema")
    if tests.verdict is not Verdict.FAILED:
        return unknown(f"{names}: whether {meeting.who} lives on the new schema is not known: {tests.sentence}")
    if meeting.beside:
        return unknown(
            f"{names}: {meeting.who} fails on staging ({tests.sentence}), where {listed(meeting.beside)} was applied as"
            " well; release what takes something away later, by itself, and this can be tried"
        )
    return failed(f"{names}: {meeting.who} cannot live on the new schema: {tests.sentence}; {_SAFER}")


def not_tried(meeting: Meeting, why: str) -> Judgement:
    """Nobody put the version in production on the new schema."""
    return unknown(f"{listed(meeting.names)}: {meeting.who} was not tried on the new schema: {why}")


def find_trial(rows: Sequence[Row], meeting: Meeting) -> Judgement | None:
    """Return what the newest trial of exactly this found; None where there was none."""
    for row in reversed(rows):
        if row.event is Event.JUDGED and row.is_about(item="6.3.1", subject=SUBJECT, step=TRIED):
            same = row.facts["version"] == meeting.version and list(row.facts["migrations"]) == list(meeting.names)
            return Judgement(Verdict(str(row.facts["verdict"])), str(row.facts["sentence"])) if same else None
    return None


def left_on_staging(rows: Sequence[Row]) -> Left | None:
    """Return what was put on staging and is not known to be put back; None where staging is as it was."""
    left = None
    for row in rows:
        if row.event is Event.INTENDED and row.is_about(item="6.3.1", subject=SUBJECT, step=PUT_THERE):
            left = Left(str(row.facts["kept_under"]), str(row.facts["digest"]))
        elif row.event is Event.CONFIRMED and row.is_about(item="6.3.1", subject=SUBJECT, step=PUT_BACK):
            left = None
    return left
