"""Do requests fail more often on the new version: Fisher's exact test, beside the fixed limits that decide.

The test asks: if both versions failed alike, in how many cases would chance alone put so many of the failures, or more,
on the new one? It holds at any number of requests, so a few of them cannot mislead it; they can only leave it open.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from statistics import NormalDist

from policy.judgement import spoken
from policy.measurement import measured

TEST = "Fisher's exact test, one-sided"
# Rarer than this by chance is worse.
SIGNIFICANT = 0.05
# A rise that matters is seen in this share of cases, or there was not enough traffic to say "no worse".
POWER = 0.80
# No server counts more in the minutes of a watch; beyond it a number is a mistake.
_MOST = 10**8
# A term so much smaller than the largest one changes no chance that anybody tells from zero.
_NEGLIGIBLE = 1e-30


class Answer(StrEnum):
    """What the test says, in the words of the page."""

    WORSE = "worse"
    NO_WORSE = "no worse"
    TOO_LITTLE = "not enough traffic to tell"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Count:
    """Requests of one side, and how many of them failed."""

    requests: int
    errors: int

    @property
    def rate(self) -> float:
        """The share that failed; 0 without requests."""
        return self.errors / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class Tested:
    """The answer, how often chance alone would do it, and how many requests are missing on the new side."""

    answer: Answer
    chance: float | None = None
    missing: int | None = None


def count(requests: object, errors: object) -> Count | None:
    """Return whole numbers of what was measured; None where one is not known or cannot be."""
    served, failed = measured(requests), measured(errors)
    if served is None or failed is None or served > _MOST:
        return None
    return Count(round(served), min(round(served), round(failed)))


def judge_error_rates(new: Count | None, old: Count | None, *, limit: float) -> Tested:
    """Say whether the new version fails more often than the old one did over the same minutes.

    `limit` is the rate that must be seen where the old version had no failure to double.
    """
    if new is None or old is None or not old.requests:
        return Tested(Answer.UNKNOWN)
    chance = score_chance(new, old)
    if chance <= SIGNIFICANT:
        return Tested(Answer.WORSE, chance)
    missing = score_needed_requests(new, old, limit=limit) - new.requests
    if missing > 0:
        return Tested(Answer.TOO_LITTLE, chance, missing)
    return Tested(Answer.NO_WORSE, chance)


def score_chance(new: Count, old: Count) -> float:
    """Return the one-sided p-value: how often so many failures or more fall on the new side by chance alone.

    The terms of the hypergeometric distribution are built from the largest one outwards, each from its neighbour,
    until the rest cannot be seen in the sum: nothing is approximated, and nothing overflows.
    """
    failed, total = new.errors + old.errors, new.requests + old.requests
    least, most = max(0, failed - old.requests), min(failed, new.requests)
    mode = min(most, max(least, (failed + 1) * (new.requests + 1) // (total + 2)))

    def ratio(errors: int) -> float:
        """How much likelier one failure more on the new side is than so many."""
        return ((failed - errors) * (new.requests - errors)) / ((errors + 1) * (old.requests - failed + errors + 1))

    above = _terms(mode, most, step=1, factor=ratio)
    below = _terms(mode, least, step=-1, factor=lambda errors: 1 / ratio(errors - 1))
    every = [*reversed(below[1:]), *above]
    first = mode - (len(below) - 1)
    tail = every[max(0, new.errors - first) :]
    return min(1.0, math.fsum(tail) / math.fsum(every))


def score_needed_requests(new: Count, old: Count, *, limit: float) -> int:
    """Return how many requests the new side needs until a rise that matters is seen in 80 % of cases.

    That rise is the doubling of the old rate, or `limit` where the old rate is zero. Both sides are taken to go on in
    the proportion they have now. The size is that of Casagrande, Pike and Smith for Fisher's exact test, with unequal
    sides as in Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions", 4.4: good to about one point of
    the 80 %, and generous where the old rate is zero.
    """
    before = old.rate
    after = min(1.0, 2 * before) if before else limit
    if after <= before:
        return 0
    sides = old.requests / new.requests if new.requests and old.requests else 1.0
    sure, strong = NormalDist().inv_cdf(1 - SIGNIFICANT), NormalDist().inv_cdf(POWER)
    pooled = (after + sides * before) / (sides + 1)
    alike = sure * math.sqrt((sides + 1) * pooled * (1 - pooled))
    apart = strong * math.sqrt(sides * after * (1 - after) + before * (1 - before))
    plain = (alike + apart) ** 2 / (sides * (after - before) ** 2)
    whole = plain / 4 * (1 + math.sqrt(1 + 2 * (sides + 1) / (plain * sides * (after - before)))) ** 2
    return math.ceil(whole)


def say_tested(tested: Tested, new: Count | None, old: Count | None, *, over: timedelta = timedelta(0)) -> str:
    """Say the answer with its arithmetic, for somebody who was asleep a minute ago; `over` is the time counted."""
    if new is None or old is None or tested.chance is None:
        return f"{tested.answer}: the requests and failures of both versions are needed"
    if tested.answer is Answer.WORSE:
        return f"worse: were both alike, chance would do this in {_percent(tested.chance)} of cases"
    if tested.missing is None:
        seen = "twice the old rate" if old.errors else "a rate at the limit"
        return f"no worse: {seen} would most likely have shown"
    wait = f", {spoken(tested.missing / new.requests * over)} of this traffic" if new.requests and over else ""
    return f"not enough traffic to tell: about {spoken_number(tested.missing)} more requests{wait}"


def spoken_number(number: int) -> str:
    """Say a number with two digits that count, rounded up: `340`, `1,300`."""
    size = 10 ** max(0, len(str(number)) - 2)
    return f"{-(-number // size) * size:,}"


def _terms(start: int, end: int, *, step: int, factor: Callable[[int], float]) -> list[float]:
    """Return the terms from `start` to `end`, the first being 1, until they no longer count."""
    terms, term = [1.0], 1.0
    for errors in range(start, end, step):
        term *= factor(errors)
        if term < _NEGLIGIBLE:
            break
        terms.append(term)
    return terms


def _percent(share: float) -> str:
    return "less than 0.01%" if 0 < share < 0.0001 else f"{share:.2%}"
