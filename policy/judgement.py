"""A verdict on one item of the checklist, and the sentence that explains it with its arithmetic."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any


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


_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
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

    @property
    def facts(self) -> dict[str, Any]:
        """What the row of a record keeps of it."""
        said = {"verdict": self.verdict.value, "sentence": self.sentence, "link": self.link}
        return {**said, "excepted": list(self.excepted)} if self.excepted else said

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> "Judgement":
        """Return the judgement that a row of a record keeps."""
        excepted = tuple(str(name) for name in facts.get("excepted", ()))
        return cls(Verdict(str(facts["verdict"])), str(facts["sentence"]), facts.get("link"), excepted)


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
    return _two_units(round(seconds), *_UNITS)


def spoken_in_hours(duration: timedelta) -> str:
    """Say a duration that is compared with others, without days: `73 h 40 min`, `12 min 5 s`."""
    if abs(duration) < timedelta(days=1):
        return spoken(duration)
    return _two_units(round(abs(duration).total_seconds()), *_UNITS[1:])


def _two_units(seconds: int, *units: tuple[str, int]) -> str:
    """Say the first two of the units that are not zero."""
    parts = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
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
