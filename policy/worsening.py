"""Whether what is found now is what was found before, and no worse: the same words, and no number that grew much.

A finding is a sentence. Its parts stand between semicolons, each with the names of what it is about; numbers stand
among the words. What a number measures is known by its unit, and which way is worse is not known: what grew is worse.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

# What fluctuates is measured anew for each answer, and nobody waives the last digit.
MAY_GROW = 0.25
# An age grows by itself while people think.
AGE_MAY_GROW = timedelta(hours=1)

_SECONDS = {"ms": 0.001, "s": 1, "min": 60, "h": 3_600, "d": 86_400, "day": 86_400, "days": 86_400}
_BYTES = {"bytes": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
_NUMBER = r"\d[\d,]*(?:\.\d+)?"
# Part of a name, a date or a version is no number.
_BEGINS, _ENDS = r"(?<![\w#./:-])(?<!\d,)", r"(?!\w|[-./:,]\w)"
_DURATION = rf"{_NUMBER} ?(?:ms|s|min|h|days?|d){_ENDS}"
_KINDS = {
    "clock": r"\d\d:\d\d(?::\d\d)?",
    "share": rf"{_NUMBER} of {_NUMBER} requests?(?!/)",
    "requests": rf"{_NUMBER} (?:[a-z]+ )?requests?(?![\w/])",
    "time": rf"{_DURATION}(?: {_DURATION})*",
    "percent": rf"{_NUMBER} ?%",
    "size": rf"{_NUMBER} ?(?:bytes|[kKMGT]B){_ENDS}",
    "measured": rf"\d[\d,]*\.\d+{_ENDS}|{_NUMBER}(?= (?:rows?|times?)\b)",
    "count": rf"{_NUMBER}{_ENDS}(?= [a-z])(?! of\b)",
}
_QUANTITY = re.compile(_BEGINS + "(?:" + "|".join(f"(?P<{kind}>{words})" for kind, words in _KINDS.items()) + ")")
_FREE = ("clock", "requests")
_LIMIT = re.compile(r"\blimits? (?:is )?[^();]*")
_AGE_BEFORE = re.compile(r"(?:\bfor|\d\d:\d\d(?: [A-Z]{3,4})?,) $")
_AGE_AFTER = re.compile(r" (?:old|ago)\b")
_NOT_KNOWN = "; not known: "


@dataclass(frozen=True, slots=True)
class _Quantity:
    """One number of a finding, in the smallest unit of its kind."""

    kind: str
    value: float
    limit: float
    is_age: bool

    def is_no_worse_than(self, before: "_Quantity") -> bool:
        """Whether it grew by no more than it may, or is below its limit; a count of things may not grow at all."""
        if self.kind in _FREE:
            return True
        if self.kind == "count":
            return self.value <= before.value
        ages = AGE_MAY_GROW.total_seconds() if before.is_age else 0
        return self.value <= max(before.value * (1 + MAY_GROW), before.value + ages, before.limit)


def is_no_worse(found: str, later: str) -> bool:
    """Whether each part of the later finding is a part of the one before, with no number that grew by much.

    What is not known beside a failure is no part of it.
    """
    before = [*_parts(found)]
    return all(any(_covers(one, part) for one in before) for part in _parts(later))


def _parts(finding: str) -> Iterator[str]:
    yield from finding.split(_NOT_KNOWN, maxsplit=1)[0].split("; ")


def _covers(found: str, later: str) -> bool:
    if _QUANTITY.sub(_kind_of, found) != _QUANTITY.sub(_kind_of, later):
        return False
    return all(now.is_no_worse_than(before) for before, now in zip(_list(found), _list(later), strict=True))


def _kind_of(match: re.Match[str]) -> str:
    return f"<{match.lastgroup}>"


def _list(text: str) -> list[_Quantity]:
    """Return the numbers of a part in their order, each with the limit that is said of it."""
    matches = list(_QUANTITY.finditer(text))
    clauses = list(_LIMIT.finditer(text))
    return [
        _Quantity(
            kind=str(match.lastgroup),
            value=_value(str(match.lastgroup), match[0]),
            limit=_limit_of(match, matches[place + 1 :], clauses),
            is_age=bool(_AGE_BEFORE.search(text, 0, match.start()) or _AGE_AFTER.match(text, match.end())),
        )
        for place, match in enumerate(matches)
    ]


def _limit_of(match: re.Match[str], after: list[re.Match[str]], clauses: list[re.Match[str]]) -> float:
    """Return the next limit of the kind, unless it is said of another number of that kind; 0 where there is none."""
    clause = next((one for one in clauses if one.start() >= match.end()), None)
    if clause is None or any(one.lastgroup == match.lastgroup and one.end() <= clause.start() for one in after):
        return 0
    wanted = "percent" if match.lastgroup == "share" else match.lastgroup
    within = (one for one in after if clause.start() <= one.start() < clause.end() and one.lastgroup == wanted)
    return max((_value(str(wanted), one[0]) for one in within), default=0)


def _value(kind: str, words: str) -> float:
    match kind:
        case "clock":
            return 0
        case "share":
            part, whole = (_number(one) for one in re.findall(_NUMBER, words))
            return 100 * part / whole if whole else 0
        case "time":
            return sum(_number(one) * _SECONDS[unit] for one, unit in re.findall(rf"({_NUMBER}) ?([a-z]+)", words))
        case "size":
            return _number(words) * _BYTES[words.lstrip("0123456789,. ")]
        case _:
            return _number(words)


def _number(words: str) -> float:
    return float(re.sub(r"[^\d.]", "", words))
