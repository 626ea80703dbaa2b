"""When a release goes back, when it is not this release, and when nothing can be said (2.1.3, 4.1)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.judgement import Verdict
from policy.red_flags import Baseline, Conclusion, Flag, Sample, judge_conclusion
from tests.policy.sample_history import LIMITS, NEW, NO_BASELINE, NOW, OLD, conclude, history, sample

WELL = history(2)
OLD_WELL = history(2, server=OLD)


@pytest.mark.parametrize(
    ("samples", "flag", "says"),
    [
        pytest.param(history(1.5, errors=48), Flag.ROLL_BACK, "8.0% errors", id="8 % at once"),
        pytest.param(history(1.5, errors=30), Flag.CLEAR, "5.0% errors", id="exactly 5 % is not above it"),
        pytest.param(history(1.5, errors=31), Flag.ROLL_BACK, "5.2% errors", id="just above 5 %"),
        pytest.param(
            [sample(0, errors=48), sample(15), sample(30)],
            Flag.UNKNOWN,
            "not for long enough",
            id="1 of 3 is red",
        ),
        pytest.param(
            [sample(0, errors=48), sample(15), sample(30, errors=48)],
            Flag.ROLL_BACK,
            "2 of the newest 3",
            id="2 of 3 are red",
        ),
        pytest.param(
            [sample(0), sample(15), sample(30), sample(45, errors=48), sample(60, errors=48)],
            Flag.CLEAR,
            "0.0% errors",
            id="what was red is over",
        ),
        pytest.param(
            [sample(0, errors=48), sample(130, errors=48)],
            Flag.UNKNOWN,
            "not enough samples: 1 of 2",
            id="an old bad sample is no second one",
        ),
        pytest.param(history(2, requests=7, errors=7), Flag.UNKNOWN, "not enough requests: 7 of 20", id="few"),
        pytest.param(history(2, requests=20, errors=2), Flag.CLEAR, "10.0% errors", id="two errors are no flag"),
        pytest.param(history(2, requests=20, errors=3), Flag.ROLL_BACK, "15.0%", id="three errors of twenty"),
        pytest.param(history(2, p95_ms=2001), Flag.ROLL_BACK, "p95 2001 ms", id="p95 above 2000 ms"),
        pytest.param(history(2, p95_ms=501), Flag.ROLL_BACK, "2 times the 150 ms before the release", id="p95 doubled"),
        pytest.param(history(2, p95_ms=500), Flag.CLEAR, "p95 500 ms", id="doubled but not above 500 ms"),
        pytest.param([sample(0, p95_ms=2500), sample(15), sample(30)], Flag.UNKNOWN, "too high", id="slow in 1 of 3"),
        pytest.param([], Flag.UNKNOWN, "no sample of the last 2 min", id="nothing"),
        pytest.param([sample(540)], Flag.UNKNOWN, "no sample", id="E7: the sample is 9 minutes old"),
        pytest.param([sample(-5)], Flag.UNKNOWN, "no sample", id="a sample from the future"),
        pytest.param([sample(0, span=0)], Flag.UNKNOWN, "no sample", id="a sample of no time"),
        pytest.param(history(2, requests=0), Flag.UNKNOWN, "no requests in the last 1 min", id="E7: no requests"),
        pytest.param(history(2, requests=None), Flag.UNKNOWN, "requests is not known", id="E7: requests absent"),
        pytest.param(history(2, requests=float("nan")), Flag.UNKNOWN, "requests is not known", id="E7: NaN"),
        pytest.param(history(2, requests=float("inf")), Flag.UNKNOWN, "requests is not known", id="infinite"),
        pytest.param(history(2, requests=-5), Flag.UNKNOWN, "requests is not known", id="negative"),
        pytest.param(history(2, errors=None), Flag.CLEAR, "0.0% errors", id="E7: a true zero"),
        pytest.param(history(2, errors=float("nan")), Flag.UNKNOWN, "errors is not known", id="errors NaN"),
        pytest.param(history(2, p95_ms=None), Flag.UNKNOWN, "p95 is not known", id="p95 absent"),
        pytest.param(history(2, p95_ms=-1), Flag.UNKNOWN, "p95 is not known", id="p95 negative"),
        pytest.param(history(2, errors=700), Flag.ROLL_BACK, "100.0% errors", id="more errors than requests"),
        pytest.param([sample(0)], Flag.UNKNOWN, "not enough samples: 1 of 2", id="one sample alone"),
        pytest.param(history(2), Flag.CLEAR, "0.0% errors (0 of 600 requests), p95 120 ms", id="all is well"),
    ],
)
def test_a_roll_out_is_judged_by_its_newest_samples(samples: list[Sample], flag: Flag, says: str) -> None:
    conclusion = conclude([*samples, *OLD_WELL])

    assert (conclusion.flag, says in conclusion.sentence) == (flag, True), conclusion


def test_the_same_bad_numbers_on_the_old_server_are_not_this_release() -> None:
    conclusion = conclude([*history(2, errors=48), *history(2, server=OLD, errors=40)])

    assert conclusion.flag is Flag.NOT_THIS_RELEASE
    assert "the old version is as bad on 1 of 1 server" in conclusion.sentence


@pytest.mark.parametrize(
    ("old", "why"),
    [
        (history(2, server=OLD, errors=0), "the old version is well"),
        (history(2, server=OLD, errors=36), "the old version is bad, the new one ten times as bad"),
        (history(2, server=OLD, requests=0), "the old server is drained and has no requests"),
        ([], "there is no evidence of the old server"),
        (
            [*history(2, server=OLD, errors=400), *history(2, server="web-server-3")],
            "one of the old servers is well",
        ),
    ],
)
def test_bad_numbers_on_the_new_version_alone_roll_back(old: list[Sample], why: str) -> None:
    conclusion = conclude([*history(2, errors=400), *old], old=sorted({one.server for one in old} | {OLD}))

    assert conclusion.flag is Flag.ROLL_BACK, why


def test_slow_only_on_the_new_version_rolls_back_though_errors_are_everywhere() -> None:
    conclusion = conclude([*history(2, errors=48, p95_ms=3000), *history(2, server=OLD, errors=48)])

    assert (conclusion.flag, conclusion.rule) == (Flag.ROLL_BACK, "2.1, 4.1: p95")


@pytest.mark.parametrize(
    ("before", "samples", "flag"),
    [
        pytest.param(Baseline(None, 0.08), history(6, errors=48), Flag.NOT_THIS_RELEASE, id="ill as before"),
        pytest.param(Baseline(None, 0.08), history(6, errors=300), Flag.ROLL_BACK, id="much worse than before"),
        pytest.param(Baseline(None, 0.03), history(6, errors=33), Flag.ROLL_BACK, id="was not red before"),
        pytest.param(Baseline(None, float("nan")), history(6, errors=48), Flag.ROLL_BACK, id="before is NaN"),
        pytest.param(
            Baseline(timedelta(seconds=2.5), None),
            history(6, p95_ms=2600),
            Flag.NOT_THIS_RELEASE,
            id="slow as before",
        ),
        pytest.param(NO_BASELINE, history(6, p95_ms=600), Flag.UNKNOWN, id="it may have doubled"),
        pytest.param(
            Baseline(timedelta(seconds=-1), None),
            history(6, p95_ms=600),
            Flag.UNKNOWN,
            id="before is nonsense",
        ),
        pytest.param(NO_BASELINE, history(6, p95_ms=400), Flag.CLEAR, id="below 500 ms nothing has doubled"),
    ],
)
def test_without_an_old_server_the_numbers_of_before_are_compared(
    before: Baseline, samples: list[Sample], flag: Flag
) -> None:
    assert conclude(samples, rolling_out=False, old=(), baseline=before).flag is flag


def test_the_worst_of_the_new_servers_speaks() -> None:
    conclusion = conclude([*WELL, *history(2, server=OLD, errors=60)], new=(NEW, OLD), old=())

    assert conclusion.flag is Flag.ROLL_BACK
    assert conclusion.sentence.startswith(OLD)


def test_one_new_server_without_evidence_is_not_clear() -> None:
    assert conclude(WELL, new=(NEW, OLD), old=()).flag is Flag.UNKNOWN


def test_without_a_new_server_nothing_is_concluded() -> None:
    assert conclude(WELL, new=()).flag is Flag.UNKNOWN


numbers = st.one_of(st.none(), st.floats(), st.floats(0, 1000), st.just(0.0))
durations = st.one_of(st.none(), st.timedeltas(timedelta(seconds=-1), timedelta(seconds=10)))
any_samples = st.lists(
    st.builds(
        Sample,
        at=st.floats(-60, 1200).map(lambda age: NOW - timedelta(seconds=age)),
        server=st.sampled_from((NEW, OLD)),
        requests=numbers,
        errors=numbers,
        p95=durations,
        span=st.sampled_from((timedelta(0), timedelta(seconds=15), timedelta(minutes=1))),
    ),
    max_size=30,
)
baselines = st.builds(Baseline, p95=durations, error_rate=numbers)


@given(samples=any_samples, rolling_out=st.booleans(), baseline=baselines)
def test_every_input_has_a_conclusion_and_order_does_not_matter(
    *, samples: list[Sample], rolling_out: bool, baseline: Baseline
) -> None:
    unique = list({(one.at, one.server): one for one in samples}.values())

    forward = conclude(unique, rolling_out=rolling_out, baseline=baseline)

    assert conclude(unique[::-1], rolling_out=rolling_out, baseline=baseline) == forward


@given(samples=any_samples, rolling_out=st.booleans(), baseline=baselines)
def test_without_fresh_numbers_it_is_never_clear_and_never_back(
    *, samples: list[Sample], rolling_out: bool, baseline: Baseline
) -> None:
    stale = [one for one in samples if one.at < NOW - LIMITS.sample_age]

    assert conclude(stale, rolling_out=rolling_out, baseline=baseline).flag is Flag.UNKNOWN


@given(any_samples, baselines)
def test_a_roll_back_rests_on_enough_requests_and_errors_or_on_latency(
    samples: list[Sample], baseline: Baseline
) -> None:
    harmless = [
        Sample(one.at, one.server, one.requests, min(one.errors or 0, 0.05), timedelta(milliseconds=90), one.span)
        for one in samples
    ]

    assert conclude(harmless, baseline=baseline).flag in {Flag.CLEAR, Flag.UNKNOWN}


@pytest.mark.parametrize(
    ("flag", "verdict"),
    [
        (Flag.CLEAR, Verdict.PASSED),
        (Flag.UNKNOWN, Verdict.UNKNOWN),
        (Flag.CONSIDER, Verdict.FAILED),
        (Flag.NOT_THIS_RELEASE, Verdict.FAILED),
        (Flag.ROLL_BACK, Verdict.FAILED),
    ],
)
def test_only_a_clear_watch_passes(flag: Flag, verdict: Verdict) -> None:
    judgement = judge_conclusion(Conclusion(flag, "web-server-1: 2.4% errors", "4.1"))

    assert judgement.verdict is verdict
    assert "2.4% errors" in judgement.sentence
