"""One judgement out of many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.combined import combine
from policy.judgement import Judgement, Verdict, attested, failed, not_applicable, passed, unknown
from policy.wording import counted, listed, short

RED = failed("a is red", link="https://ci/a")
LOST = unknown("b is lost", link="https://ci/b")
GREEN = passed("c is green")


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        pytest.param([], unknown("nothing was judged"), id="nothing"),
        pytest.param([GREEN, RED], failed("a is red", link="https://ci/a"), id="one failed"),
        pytest.param(
            [LOST, RED], failed("a is red; not known: b is lost", link="https://ci/a"), id="failed and unknown"
        ),
        pytest.param([GREEN, LOST], unknown("b is lost", link="https://ci/b"), id="unknown"),
        pytest.param([GREEN, passed("d too")], passed("c is green; d too"), id="all passed"),
        pytest.param([not_applicable("none")], not_applicable("none"), id="nothing applies"),
        pytest.param(
            [GREEN, attested("lint accepted", by="Ana")],
            Judgement(Verdict.ATTESTED, "c is green; lint accepted (Ana)"),
            id="somebody answers for one",
        ),
    ],
)
def test_a_whole_is_as_bad_as_its_worst_part_and_says_all_that_is_wrong(
    parts: list[Judgement], whole: Judgement
) -> None:
    assert combine(parts) == whole


def test_what_is_said_when_all_is_well_can_be_given() -> None:
    assert combine([GREEN], well="all green").sentence == "all green"


def test_numbers_commits_and_lists_are_said_as_people_do() -> None:
    assert (counted(1, "commit"), counted(0, "commit"), counted(3, "commit")) == ("1 commit", "0 commits", "3 commits")
    assert (short("b2" * 20), short("a1"), short("")) == ("b2b2b2b", "a1", "an unnamed commit")
    assert (listed("abc", most=2), listed("ab", most=2)) == ("a, b and 1 more", "a, b")


@given(st.lists(st.sampled_from([RED, LOST, GREEN, not_applicable("n")])), st.sampled_from([RED, LOST]))
def test_a_part_that_stops_stops_the_whole(parts: list[Judgement], bad: Judgement) -> None:
    whole = combine([*parts, bad])

    assert not whole.verdict.lets_pass
    assert bad.sentence in whole.sentence
