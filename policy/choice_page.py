"""4.1: what people see above the form where production cannot be judged, and which answers it takes."""

from collections.abc import Sequence
from typing import Final

from policy.release import Release
from policy.way_home import ROLL_BACK, STAY
from policy.wording import as_sentences, short

WAIT: Final = "keep waiting"


def open_choices(*, live: bool, taken_away: str) -> tuple[str, ...]:
    """Return the answers that can be given: a mixed fleet cannot stay, nor go back what the schema has lost."""
    return (WAIT, *((STAY,) if live else ()), *(() if taken_away else (ROLL_BACK,)))


def render_choice(release: Release, *, sentence: str, new: Sequence[str], live: bool, choices: Sequence[str]) -> str:
    """Return the question: what is not known, which server runs what, and what each answer, or none, does."""
    before = short(release.previous_commit)
    meanings = {
        WAIT: "nothing more is changed; the release goes on by itself once it can be judged, else you are asked again",
        STAY: f"{short(release.commit)} stays, without a sign-off",
        ROLL_BACK: f"every server that was changed goes back to {before}",
    }
    unanswered = f"as *{STAY}*" if live else "nothing more is changed, and you are asked again"
    closed = (
        *(() if STAY in choices else (f"*{STAY}* is no answer now: the servers differ.",)),
        *(() if ROLL_BACK in choices else (f"*{ROLL_BACK}* is no answer now: it would break production.",)),
    )
    return "\n\n".join(
        (
            f"## {release.what} is on hold: what next?",
            f"**{as_sentences(sentence)}**",
            _say_versions(release, new, before),
            "\n".join(f"- **{choice}**: {meanings[choice]}" for choice in choices),
            *closed,
            f"Without an answer: {unanswered}.",
        )
    )


def _say_versions(release: Release, new: Sequence[str], before: str) -> str:
    old = [name for name in release.servers if name not in new]
    sides = ((short(release.commit), new), (before, old))
    return "Now: " + "; ".join(f"{version} on {', '.join(names)}" for version, names in sides if names) + "."
