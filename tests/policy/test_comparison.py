"""The two versions side by side at the gate; what is not known is said to be not known."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.comparison import Comparison, Side, compare, headline_of, render_comparison
from policy.exact_test import Answer
from policy.limits import Limits
from policy.samples import Sample

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TOOK_TRAFFIC = NOW - 10 * MINUTE
LIMITS = Limits()
FRESH, USUAL, OTHER = "web-server-1", "web-server-2", "web-server-3"


def ms(value: float) -> timedelta:
    return timedelta(milliseconds=value)


SOME = ms(120)


def sample(
    server: str = FRESH,
    *,
    ago: timedelta = timedelta(0),
    requests: float | None = 100,
    errors: float | None = 1,
    p95: timedelta | None = SOME,
) -> Sample:
    return Sample(NOW - ago, server, requests, errors, p95, MINUTE, p50=ms(40), p99=ms(300))


def compared(samples: Sequence[Sample], *, old: Sequence[str] = (USUAL,), limits: Limits = LIMITS) -> Comparison:
    return compare(samples, new={FRESH: TOOK_TRAFFIC}, old=old, limits=limits)


def watched(server: str, *, minutes: int = 10, requests: float = 100, errors: float = 1) -> list[Sample]:
    """Samples every 15 s, so that four of them cover each moment."""
    return [
        sample(server, ago=timedelta(seconds=ago), requests=requests, errors=errors)
        for ago in range(0, minutes * 60 - 59, 15)
    ]


def test_overlapping_samples_count_each_moment_once_on_both_sides() -> None:
    comparison = compared(watched(FRESH) + watched(USUAL, errors=2))

    assert (comparison.new.requests, comparison.new.errors) == (1000, 10)
    assert (comparison.old.requests, comparison.old.errors) == (1000, 20)
    assert comparison.counted == 10 * MINUTE


@pytest.mark.parametrize(
    ("samples", "old"),
    [
        pytest.param([sample(USUAL)], (100, 1, ms(120)), id="one server"),
        pytest.param([sample(USUAL), sample(USUAL)], (100, 1, ms(120)), id="the same sample twice"),
        pytest.param([sample(USUAL, errors=None)], (100, 0, ms(120)), id="no error was ever counted"),
        pytest.param([sample(USUAL, errors=150)], (100, 100, ms(120)), id="no more fails than was served"),
        pytest.param([sample(USUAL, p95=None)], (100, 1, None), id="no latency"),
        pytest.param([sample(USUAL, p95=ms(-1))], (100, 1, None), id="a latency that cannot be"),
        pytest.param([sample(USUAL, errors=float("nan"))], (None, None, None), id="errors not a number"),
        pytest.param([sample(USUAL, requests=None)], (None, None, None), id="dark"),
        pytest.param([sample(USUAL, ago=3 * MINUTE)], (None, None, None), id="stale"),
        pytest.param([sample(USUAL, ago=10 * MINUTE)], (None, None, None), id="before the new version"),
        pytest.param([sample(OTHER)], (None, None, None), id="another server"),
        pytest.param([], (None, None, None), id="no sample"),
    ],
)
def test_a_side_is_what_its_servers_served(
    samples: list[Sample], old: tuple[float | None, float | None, timedelta | None]
) -> None:
    side = compared([sample(), *samples]).old

    assert (side.requests, side.errors, side.p95) == old


def test_servers_are_added_up_and_the_slowest_counts() -> None:
    side = compared(
        [sample(), sample(USUAL, p95=ms(90)), sample(OTHER, requests=50, errors=2, p95=ms(300))], old=(USUAL, OTHER)
    ).old

    assert (side.requests, side.errors, side.p50, side.p95, side.p99) == (150, 3, ms(40), ms(300), ms(300))


def test_one_dark_server_makes_its_side_not_known_and_leaves_the_other() -> None:
    comparison = compared([sample(), sample(USUAL), sample(OTHER, requests=None)], old=(USUAL, OTHER))

    assert (comparison.old.requests, comparison.old.p95) == (None, None)
    assert comparison.new.requests == 100
    assert comparison.tested.answer is Answer.UNKNOWN


def test_minutes_in_which_one_side_was_not_measured_count_on_neither() -> None:
    late = [one for one in watched(USUAL) if NOW - one.at < 4 * MINUTE]

    comparison = compared(watched(FRESH) + late)

    assert comparison.new.requests == comparison.old.requests == 400
    assert comparison.counted == 4 * MINUTE


def test_the_middle_of_the_minutes_is_the_latency_of_a_server() -> None:
    one_peak = [sample(ago=MINUTE * ago, p95=ms(9000 if ago == 3 else 100 + ago)) for ago in range(5)]

    assert compared([*one_peak, *watched(USUAL)]).new.p95 == ms(102)


def test_a_warm_up_is_left_out_of_the_latency_of_both_and_of_nothing_else() -> None:
    cold = [sample(server, ago=9 * MINUTE - timedelta(seconds=20), p95=ms(4000)) for server in (FRESH, USUAL)]
    warm = [sample(server, ago=ago * MINUTE) for server in (FRESH, USUAL) for ago in range(8)]

    comparison = compared(cold + warm)

    assert comparison.left_out == 1
    assert comparison.new.p95 == comparison.old.p95 == ms(120)
    assert comparison.new.requests == 900
    assert comparison.new.moments[0].p95 is None
    assert comparison.new.moments[0].error_rate == 0.01
    assert "Latency leaves out the first 30 s after a boot (warm-up)." in render_comparison(comparison, limits=LIMITS)


def test_while_everything_is_warm_up_latency_is_not_known() -> None:
    limits = Limits(warm_up=20 * MINUTE)

    comparison = compared([sample(), sample(USUAL)], limits=limits)

    assert (comparison.new.p50, comparison.new.p95, comparison.new.p99) == (None, None, None)
    assert "| p95 latency | not known | not known | below 500 ms |" in render_comparison(comparison, limits=limits)


def test_without_a_warm_up_the_page_speaks_of_none() -> None:
    assert "warm-up" not in render_comparison(compared([sample(), sample(USUAL)]), limits=LIMITS)


def test_a_gap_between_windows_is_a_gap_in_the_picture() -> None:
    moments = compared([sample(ago=5 * MINUTE), sample(), sample(USUAL)]).new.moments

    assert [(NOW - one.at, one.error_rate, one.p95) for one in moments] == [
        (5 * MINUTE, 0.01, ms(120)),
        (MINUTE, None, None),
        (timedelta(0), 0.01, ms(120)),
    ]


def test_a_moment_without_requests_or_with_a_dark_server_is_no_zero() -> None:
    idle = compared([sample(requests=0, errors=0, p95=None), sample(USUAL)]).new.moments
    dark = compared([sample(), sample(USUAL), sample(OTHER, requests=None)], old=(USUAL, OTHER)).old.moments

    assert [(one.error_rate, one.p95) for one in (*idle, *dark)] == [(None, None), (None, None)]


def test_several_servers_are_one_line_once_all_of_them_are_measured() -> None:
    samples = [
        sample(USUAL, ago=timedelta(seconds=30), errors=0),
        sample(OTHER, ago=timedelta(seconds=20), errors=4, p95=ms(200)),
    ]

    [moment] = compared([sample(), *samples], old=(USUAL, OTHER)).old.moments

    assert (NOW - moment.at, moment.error_rate, moment.p95) == (timedelta(seconds=20), 0.02, ms(200))


def test_the_page_shows_the_table_the_test_and_the_picture() -> None:
    page = render_comparison(compared(watched(FRESH, errors=3) + watched(USUAL, errors=1)), limits=LIMITS)

    table, test, picture = page.split("\n\n")
    assert table.splitlines() == [
        "| same 10 min | new version | old version | limit |",
        "|---|---|---|---|",
        "| requests failed | **30 of 1,000 (3.00%)** | **10 of 1,000 (1.00%)** | below 1.00% |",
        "| p50 latency | 40 ms | 40 ms | |",
        "| p95 latency | 120 ms | 120 ms | below 500 ms |",
        "| p99 latency | 300 ms | 300 ms | |",
    ]
    assert test.startswith(
        "**Fisher's exact test, one-sided, at 5%:** worse: were both alike, chance would do this in 0.10% of cases. "
    )
    assert "The fixed limits decide; the test advises." in test
    assert picture.startswith("![Error rate: new version 3% at the end, 3% at most; old version 1% at the end")
    assert "](data:image/svg+xml;base64," in picture


def test_a_value_at_its_limit_stands_out() -> None:
    page = render_comparison(compared([sample(p95=ms(500), errors=0), sample(USUAL, p95=ms(499))]), limits=LIMITS)

    assert "| p95 latency | **500 ms** | 499 ms | below 500 ms |" in page
    assert "| requests failed | 0 of 100 (0.00%) | **1 of 100 (1.00%)** | below 1.00% |" in page


def test_without_enough_traffic_the_page_says_how_much_and_how_long() -> None:
    page = render_comparison(compared(watched(FRESH, errors=0) + watched(USUAL, errors=0, minutes=5)), limits=LIMITS)

    assert "about 310 more requests, 3 min 1 s of this traffic." in page


def test_a_new_server_without_traffic_waits_for_no_certain_time() -> None:
    page = render_comparison(compared([sample(requests=0, errors=0, p95=None), sample(USUAL, errors=0)]), limits=LIMITS)

    assert "| requests failed | 0 of 0 | 0 of 100 (0.00%) | below 1.00% |" in page
    assert "about 810 more requests" in page
    assert "of this traffic" not in page


@pytest.mark.parametrize(
    ("new", "old", "says"),
    [
        (3, 1, "The new version is worse: 3.00% of requests fail, on the old version 1.00%"),
        (1, 1, "Not enough traffic to tell the versions apart: 1.00% of requests fail, on the old version 1.00%"),
        (20, 20, "The new version is no worse: 20.00% of requests fail, on the old version 20.00%"),
    ],
)
def test_the_headline_is_one_line(new: float, old: float, says: str) -> None:
    assert headline_of(compared(watched(FRESH, errors=new) + watched(USUAL, errors=old))) == says


def test_without_a_new_server_or_without_samples_nothing_is_compared() -> None:
    nobody = compare([sample(USUAL)], new={}, old=[USUAL], limits=LIMITS)
    nothing = compared([])

    assert nobody == Comparison()
    assert (nothing.new, nothing.old, nothing.counted) == (Side(), Side(), timedelta(0))
    for comparison in (nobody, nothing):
        page = render_comparison(comparison, limits=LIMITS)
        assert headline_of(comparison) == "The versions cannot be compared: requests or failures are not known"
        assert "| same minutes | new version | old version | limit |" in page
        assert "| requests failed | not known | not known | below 1.00% |" in page
        assert "data:image" not in page


def test_without_an_old_server_the_new_one_is_shown_alone() -> None:
    comparison = compared([sample()], old=())

    assert (comparison.new.requests, comparison.old) == (100, Side())
    assert comparison.tested.answer is Answer.UNKNOWN


NUMBERS = st.one_of(st.none(), st.floats(), st.integers(0, 10**6))


@given(
    st.lists(
        st.builds(
            Sample,
            at=st.timedeltas(-20 * MINUTE, 5 * MINUTE).map(lambda later: NOW + later),
            server=st.sampled_from([FRESH, USUAL, OTHER]),
            requests=NUMBERS,
            errors=NUMBERS,
            p95=st.one_of(st.none(), st.timedeltas(-MINUTE, MINUTE)),
            span=st.timedeltas(timedelta(0), 3 * MINUTE),
        ),
        max_size=12,
    )
)
def test_whatever_was_measured_there_is_a_page(samples: list[Sample]) -> None:
    comparison = compared(samples, old=(USUAL, OTHER))

    assert "**Fisher's exact test" in render_comparison(comparison, limits=LIMITS)
    assert headline_of(comparison)
