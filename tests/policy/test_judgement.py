"""Verdicts, which of them is the worst, and how durations and sizes are said."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.judgement import (
    Judgement,
    Verdict,
    attested,
    failed,
    not_applicable,
    not_configured,
    passed,
    spoken,
    spoken_in_hours,
    spoken_size,
    spoken_so_far,
    unknown,
    worst_of,
)

judgements = st.builds(Judgement, st.sampled_from(Verdict), st.text(max_size=5))


@pytest.mark.parametrize(
    ("verdict", "lets_pass"),
    [
        (Verdict.PASSED, True),
        (Verdict.FAILED, False),
        (Verdict.UNKNOWN, False),
        (Verdict.NOT_APPLICABLE, True),
        (Verdict.WAIVED, True),
        (Verdict.ATTESTED, True),
    ],
)
def test_only_failed_and_unknown_stop(verdict: Verdict, *, lets_pass: bool) -> None:
    assert verdict.lets_pass is lets_pass


def test_each_maker_gives_its_own_verdict() -> None:
    made = [passed("a"), failed("b"), unknown("c"), not_applicable("d"), attested("e", by="Tomas Lima")]

    assert [one.verdict for one in made] == [
        Verdict.PASSED,
        Verdict.FAILED,
        Verdict.UNKNOWN,
        Verdict.NOT_APPLICABLE,
        Verdict.ATTESTED,
    ]
    assert made[-1].sentence == "e (Tomas Lima)"
    assert passed("seen", link="http://there").link == "http://there"


@given(st.lists(judgements))
def test_a_whole_passes_only_if_every_part_does(parts: list[Judgement]) -> None:
    worst = worst_of(parts)

    assert worst.verdict.lets_pass == (bool(parts) and all(part.verdict.lets_pass for part in parts))
    assert not parts or worst in parts


@given(st.lists(judgements, min_size=1))
def test_a_measured_failure_outweighs_what_is_not_known(parts: list[Judgement]) -> None:
    assert (worst_of(parts).verdict is Verdict.FAILED) == any(part.verdict is Verdict.FAILED for part in parts)


def test_the_first_of_the_worst_is_named() -> None:
    assert worst_of([passed("a"), failed("b"), failed("c")]).sentence == "b"


def test_nothing_asked_is_not_passed() -> None:
    assert worst_of([]) == unknown("nothing was judged")


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (timedelta(0), "0 ms"),
        (timedelta(microseconds=100), "0.1 ms"),
        (timedelta(milliseconds=250), "250 ms"),
        (timedelta(seconds=1.5), "1.5 s"),
        (timedelta(seconds=2), "2 s"),
        (timedelta(seconds=40), "40 s"),
        (timedelta(seconds=59.7), "1 min"),
        (timedelta(minutes=12, seconds=5), "12 min 5 s"),
        (timedelta(hours=6, minutes=4, seconds=9), "6 h 4 min"),
        (timedelta(days=3, hours=2, minutes=1), "3 d 2 h"),
        (timedelta(days=1, seconds=5), "1 d 5 s"),
        (-timedelta(seconds=40), "40 s"),
    ],
)
def test_durations_are_said_in_two_units(duration: timedelta, said: str) -> None:
    assert spoken(duration) == said


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (timedelta(minutes=12, seconds=5), "12 min 5 s"),
        (timedelta(hours=23, minutes=59, seconds=59), "23 h 59 min"),
        (timedelta(hours=73, minutes=40), "73 h 40 min"),
        (-timedelta(days=2), "48 h"),
    ],
)
def test_durations_that_are_compared_are_said_without_days(duration: timedelta, said: str) -> None:
    assert spoken_in_hours(duration) == said


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)))
def test_every_duration_can_be_said(duration: timedelta) -> None:
    assert len(spoken(duration).split()) in (2, 4)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "under a second"), (0.144, "under a second"), (0.999, "under a second"), (1.4, "1 s"), (61.2, "1 min 1 s")],
)
def test_how_long_something_has_been_going_on_is_said_without_parts_of_a_second(seconds: float, said: str) -> None:
    assert spoken_so_far(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("size_bytes", "said"),
    [
        (0, "0 bytes"),
        (20, "20 bytes"),
        (1_500, "1.5 kB"),
        (2_000_000, "2.0 MB"),
        (3_100_000_000, "3.1 GB"),
        (5_000_000_000_000, "5.0 TB"),
    ],
)
def test_sizes_are_said_in_one_unit(size_bytes: int, said: str) -> None:
    assert spoken_size(size_bytes) == said


def test_what_the_company_does_not_have_lets_pass_and_says_so() -> None:
    judgement = not_configured("backups")

    assert judgement.verdict is Verdict.NOT_APPLICABLE
    assert judgement.verdict.lets_pass
    assert judgement.sentence == "not configured: no [backups] in the settings"
