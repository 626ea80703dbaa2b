"""The five figures (9.1)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.limits import Limits, Risk
from policy.metrics import Ending, Figures, ReleaseFact, measure

SINCE = datetime(2026, 7, 1, tzinfo=UTC)
UNTIL = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)
BEGAN = datetime(2026, 8, 6, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def release(key: str = "r1", *, outcome: str = Ending.SIGNED_OFF) -> ReleaseFact:
    """A release that was live 40 minutes after its merge."""
    return ReleaseFact(
        key=key,
        began=BEGAN,
        merged_at=BEGAN,
        first_commit_at=BEGAN - 73 * 60 * MINUTE,
        live_at=BEGAN + 40 * MINUTE,
        ended=BEGAN + 100 * MINUTE,
        outcome=outcome,
        risk=Risk.LOW,
        touched=True,
        first_bad_at=None,
        recovered_at=None,
    )


def failed_release(key: str, *, minutes: float | None) -> ReleaseFact:
    """A release that was rolled back, and recovered so many minutes after it went bad."""
    bad_at = BEGAN + 10 * MINUTE
    recovered_at = None if minutes is None else bad_at + minutes * MINUTE
    rolled_back = release(key, outcome=Ending.ROLLED_BACK)
    return replace(rolled_back, live_at=None, first_bad_at=bad_at, recovered_at=recovered_at)


def measured(
    *releases: ReleaseFact, since: datetime = SINCE, until: datetime = UNTIL, begins: datetime | None = SINCE
) -> Figures:
    return measure(releases, since=since, until=until, begins=begins, limits=Limits())


def test_lead_time_is_told_from_merge_and_from_first_commit() -> None:
    """M1."""
    figures = measured(release())

    assert figures.lead_time.sentence == "40 min from the merge to live (median of 1 deployment)"
    assert figures.lead_time.value == timedelta(minutes=40)
    assert figures.lead_time.met is True
    assert figures.lead_time_from_first_commit.value == timedelta(hours=73, minutes=40)
    assert figures.lead_time_from_first_commit.sentence.startswith("73 h 40 min from the first commit to live")
    assert figures.lead_time_from_first_commit.met is None


def test_failed_deployments_are_counted_not_incidents() -> None:
    """M2: six incidents, caused by four of 23 deployments."""
    well = [release(f"well-{at}") for at in range(19)]
    bad = [failed_release(f"bad-{at}", minutes=5) for at in range(4)]

    figures = measured(*well, *bad, bad[0], bad[1])

    assert figures.success_rate.sentence == "82.6% (4 of 23 deployments failed)"
    assert figures.rollback_rate.sentence == "17.4% (4 of 23 deployments rolled back)"
    assert figures.success_rate.met is False
    assert figures.rollback_rate.met is False


def test_without_deployments_there_is_no_rate() -> None:
    """M4 (a)."""
    figures = measured()

    for figure in (figures.success_rate, figures.rollback_rate):
        assert (figure.value, figure.met, figure.sentence) == (None, None, "not applicable (0 deployments)")
    assert figures.recovery.sentence == "not applicable (0 failures in 0 deployments)"
    assert figures.lead_time.sentence == "not applicable (0 of 0 deployments with usable times)"
    assert figures.frequency.value == 0
    assert figures.frequency.met is False


def test_a_failure_that_has_not_recovered_is_open_not_zero() -> None:
    """M4 (b)."""
    figure = measured(failed_release("r1", minutes=None)).recovery

    assert (figure.value, figure.met, figure.sentence) == (None, False, "1 open since 2026-08-06 10:10 UTC")


def test_recovery_is_the_mean_and_names_what_is_open() -> None:
    figure = measured(
        failed_release("r1", minutes=4),
        failed_release("r2", minutes=8),
        failed_release("r3", minutes=None),
        failed_release("r4", minutes=-3),
    ).recovery

    assert figure.value == timedelta(minutes=6)
    assert figure.met is False
    assert figure.sentence == (
        "6 min (mean of 2 failures); 1 open since 2026-08-06 10:10 UTC; 1 with impossible times left out"
    )


@pytest.mark.parametrize(("minutes", "met"), [(9.9, True), (10, False), (11, False)])
def test_recovery_meets_its_target_below_ten_minutes(minutes: float, *, met: bool) -> None:
    assert measured(failed_release("r1", minutes=minutes)).recovery.met is met


def test_a_failure_still_open_but_young_leaves_the_target_undecided() -> None:
    figures = measured(failed_release("r1", minutes=None), until=BEGAN + 15 * MINUTE)

    assert figures.recovery.met is None


def test_what_recovered_after_the_period_was_open_at_its_end() -> None:
    figures = measured(failed_release("r1", minutes=60), until=BEGAN + 30 * MINUTE)

    assert figures.recovery.sentence == "1 open since 2026-08-06 10:10 UTC"


def test_failures_with_impossible_times_alone_give_no_mean() -> None:
    figure = measured(failed_release("r1", minutes=-3)).recovery

    assert (figure.value, figure.met, figure.sentence) == (None, None, "1 with impossible times left out")


def test_releases_that_touched_nothing_do_not_count() -> None:
    stopped = replace(release("r2", outcome=Ending.STOPPED), touched=False)

    assert measured(release(), stopped).success_rate.sentence == "100.0% (0 of 1 deployment failed)"


def test_a_release_that_went_bad_after_its_sign_off_failed() -> None:
    later = replace(release(), first_bad_at=BEGAN + 200 * MINUTE, recovered_at=BEGAN + 205 * MINUTE)

    figures = measured(later)

    assert figures.success_rate.value == 0
    assert figures.rollback_rate.value == 0
    assert figures.recovery.value == timedelta(minutes=5)


def test_a_release_under_way_is_named_but_not_counted() -> None:
    under_way = replace(release("r2"), ended=None)

    assert measured(release(), under_way).success_rate.sentence == (
        "100.0% (0 of 1 deployment failed); 1 not ended yet"
    )


def test_the_period_begins_inside_and_ends_outside() -> None:
    first, last = replace(release("r1"), began=SINCE), replace(release("r2"), began=UNTIL)

    assert "1 signed off" in measured(first, last).frequency.sentence


def test_frequency_is_per_week_and_must_be_above_one() -> None:
    two_weeks = {"since": BEGAN, "until": BEGAN + timedelta(weeks=2)}
    two = measured(release("r1"), release("r2"), **two_weeks).frequency
    three = measured(release("r1"), release("r2"), release("r3"), **two_weeks).frequency

    assert (two.value, two.met) == (1.0, False)
    assert (three.value, three.met) == (1.5, True)


@pytest.mark.parametrize(
    ("begins", "value", "said"),
    [
        pytest.param(SINCE - 9 * DAY, 7 / 92, "0.1 per week (1 signed off in 92 d)", id="since before the period"),
        pytest.param(
            UNTIL - 60 * DAY + 8 * 60 * MINUTE,
            7 / 60,
            "0.1 per week (1 signed off in 60 d, counted from the start of 02 Aug, the day of the first record)",
            id="the day of the first record counts whole",
        ),
        pytest.param(
            UNTIL - 7 * DAY,
            1.0,
            "1.0 per week (1 signed off in 7 d, counted from the start of 24 Sep, the day of the first record)",
            id="a week is enough",
        ),
        pytest.param(
            UNTIL - 6 * DAY,
            None,
            "not known yet (1 signed off in 6 d, counted from the start of 25 Sep, the day of the first record;"
            " it takes a week)",
            id="too few days",
        ),
        pytest.param(
            UNTIL - 4 * 60 * MINUTE,
            None,
            "not known yet (1 signed off in 1 d, counted from the start of 30 Sep, the day of the first record;"
            " it takes a week)",
            id="hours ago",
        ),
        pytest.param(UNTIL + DAY, None, "not known yet (no record covers these days)", id="only later records"),
        pytest.param(None, None, "not known yet (no record covers these days)", id="no record"),
    ],
)
def test_frequency_is_measured_from_where_the_records_begin(
    begins: datetime | None, value: float | None, said: str
) -> None:
    frequency = measured(release(), begins=begins).frequency

    assert frequency.sentence == said
    assert frequency.value == (None if value is None else pytest.approx(value))
    assert (frequency.met is None) == (value is None)


def test_an_empty_period_has_no_frequency() -> None:
    assert measured(until=SINCE).frequency.met is None


def test_releases_without_usable_times_are_left_out_and_counted() -> None:
    backwards = replace(release("r2"), live_at=BEGAN - MINUTE)
    unmerged = replace(release("r3"), merged_at=None)

    sentence = measured(release(), backwards, unmerged).lead_time.sentence

    assert sentence.endswith("(median of 1 deployment); 2 without usable times left out")


def test_the_report_has_the_figures_in_order() -> None:
    assert [figure.name for figure in measured().rows] == [
        "deployment frequency",
        "lead time",
        "lead time from the first commit",
        "success rate",
        "rollback rate",
        "mean time to recovery",
    ]


times = st.none() | st.integers(-500, 500).map(lambda minutes: BEGAN + minutes * MINUTE)
facts = st.builds(
    ReleaseFact,
    key=st.text(max_size=2),
    began=st.integers(-90_000, 90_000).map(lambda minutes: BEGAN + minutes * MINUTE),
    merged_at=times,
    first_commit_at=times,
    live_at=times,
    ended=times,
    outcome=st.sampled_from([*Ending, "something else"]),
    risk=st.sampled_from(Risk),
    touched=st.booleans(),
    first_bad_at=times,
    recovered_at=times,
)


@given(st.lists(facts, max_size=10))
def test_every_history_has_figures_and_no_value_is_negative(releases: list[ReleaseFact]) -> None:
    for figure in measured(*releases).rows:
        assert figure.sentence
        if isinstance(figure.value, timedelta):
            assert figure.value >= timedelta(0)
        elif figure.value is not None:
            assert figure.value >= 0
        else:
            assert figure.met is not True
