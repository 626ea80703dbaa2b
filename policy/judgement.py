"""A verdict on one item of the checklist, and the sentence that explains it with its arithmetic."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Verdict(StrEnum):
    """The status of an item in a record."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"
    WAIVED = "waived"
    ATTESTED = "attested"

    @property
    def lets_pass(self) -> bool:
        """Failed and unknown stop the way forward; unknown is not passed."""
        return self not in (Verdict.FAILED, Verdict.UNKNOWN)


_WORST_FIRST = (
    Verdict.FAILED,
    Verdict.UNKNOWN,
    Verdict.WAIVED,
    Verdict.ATTESTED,
    Verdict.PASSED,
    Verdict.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, the sentence with the measured value and the limit, and where a person can look.

    `excepted` names what was found and let pass until a day that somebody answers for (1.1.4).
    """

    verdict: Verdict
    sentence: str
    link: str | None = None
    excepted: tuple[str, ...] = ()


def passed(sentence: str, *, link: str | None = None) -> Judgement:
    """The item's condition was measured and holds."""
    return Judgement(Verdict.PASSED, sentence, link)


def failed(sentence: str, *, link: str | None = None) -> Judgement:
    """The item's condition was measured and does not hold."""
    return Judgement(Verdict.FAILED, sentence, link)


def unknown(sentence: str, *, link: str | None = None) -> Judgement:
    """The item could not be measured; that is never good evidence and never a reason to roll back."""
    return Judgement(Verdict.UNKNOWN, sentence, link)


def not_applicable(sentence: str, *, link: str | None = None) -> Judgement:
    """The item does not concern this release; the sentence says why."""
    return Judgement(Verdict.NOT_APPLICABLE, sentence, link)


def not_configured(section: str) -> Judgement:
    """The company does not have the system that would be asked."""
    return not_applicable(f"not configured: no [{section}] in the settings")


def attested(sentence: str, *, by: str) -> Judgement:
    """The named person confirmed what no machine can know."""
    return Judgement(Verdict.ATTESTED, f"{sentence} ({by})")


def worst_of(judgements: Iterable[Judgement]) -> Judgement:
    """Return the first of the worst judgements: a whole is as bad as its worst part.

    Without any judgement the answer is unknown: nothing was asked.
    """
    candidates = list(judgements)
    if not candidates:
        return unknown("nothing was judged")
    return min(candidates, key=lambda judgement: _WORST_FIRST.index(judgement.verdict))


def spoken(duration: timedelta) -> str:
    """Say a duration as people do, in its two largest units: `6 h 4 min`, `40 s`, `3 d 2 h`."""
    seconds = abs(duration).total_seconds()
    if 0 < seconds < 0.001:
        return f"{seconds * 1000:.1g} ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10 and seconds % 1:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    parts = []
    for name, size in units:
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"


def spoken_so_far(duration: timedelta) -> str:
    """Say how long something has been going on, as people do, who do not count parts of a second."""
    seconds = int(abs(duration).total_seconds())
    return spoken(timedelta(seconds=seconds)) if seconds else "under a second"


def spoken_size(size_bytes: int) -> str:
    """Say a size as people do: `3.1 GB`, `20 bytes`."""
    size = float(size_bytes)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
