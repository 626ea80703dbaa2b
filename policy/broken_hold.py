"""Breaking a hold: who may break that of a living release, and what is said to whoever it concerns."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from policy.items import Way
from policy.judgement import Judgement, failed, passed, spoken, spoken_so_far
from policy.record import Event, Row, last
from policy.release import Release
from policy.roles import Occasion, Person, Roster, entitled
from policy.wording import as_sentences

BROKEN: Final = "hold broken"
_INSTEAD = "raise `Red flag/red-flag`, start `Rollback/rollback`, or cancel its run: each puts back what it touched"


def judge_break(
    person: Person,
    *,
    held: str,
    lives: bool,
    silent_for: timedelta,
    stale_after: timedelta,
    although_it_lives: bool,
    roster: Roster,
    on: date,
) -> Judgement:
    """Pass where the process that holds the environment lives no longer, or is passed over by whoever may do that."""
    if not lives:
        return passed(f"{held}, and its process lives no longer")
    beat = f"last beat {spoken_so_far(silent_for)} ago, dead after {spoken(stale_after)}"
    alive = f"{held}, and its process lives ({beat})"
    could = entitled(Occasion.LIVING_HOLD, roster, on)
    if although_it_lives and person in could:
        return passed(f"{alive}; {person.name} breaks it all the same")
    names = ", ".join(one.name for one in could) or "nobody today; name a deputy"
    if although_it_lives:
        held_roles = ", ".join(sorted(person.roles_on(on))) or "no role"
        return failed(
            f"although_it_lives: {person.name} ({held_roles}) may not; may: {names}. {alive}; to stop it, {_INSTEAD}"
        )
    return failed(
        f"environment: {alive}; to stop it, {_INSTEAD}. Where that does not help, with `although_it_lives` it may be"
        f" broken by: {names}"
    )


def read_break(rows: Sequence[Row]) -> str:
    """Say who broke the hold and why; empty where nobody did, or where somebody asked for the roll-back since."""
    took_over = last(rows, Event.TOOK_OVER)
    return str(took_over.facts.get(BROKEN, "")) if took_over is not None else ""


def say_hold_broken(release: Release, sentence: str) -> str:
    """The announcement's first line once a person freed the environment: nothing more happens by itself."""
    way_on = "`Rollback/rollback` puts the version before back"
    if release.way is Way.MIGRATION:
        way_on = "look at what was applied, the alerts channel says where things stand"
    said = as_sentences(sentence, "every server is left as it is, and nobody's approval is wanted any more")
    return f":rotating_light: *{release.what}: its hold was broken.* {said} Next: {way_on}."


def say_no_longer_asked(release: Release, sentence: str) -> str:
    """The direct message to whoever was asked to decide and need not any more."""
    return (
        f":no_entry: *Your decision is no longer wanted: {release.what}.* {as_sentences(sentence)}"
        " What is typed into its form now does nothing."
    )
