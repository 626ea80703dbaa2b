"""How many servers get requests at any time, and who leaves next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.batches import (
    Missing,
    Runs,
    fewest_serving,
    judge_leaving,
    judge_share,
    may_not_leave,
    next_batch,
    say_batches,
)
from policy.judgement import Verdict
from policy.limits import Limits

TEN = tuple(f"web-{number}" for number in range(1, 11))
limits = st.builds(
    Limits, batch_servers=st.integers(1, 12), may_be_down=st.floats(0, 1, exclude_min=True, exclude_max=True)
)


@pytest.mark.parametrize(
    ("servers", "share", "fewest"),
    [
        (2, 0.5, 1),
        (3, 0.5, 2),
        (10, 0.2, 8),
        (10, 0.3, 7),
        (10, 0.29, 8),
        (100, 0.29, 71),
        (10, 0.09, 10),
        (50, 0.99, 1),
    ],
)
def test_the_share_that_may_be_down_is_rounded_in_favour_of_who_serves(servers: int, share: float, fewest: int) -> None:
    assert fewest_serving(servers, limits=Limits(may_be_down=share)) == fewest


@pytest.mark.parametrize(
    ("servers", "batch", "share", "says"),
    [
        (2, 1, 0.4, "limits.may_be_down: 40% of 2 servers is less than one server, so none could ever be updated"),
        (10, 3, 0.2, "limits.batch_servers: 3 servers would leave at once, and limits.may_be_down: 20% of 10 servers"),
        (2, 2, 0.5, "lets 1; expected 1 at most"),
    ],
)
def test_a_share_or_a_batch_with_which_nobody_could_leave_is_refused(
    servers: int, batch: int, share: float, says: str
) -> None:
    judgement = judge_share(servers, limits=Limits(batch_servers=batch, may_be_down=share))

    assert judgement.verdict is Verdict.FAILED
    assert says in judgement.sentence


def test_two_servers_need_no_setting() -> None:
    assert judge_share(2, limits=Limits()).verdict is Verdict.PASSED
    assert say_batches(2, limits=Limits()) == "The servers after the first one are updated one at a time."


@pytest.mark.parametrize(
    ("staying", "verdict", "says"),
    [
        (TEN[2:], Verdict.PASSED, "8 of 10 servers go on serving (at least 8)"),
        (TEN[3:], Verdict.FAILED, "without web-1, web-2 only 7 of 10 servers would serve"),
        ((), Verdict.FAILED, "only 0 of 10 servers would serve (none), at least 8 must"),
    ],
)
def test_who_leaves_leaves_enough_behind(staying: tuple[str, ...], verdict: Verdict, says: str) -> None:
    judgement = judge_leaving(TEN[:2], staying, servers=10, limits=Limits(may_be_down=0.2))

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


ILL = Missing("web-1", Runs.NEW, "HTTP 503; expected 200", ill=True)
OUT = Missing("web-2", Runs.OLD, "is out of rotation (maint)")
SILENT = Missing("web-3", Runs.UNKNOWN, "does not answer: no route")
OLD_AND_ILL = Missing("web-4", Runs.OLD, "HTTP 500; expected 200", ill=True)


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ((), "web-9 may not leave the rotation: too few"),
        (
            (OUT, ILL),
            "web-1, on the new version, is ill: HTTP 503; expected 200; web-9 may not leave the rotation: too few;"
            " web-2, on the old version, is out of rotation (maint)",
        ),
        (
            (SILENT, OLD_AND_ILL),
            "web-9 may not leave the rotation: too few; web-3, on a version that is not known, does not answer: no"
            " route; web-4, on the old version, is ill: HTTP 500; expected 200",
        ),
    ],
)
def test_who_may_not_leave_is_told_who_is_missing_and_first_whom_the_new_version_made_ill(
    missing: tuple[Missing, ...], said: str
) -> None:
    assert may_not_leave(["web-9"], "too few", missing) == said


@pytest.mark.parametrize(
    ("serving", "batch", "next_ones"),
    [
        (TEN, 2, TEN[1:3]),
        (TEN, 3, TEN[1:4]),
        (TEN[:9], 3, TEN[1:3]),
        (TEN[:8], 3, TEN[1:2]),
        (TEN[:7], 3, TEN[1:2]),
        ((TEN[0], *TEN[3:]), 3, TEN[1:4]),
    ],
)
def test_fewer_leave_at_once_where_others_are_down_already(
    serving: tuple[str, ...], batch: int, next_ones: tuple[str, ...]
) -> None:
    chosen = next_batch(TEN[1:], serving, servers=10, limits=Limits(batch_servers=batch, may_be_down=0.3))

    assert chosen == next_ones


@given(st.data(), limits, st.integers(1, 30))
def test_a_batch_leaves_enough_serving_or_is_one_server_alone(data: st.DataObject, limits: Limits, count: int) -> None:
    names = [f"web-{number}" for number in range(count)]
    serving = data.draw(st.sets(st.sampled_from(names)))
    waiting = names[data.draw(st.integers(0, count - 1)) :]

    batch = next_batch(waiting, serving, servers=count, limits=limits)

    assert list(batch) == waiting[: len(batch)]
    assert 1 <= len(batch) <= limits.batch_servers
    stay = len(serving - set(batch))
    assert len(batch) == 1 or stay >= fewest_serving(count, limits=limits) or not serving & set(batch[1:])


@given(limits, st.integers(1, 50))
def test_what_is_not_refused_can_be_carried_out(limits: Limits, count: int) -> None:
    """By whole batches, as long as nobody is down."""
    if judge_share(count, limits=limits).verdict is not Verdict.PASSED:
        return
    names = [f"web-{number}" for number in range(count)]
    waiting = names
    while waiting:
        batch = next_batch(waiting, names, servers=count, limits=limits)
        assert len(batch) == min(limits.batch_servers, len(waiting))
        staying = set(names) - set(batch)
        assert judge_leaving(batch, staying, servers=count, limits=limits).verdict is Verdict.PASSED
        waiting = waiting[len(batch) :]
