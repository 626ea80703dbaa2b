"""What a plan shows: every step in the order in which it is carried out, and every item of the way, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from policy.checklist import ITEMS
from policy.items import Asked, Kind, Way, in_order
from policy.judgement import Verdict, spoken
from policy.page import as_cell
from policy.release import Release
from policy.wording import as_sentences

_DATABASE = "6."
# What is carried out only where something goes wrong: the way home, and the advice beside a step that failed.
_IN_TROUBLE = ("4.", "10.")


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing that a release does or asks, the items that it is for, and its command if it has one."""

    items: tuple[str, ...]
    title: str
    command: str = ""


def say_at_a_glance(release: Release, who_may_approve: str, phases: Sequence[str]) -> str:
    """Return what a reader wants to know first: who decides and when, what is held meanwhile, and each phase."""
    is_first = release.way is Way.MIGRATION
    when = "before the database is touched" if is_first else f"once {release.servers[0]} is updated"
    decides = f"**The release {who_may_approve}**, within {spoken(release.limits.approval)} {when}"
    held = f"it holds {release.environment} from its beginning to its end"
    risk = f"{release.risk.value} risk, requested by {release.request.requested_by}"
    return as_sentences(f"{decides}; {held}", risk, *phases)


def list_order(planned: Sequence[Planned]) -> str:
    """Return the steps as a numbered list, in the order in which they are carried out."""
    return "\n".join(
        f"{number}. **{one.title}**{f': `{one.command}`' if one.command else ''}"
        for number, one in enumerate(planned, start=1)
    )


def list_items(way: Way, planned: Sequence[Planned], judged: Mapping[str, Verdict], *, migrates: bool) -> list[str]:
    """Return the numbers of all items that this way asks, or that a step is for, each once, with where it stands."""
    numbers = [
        number
        for number in sorted(ITEMS, key=in_order)
        if ITEMS[number].asked[way] is not Asked.NOT_ASKED or any(number in one.items for one in planned)
    ]
    return [
        f"| {ITEMS[number].name} | {as_cell(_where(number, planned, judged, migrates=migrates))} |"
        for number in numbers
    ]


def render_items(way: Way, planned: Sequence[Planned], judged: Mapping[str, Verdict], *, migrates: bool) -> str:
    """Return the items as a table."""
    return "\n".join(("| Item | In this plan |", "|---|---|", *list_items(way, planned, judged, migrates=migrates)))


def _where(number: str, planned: Sequence[Planned], judged: Mapping[str, Verdict], *, migrates: bool) -> str:
    said = [f"{judged[number]} now, as shown above"] if number in judged else []
    if steps := [place for place, one in enumerate(planned, start=1) if number in one.items]:
        said.append(_say_steps(steps))
    if said:
        return "; ".join(said)
    if number.startswith(_IN_TROUBLE):
        return "only where something goes wrong"
    if number.startswith(_DATABASE) and not migrates:
        return "no migration in this release"
    return "nothing to do in this release" if ITEMS[number].kind is Kind.ACTION else "not asked in this plan"


def _say_steps(steps: Sequence[int]) -> str:
    """Say which steps they are: `step 3`, `steps 3 to 6, 9`."""
    starts = [steps[0], *(after for before, after in pairwise(steps) if after != before + 1)]
    ends = [*(before for before, after in pairwise(steps) if after != before + 1), steps[-1]]
    spans = [str(start) if start == end else f"{start} to {end}" for start, end in zip(starts, ends, strict=True)]
    return f"step{'' if len(steps) == 1 else 's'} {', '.join(spans)}"
