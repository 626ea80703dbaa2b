"""Fisher's exact test against sums of whole numbers, and the number of requests that are missing against its power."""

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from policy.exact_test import (
    SIGNIFICANT,
    Answer,
    Count,
    count,
    judge_error_rates,
    say_tested,
    score_chance,
    score_needed_requests,
    spoken_number,
)

LIMIT = 0.01


def chance_in_whole_numbers(new: Count, old: Count) -> Fraction:
    """The p-value as Fisher wrote it: ways to put so many failures or more on the new side, of all ways."""
    failed, total = new.errors + old.errors, new.requests + old.requests
    ways = sum(
        math.comb(failed, errors) * math.comb(total - failed, new.requests - errors)
        for errors in range(new.errors, min(failed, new.requests) + 1)
    )
    return Fraction(ways, math.comb(total, new.requests))


@st.composite
def counts(draw: st.DrawFn, *, most: int = 150) -> Count:
    requests = draw(st.integers(0, most))
    return Count(requests, draw(st.integers(0, requests)))


@pytest.mark.parametrize(
    ("new", "old", "chance"),
    [
        # Fisher's lady who tastes tea: all four cups, 1 of C(8, 4); three of four, 17 of 70.
        (Count(4, 4), Count(4, 0), Fraction(1, 70)),
        (Count(4, 3), Count(4, 1), Fraction(17, 70)),
        # All failures on one of two equal sides: C(5, 3) of C(10, 3).
        (Count(5, 3), Count(5, 0), Fraction(1, 12)),
        (Count(5, 0), Count(5, 3), Fraction(1)),
        (Count(10, 0), Count(10, 0), Fraction(1)),
        (Count(0, 0), Count(0, 0), Fraction(1)),
        (Count(7, 7), Count(9, 9), Fraction(1)),
    ],
)
def test_the_chance_is_what_can_be_counted_by_hand(new: Count, old: Count, chance: Fraction) -> None:
    assert chance_in_whole_numbers(new, old) == chance
    assert score_chance(new, old) == pytest.approx(float(chance), rel=1e-12)


@given(counts(), counts())
def test_the_chance_is_the_sum_of_whole_numbers(new: Count, old: Count) -> None:
    assert score_chance(new, old) == pytest.approx(float(chance_in_whole_numbers(new, old)), rel=1e-11, abs=1e-29)


@given(counts(most=5000), counts(most=5000))
def test_failures_and_successes_may_be_exchanged_with_the_sides(new: Count, old: Count) -> None:
    exchanged = score_chance(
        Count(old.requests, old.requests - old.errors), Count(new.requests, new.requests - new.errors)
    )
    rows_for_columns = score_chance(
        Count(new.errors + old.errors, new.errors),
        Count(new.requests + old.requests - new.errors - old.errors, new.requests - new.errors),
    )

    assert score_chance(new, old) == pytest.approx(exchanged, rel=1e-9, abs=1e-27)
    assert score_chance(new, old) == pytest.approx(rows_for_columns, rel=1e-9, abs=1e-27)


@given(counts(), counts())
def test_worse_here_and_worse_there_share_only_what_was_seen(new: Count, old: Count) -> None:
    failed, total = new.errors + old.errors, new.requests + old.requests
    seen = math.comb(failed, new.errors) * math.comb(total - failed, new.requests - new.errors)
    both = score_chance(new, old) + score_chance(old, new)

    assert both == pytest.approx(float(1 + Fraction(seen, math.comb(total, new.requests))))


@given(counts(most=5000), counts(most=5000))
def test_one_failure_more_on_the_new_side_makes_chance_less_likely(new: Count, old: Count) -> None:
    assume(new.errors < new.requests)

    assert score_chance(Count(new.requests, new.errors + 1), old) <= score_chance(new, old) + 1e-12


@given(counts(most=5000), counts(most=5000))
def test_one_failure_more_on_the_old_side_makes_chance_likelier(new: Count, old: Count) -> None:
    assume(old.errors < old.requests)

    assert score_chance(new, Count(old.requests, old.errors + 1)) >= score_chance(new, old) - 1e-12


NUMBERS = st.one_of(
    st.integers(0, 10**6), st.integers(min_value=0), st.integers(), st.floats(), st.none(), st.booleans(), st.text()
)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_whatever_is_given_there_is_an_answer(served: object, failed: object, before: object, lost: object) -> None:
    new, old = count(served, failed), count(before, lost)

    tested = judge_error_rates(new, old, limit=LIMIT)

    assert say_tested(tested, new, old).startswith(tested.answer.value)
    assert (tested.answer is Answer.UNKNOWN) == (new is None or old is None or old.requests == 0)
    assert tested.chance is None or 0 <= tested.chance <= 1
    assert tested.missing is None or tested.missing > 0


@pytest.mark.parametrize("absent", [None, math.nan, math.inf, -1, "12", True, 10**9])
def test_what_was_not_measured_is_not_known(absent: object) -> None:
    assert count(absent, 0) is None
    assert count(100, absent) is None or absent == 10**9


def test_what_was_measured_becomes_whole_and_no_more_fails_than_was_served() -> None:
    assert count(99.6, 1.4) == Count(100, 1)
    assert count(3, 10**9) == Count(3, 3)


@pytest.mark.parametrize(
    ("new", "old", "says"),
    [
        (
            Count(400, 12),
            Count(410, 3),
            "worse: were both alike, chance would do this in 1.49% of cases",
        ),
        (
            Count(9000, 90),
            Count(9000, 0),
            "worse: were both alike, chance would do this in less than 0.01% of cases",
        ),
        (
            Count(5000, 48),
            Count(5000, 50),
            "no worse: twice the old rate would most likely have shown",
        ),
        (
            Count(1000, 0),
            Count(1000, 0),
            "no worse: a rate at the limit would most likely have shown",
        ),
        (
            Count(462, 0),
            Count(462, 0),
            "not enough traffic to tell: about 340 more requests",
        ),
        (
            Count(0, 0),
            Count(100, 0),
            "not enough traffic to tell: about 810 more requests",
        ),
        (None, Count(10, 0), "not known: the requests and failures of both versions are needed"),
        (Count(10, 0), Count(0, 0), "not known: the requests and failures of both versions are needed"),
        (
            Count(10, 10),
            Count(10, 10),
            "no worse: twice the old rate would most likely have shown",
        ),
    ],
)
def test_the_answer_stands_first_and_what_it_rests_on_behind_it(
    new: Count | None, old: Count | None, says: str
) -> None:
    assert say_tested(judge_error_rates(new, old, limit=LIMIT), new, old) == says


def binomial(requests: int, rate: float, errors: int) -> float:
    return math.comb(requests, errors) * rate**errors * (1 - rate) ** (requests - errors)


def power(new: int, old: int, *, after: float, before: float) -> float:
    """How often the test sees that a rate rose from `before` to `after`, summed over what may happen on both sides."""
    seen = 0.0
    least = 0
    for lost in range(old + 1):
        likely = binomial(old, before, lost)
        if likely < 1e-7:
            if lost > before * old:
                break
            continue
        while least <= new and score_chance(Count(new, least), Count(old, lost)) > SIGNIFICANT:
            least += 1
        seen += likely * (1 - sum(binomial(new, after, errors) for errors in range(least)))
    return seen


@pytest.mark.parametrize(
    ("new", "old"),
    [
        pytest.param(Count(100, 0), Count(100, 0), id="no failure before: the limit"),
        pytest.param(Count(100, 0), Count(500, 0), id="no failure before, five old servers"),
        pytest.param(Count(200, 3), Count(1000, 20), id="2 %, five old servers"),
        pytest.param(Count(50, 5), Count(100, 10), id="10 %, two old servers"),
        pytest.param(Count(100, 0), Count(100, 30), id="30 %"),
        pytest.param(Count(300, 9), Count(150, 6), id="4 %, half the traffic"),
    ],
)
def test_with_so_many_requests_a_rise_that_matters_is_seen_in_four_of_five_cases(new: Count, old: Count) -> None:
    needed = score_needed_requests(new, old, limit=LIMIT)

    after = 2 * old.rate if old.errors else LIMIT
    seen = power(needed, round(needed * old.requests / new.requests), after=after, before=old.rate)

    assert 0.78 < seen < (0.82 if old.errors else 0.93)


@given(counts(most=10**6), counts(most=10**6))
def test_more_of_the_same_traffic_never_leaves_more_to_wait_for(new: Count, old: Count) -> None:
    assume(new.requests and old.requests)
    twice = [Count(2 * side.requests, 2 * side.errors) for side in (new, old)]

    needed = score_needed_requests(new, old, limit=LIMIT)

    assert score_needed_requests(*twice, limit=LIMIT) == needed >= 0


@pytest.mark.parametrize(("number", "said"), [(1, "1"), (97, "97"), (338, "340"), (1201, "1,300"), (99_100, "100,000")])
def test_a_number_is_said_with_two_digits(number: int, said: str) -> None:
    assert spoken_number(number) == said
