"""What other limits would have done, in a sentence and as a page."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from policy.backtest import UNKNOWN_EFFECTS, Effect, Outcome, list_effects
from policy.judgement import spoken
from policy.limits import Limits
from policy.metrics_links import link_runs
from policy.page import as_cell
from policy.wording import counted, listed

_ORDER = (Effect.EARLIER, Effect.SAVED, Effect.FOR_NOTHING, Effect.MISSED, Effect.SAME, *sorted(UNKNOWN_EFFECTS))


def say_change(changes: Mapping[str, object], limits: Limits, changed: Limits) -> str:
    """Say which limits differ from those of today, and how; nothing changed means the rules of this version."""
    if not changes:
        return "The rules of this version with the limits of today"
    said = [f"{name} {_say(getattr(changed, name))} instead of {_say(getattr(limits, name))}" for name in changes]
    return f"With {listed(said, most=len(said))}"


def say_effects(change: str, outcomes: Sequence[Outcome], *, zone: str) -> str:
    """Say in one sentence what would have been different, and of how many releases that can be known."""
    replayed = [one for one in outcomes if one.effect not in UNKNOWN_EFFECTS]
    known = f"({counted(len(replayed), 'release')} replayed"
    for effect in sorted(UNKNOWN_EFFECTS):
        if lost := len(list_effects(outcomes, effect)):
            known += f"; of {lost} {effect.value}"
    if not replayed:
        return f"{change}: nothing can be said {known})."
    parts = list(_say_parts(outcomes, ZoneInfo(zone)))
    return f"{change}: would have {', and '.join(parts) or 'changed nothing'} {known})."


def _say_parts(outcomes: Sequence[Outcome], zone: ZoneInfo) -> Iterator[str]:
    earlier = list_effects(outcomes, Effect.EARLIER)
    if earlier:
        yield "stopped " + ", ".join(
            f"the release of {_day(one.past.began, zone)} {spoken(one.earlier)} earlier" for one in earlier
        )
    if saved := list_effects(outcomes, Effect.SAVED):
        yield f"stopped {_name(saved, zone)}, which nothing stopped"
    if wrong := list_effects(outcomes, Effect.FOR_NOTHING):
        yield f"stopped {counted(len(wrong), 'good one')} for nothing ({_days(wrong, zone)})"
    if missed := list_effects(outcomes, Effect.MISSED):
        yield f"not stopped {_name(missed, zone)} by the time the watch did"


def render_backtest(
    sentence: str,
    outcomes: Sequence[Outcome],
    today: Sequence[Outcome],
    *,
    unreadable: Sequence[str],
    zone: str,
    ui: str,
) -> str:
    """Return the page: the sentence, then each release as it was, as it would have been, and by the limits of today."""
    link, local = partial(link_runs, ui), ZoneInfo(zone)
    now = {one.past.key: one for one in today}
    rows = [
        f"| {link([one.past.key], _moment(one.past.began, local))} | {_was(one, local)} | {one.effect.value} |"
        f" {_would(one, local)} | {_would(now[one.past.key], local)} | {as_cell(one.sentence)} |"
        for effect in _ORDER
        for one in list_effects(outcomes, effect)
    ]
    return "\n".join(
        (
            "## Rules tried on the past",
            "",
            f"**{sentence}**",
            "",
            "| Release | What happened | Effect | With the change | With the limits of today | Why |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            *[line for one in unreadable for line in (f"Not replayed: {as_cell(one)}.", "")],
            "What a release would have done after it was really stopped, nobody measured: that the limits would not"
            " have stopped it by then does not say that they never would. Flags of people are as they were.",
        )
    )


def _was(outcome: Outcome, zone: ZoneInfo) -> str:
    past = outcome.past
    if past.stopped_at is None:
        return "failed, not stopped" if past.failed else "went well"
    return f"stopped {_moment(past.stopped_at, zone)} {'by the watch' if past.by_watch else 'otherwise'}"


def _would(outcome: Outcome, zone: ZoneInfo) -> str:
    if outcome.effect in UNKNOWN_EFFECTS:
        return "not known"
    asks = f", people asked {_moment(outcome.asks_at, zone)}" if outcome.asks_at else ""
    stops = f"stopped {_moment(outcome.stops_at, zone)}" if outcome.stops_at else "not stopped"
    return f"{stops}{asks}"


def _name(outcomes: Sequence[Outcome], zone: ZoneInfo) -> str:
    which = "the release" if len(outcomes) == 1 else "the releases"
    return f"{which} of {_days(outcomes, zone)}"


def _days(outcomes: Sequence[Outcome], zone: ZoneInfo) -> str:
    return listed((_day(one.past.began, zone) for one in outcomes), most=len(outcomes))


def _day(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%B %Y}"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _say(value: object) -> str:
    """Say a limit as it was typed: nothing of it is rounded away."""
    if not isinstance(value, timedelta):
        return f"{value:.12g}"
    seconds = value.total_seconds()
    if abs(seconds) < 1:
        return f"{seconds * 1000:.12g} ms"
    keeps_all = seconds % 60 == 0 or (seconds < 3_600 and seconds % 1 == 0)
    return spoken(value) if keeps_all else f"{seconds:.12g} s"
