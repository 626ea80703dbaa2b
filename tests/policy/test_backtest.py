"""What other limits would have done with releases of the past."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.backtest import REPLAYED, Effect, Outcome, Past, change_limits, conclude_at, replay
from policy.backtest_page import render_backtest, say_change, say_effects
from policy.health import HealthAnswer
from policy.health_watch import HealthCheck
from policy.limits import Limits
from policy.observed import Observed
from policy.red_flags import Flag
from policy.samples import Baseline, Sample
from tests.policy.releases import ZONE
from tests.policy.sample_history import NEW, NOW, OLD, sample

SECOND = timedelta(seconds=1)
BEGAN = NOW - timedelta(minutes=30)
LIMITS = Limits()
STRICT = LIMITS.model_copy(update={"error_rate_roll_back": 0.03})
LAX = LIMITS.model_copy(update={"error_rate_roll_back": 0.20})


def looks(*errors: float | None, server: str = NEW) -> list[Sample]:
    """One look every 15 s of 600 requests, the last one now."""
    return [sample(15 * (len(errors) - 1 - place), server=server, errors=count) for place, count in enumerate(errors)]


def past(samples: Iterable[Sample], *, checks: Iterable[HealthCheck] = (), **changes: Any) -> Past:
    """A release that went well, unless it is said otherwise."""
    taken = sorted(samples, key=lambda one: one.at)
    plain = Past(
        key="20261124-180000-1f2e3d4c",
        began=BEGAN,
        failed=False,
        stopped_at=None,
        by_watch=False,
        live_at=None,
        touched={NEW: BEGAN},
        servers=(NEW, OLD),
        limits=LIMITS,
        observed=Observed(Baseline(timedelta(milliseconds=140), 0.001), {NEW: BEGAN}, tuple(taken), tuple(checks)),
    )
    return replace(plain, **changes)


CALM_ELSEWHERE = looks(*[1] * 12, server=OLD)
# 4 % for two minutes, then 10 %.
SLOW_BURN = [*looks(1, 1, 24, 24, 24, 24, 24, 24, 24, 24, 60, 60), *CALM_ELSEWHERE]
SCARE = [*looks(1, 1, 24, 24, 24, 1, 1, 1, 1, 1, 1, 1), *CALM_ELSEWHERE]
STOPPED: dict[str, Any] = {"failed": True, "stopped_at": NOW, "by_watch": True}


def test_a_lower_limit_stops_a_bad_release_earlier() -> None:
    outcome = replay(past(SLOW_BURN, **STOPPED), STRICT)

    assert outcome.effect is Effect.EARLIER
    assert outcome.earlier == 120 * SECOND
    assert outcome.sentence.endswith("the limit is 3% (2.1: error rate)")


def test_the_limits_that_really_judged_change_nothing() -> None:
    assert replay(past(SLOW_BURN, **STOPPED), LIMITS).effect is Effect.SAME


def test_a_higher_limit_does_not_stop_it_by_the_time_the_watch_did() -> None:
    assert replay(past(SLOW_BURN, **STOPPED), LAX).effect is Effect.MISSED


def test_what_a_person_stopped_is_not_missed_by_the_numbers() -> None:
    assert replay(past(SLOW_BURN, failed=True, stopped_at=NOW), LAX).effect is Effect.SAME


def test_a_good_release_that_had_a_scare_is_stopped_for_nothing() -> None:
    assert replay(past(SCARE), STRICT).effect is Effect.FOR_NOTHING
    assert replay(past(SCARE), LIMITS).effect is Effect.SAME


def test_one_that_went_bad_and_that_nothing_stopped_would_have_been() -> None:
    assert replay(past(SLOW_BURN, failed=True), STRICT).effect is Effect.SAVED


def test_without_measurements_nothing_is_said() -> None:
    assert replay(past([], observed=None), STRICT).effect is Effect.NOT_KEPT


def test_how_it_was_measured_stays_as_it_was() -> None:
    slow = LIMITS.model_copy(update={"watch_interval": timedelta(minutes=5)})
    outcome = replay(past(SLOW_BURN, limits=slow, **STOPPED), STRICT)

    assert outcome.effect is Effect.SAME


def test_a_high_rate_after_the_roll_out_has_to_last() -> None:
    live = past(SLOW_BURN, live_at=BEGAN, **STOPPED)
    short = STRICT.model_copy(update={"roll_back_after": timedelta(minutes=1)})

    assert replay(live, STRICT).stops_at is None
    assert replay(live, short).effect is Effect.EARLIER


def test_people_are_asked_where_the_rate_is_worth_a_thought() -> None:
    ask = LIMITS.model_copy(update={"consider_after": timedelta(minutes=1)})

    outcome = replay(past(SCARE), ask)

    assert outcome.asks_at == NOW - 120 * SECOND
    assert outcome.stops_at is None


ILL = HealthAnswer(NEW, 503, '{"status": "unhealthy"}')
WELL = HealthAnswer(OLD, 200, '{"status": "healthy", "database": "connected"}')


def ill(*ages: int) -> list[HealthCheck]:
    checks = [(HealthCheck(NOW - age * SECOND, NEW, ILL), HealthCheck(NOW - age * SECOND, OLD, WELL)) for age in ages]
    return sorted((one for pair in checks for one in pair), key=lambda one: one.at)


@pytest.mark.parametrize(
    ("samples", "checks", "tried", "effect"),
    [
        pytest.param([], ill(60, 45), ["p95"], Effect.NOT_MEASURED, id="no metrics"),
        pytest.param([], ill(60, 45), ["error_rate_roll_back"], Effect.NOT_MEASURED, id="no metrics either"),
        pytest.param([], ill(60, 45), ["p95", "red_samples"], Effect.FOR_NOTHING, id="one judges health, too"),
        pytest.param([], ill(60, 45), REPLAYED, Effect.FOR_NOTHING, id="all rules"),
        pytest.param([], [], REPLAYED, Effect.NOT_MEASURED, id="nothing at all"),
        pytest.param(looks(1), [], ["least_errors"], Effect.SAME, id="measured"),
        pytest.param(
            [replace(one, requests=0.0) for one in looks(0)], [], ["least_errors"], Effect.NOT_MEASURED, id="no request"
        ),
        pytest.param([replace(one, p95=None) for one in looks(1)], [], ["p95"], Effect.NOT_MEASURED, id="no times"),
    ],
)
def test_limits_are_tried_only_on_what_they_judge(
    samples: list[Sample], checks: list[HealthCheck], tried: list[str], effect: Effect
) -> None:
    assert replay(past(samples, checks=checks), LIMITS, tried=tried).effect is effect


def test_a_company_without_metrics_is_replayed_by_its_health_checks() -> None:
    once = LIMITS.model_copy(update={"red_samples": 1})
    checks = ill(60, 45)

    assert replay(past([], checks=checks, **STOPPED), LIMITS).stops_at == NOW - 45 * SECOND
    assert replay(past([], checks=checks, **STOPPED), once).stops_at == NOW - 60 * SECOND


def test_a_server_that_was_not_new_yet_is_not_held_against_the_release() -> None:
    late = Observed(Baseline(None, None), {NEW: NOW - 30 * SECOND}, (), tuple(ill(60, 45)))

    assert replay(past([], observed=late), LIMITS).stops_at is None


@given(
    st.lists(st.sampled_from([0.0, 6, 24, 60, 300, None]), min_size=1, max_size=30),
    st.sampled_from([0.01, 0.03, 0.05]),
    st.sampled_from([0.05, 0.1, 0.3]),
)
def test_a_stricter_limit_never_stops_later(errors: list[float | None], strict: float, lax: float) -> None:
    """While servers are being updated one rule alone looks at the rate; `consider` never stops."""
    release = past([*looks(*errors), *looks(*[0] * len(errors), server=OLD)])
    early = replay(release, LIMITS.model_copy(update={"error_rate_roll_back": strict})).stops_at
    late = replay(release, LIMITS.model_copy(update={"error_rate_roll_back": lax})).stops_at

    if late is not None:
        assert early is not None
        assert early <= late


@given(
    st.lists(st.sampled_from([0.0, 6, 24, 60, 300, None]), min_size=1, max_size=20),
    st.lists(st.sampled_from([0.0, 1, 60]), min_size=1, max_size=20),
    st.sampled_from([{"red_samples": 1}, {"of_samples": 8}, {"sample_age": 20}, {"consider_after": 30}, {}]),
    st.integers(0, 300),
)
def test_what_is_not_looked_at_again_could_have_found_nothing(
    new: list[float | None], old: list[float], changes: dict[str, object], new_after: int
) -> None:
    limits = change_limits(LIMITS, changes)
    plain = past([*looks(*new), *looks(*old, server=OLD)])
    assert plain.observed is not None
    observed = replace(plain.observed, new_since={NEW: NOW - new_after * SECOND})
    every = {one.at: conclude_at(one.at, plain, observed, limits).flag for one in observed.samples}
    stopping = sorted(at for at, flag in every.items() if flag is Flag.ROLL_BACK)
    asking = sorted(at for at, flag in every.items() if flag is Flag.CONSIDER)

    outcome = replay(replace(plain, observed=observed), limits)

    assert outcome.stops_at == (stopping[0] if stopping else None)
    assert outcome.asks_at == next((at for at in asking if not stopping or at < stopping[0]), None)


def test_every_limit_that_can_be_tried_is_a_limit_and_others_are_refused() -> None:
    assert set(REPLAYED) <= set(Limits.model_fields)
    with pytest.raises(ValueError, match=r"^backup_age cannot be tried on the past; what can: error_rate_consider, "):
        change_limits(LIMITS, {"backup_age": 1})
    with pytest.raises(ValueError, match="error_rate_roll_back"):
        change_limits(LIMITS, {"error_rate_roll_back": 5})
    assert change_limits(LIMITS, {"roll_back_after": 60}).roll_back_after == timedelta(minutes=1)


def outcomes() -> list[Outcome]:
    bad = past(SLOW_BURN, key="bad", **STOPPED)
    good = past(SCARE, key="good", began=BEGAN + timedelta(days=1))
    lost = past([], key="lost", observed=None)
    return [replay(one, STRICT) for one in (good, bad, lost)]


def test_the_sentence_says_what_would_have_been_different_and_what_is_not_known() -> None:
    change = say_change({"error_rate_roll_back": 0.03}, LIMITS, STRICT)

    assert say_effects(change, outcomes(), zone=ZONE) == (
        "With error_rate_roll_back 0.03 instead of 0.05: would have stopped the release of 24 November 2026 2 min"
        " earlier, and stopped 1 good one for nothing (25 November 2026) (2 releases replayed; of 1 no measurements"
        " were kept)."
    )


def test_the_sentence_of_each_other_effect() -> None:
    saved, missed = past(SLOW_BURN, failed=True), past(SLOW_BURN, **STOPPED)
    nothing = say_change({}, LIMITS, LIMITS)

    assert ": would have stopped the release of 24 November 2026, which nothing stopped (1 " in say_effects(
        "X", [replay(saved, STRICT)], zone=ZONE
    )
    assert "not stopped the release of 24 November 2026 by the time the watch did" in say_effects(
        "X", [replay(missed, LAX)], zone=ZONE
    )
    assert say_effects(nothing, [replay(missed, LIMITS)], zone=ZONE) == (
        "The rules of this version with the limits of today: would have changed nothing (1 release replayed)."
    )
    assert say_effects("X", [], zone=ZONE) == "X: nothing can be said (0 releases replayed)."


def test_where_nothing_was_measured_the_sentence_says_so_and_no_effect() -> None:
    unmeasured = replay(past([], checks=ill(60)), STRICT, tried=["p95"])

    assert say_effects("X", [unmeasured], zone=ZONE) == (
        "X: nothing can be said (0 releases replayed; of 1 nothing was measured that they judge)."
    )
    page = render_backtest("X", [unmeasured], [unmeasured], unreadable=[], zone=ZONE, ui="http://ui")
    assert "| went well | nothing was measured that they judge | not known | not known |" in page


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("p95", 0.0001, "0.1 ms instead of 500 ms"),
        ("p95", 0.0015, "1.5 ms"),
        ("p95", 1.25, "1.25 s"),
        ("roll_back_after", 60, "1 min"),
        ("roll_back_after", 90, "1 min 30 s"),
        ("consider_after", 3_661, "3661 s"),
        ("error_rate_roll_back", 0.0123456789, "0.0123456789"),
        ("red_samples", 3, "3"),
    ],
)
def test_a_tried_limit_is_said_as_it_was_typed(name: str, value: float, said: str) -> None:
    changes = {name: value}

    assert f"{name} {said}" in say_change(changes, LIMITS, change_limits(LIMITS, changes))


def test_the_page_shows_each_release_as_it_was_and_as_it_would_have_been() -> None:
    tried = outcomes()
    today = [replay(one.past, LIMITS) for one in tried]

    page = render_backtest("SENTENCE", tried, today, unreadable=["r9: altered"], zone=ZONE, ui="http://ui")

    first = next(line for line in page.splitlines() if line.startswith("| [2026"))
    assert "| stopped 2026-11-24 10:00:00 by the watch | stopped earlier | stopped 2026-11-24 09:58:00 |" in first
    assert "| stopped 2026-11-24 10:00:00 | web-server-1: 4.0% errors" in first
    assert "| went well | stopped for nothing |" in page
    assert "| went well | no measurements were kept | not known | not known |" in page
    assert "Not replayed: r9: altered." in page
