"""Resources, and whether the others can carry a server's load (3.2.4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.judgement import Verdict
from policy.limits import Limits
from policy.resources import (
    Connections,
    Usage,
    judge_capacity,
    judge_connections,
    judge_smaller_pool,
    judge_unmeasured_capacity,
    judge_usage,
)

LIMITS = Limits()
IDLE = Usage("web-server-2", cpu=0.2, memory=0.3, disk=0.5)
FEW = Connections(used=5, pool=20)


@pytest.mark.parametrize(
    ("usage", "verdict", "says"),
    [
        (IDLE, Verdict.PASSED, "web-server-2 cpu 20% (limit 70%); web-server-2 memory 30% (limit 80%)"),
        (Usage("w", cpu=0.70, memory=0.3, disk=0.3), Verdict.FAILED, "w cpu 70% (limit 70%)"),
        (Usage("w", cpu=0.2, memory=0.80, disk=0.3), Verdict.FAILED, "w memory 80% (limit 80%)"),
        (Usage("w", cpu=0.2, memory=0.3, disk=1.0), Verdict.FAILED, "w disk 100% (limit 80%)"),
        (Usage("w", cpu=None, memory=0.3, disk=0.3), Verdict.UNKNOWN, "w cpu is not known"),
        (
            Usage("w", cpu=float("nan"), memory=0.9, disk=0.3),
            Verdict.FAILED,
            "w cpu is not known; w memory 90%",
        ),
        (Usage("w", cpu=0.2, memory=-0.3, disk=0.3), Verdict.UNKNOWN, "w memory is not known"),
    ],
)
def test_usage_is_below_its_limits(usage: Usage, verdict: Verdict, says: str) -> None:
    judgement = judge_usage([usage], limits=LIMITS)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_no_usage_at_all_is_unknown() -> None:
    assert judge_usage([], limits=LIMITS).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("connections", "verdict", "says"),
    [
        (FEW, Verdict.PASSED, "database connections: 5 of 20, 25% (limit 80%)"),
        (Connections(16, 20), Verdict.FAILED, "16 of 20, 80% (limit 80%)"),
        (Connections(5, 0), Verdict.UNKNOWN, "not known"),
        (Connections(-1, 20), Verdict.UNKNOWN, "not known"),
        (None, Verdict.UNKNOWN, "not known"),
    ],
)
def test_connections_are_below_their_share_of_the_pool(
    connections: Connections | None, verdict: Verdict, says: str
) -> None:
    judgement = judge_connections(connections, limits=LIMITS)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


@pytest.mark.parametrize(
    ("others", "servers_up", "verdict", "says"),
    [
        ([IDLE], 2, Verdict.PASSED, "cpu 20%, 40% with one server less (limit 70%)"),
        ([Usage("w", 0.35, 0.3, 0.1)], 2, Verdict.FAILED, "w cpu 35%, 70% with one server less"),
        ([Usage("w", 0.2, 0.4, 0.1)], 2, Verdict.FAILED, "w memory 40%, 80% with one server less"),
        ([Usage("w", 0.4, 0.5, 0.1)] * 2, 3, Verdict.PASSED, "w cpu 40%, 60% with one server less"),
        ([Usage("w", 0.2, 0.3, 0.99)], 2, Verdict.PASSED, "w cpu"),
        ([Usage("w", None, 0.3, 0.1)], 2, Verdict.UNKNOWN, "w cpu is not known"),
        ([], 2, Verdict.UNKNOWN, "the use of 0 of 1 remaining server is known"),
        ([IDLE], 1, Verdict.FAILED, "1 server is up: the last one is never drained"),
        ([], 0, Verdict.FAILED, "0 server is up"),
    ],
)
def test_a_server_is_drained_only_if_the_others_carry_its_load(
    others: list[Usage], servers_up: int, verdict: Verdict, says: str
) -> None:
    judgement = judge_capacity(others, servers_up=servers_up, limits=LIMITS)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


@pytest.mark.parametrize(
    ("connections", "servers_up", "verdict", "says"),
    [
        (FEW, 2, Verdict.PASSED, "database connections 25%, 50% with one server less (limit 80%)"),
        (Connections(8, 20), 2, Verdict.FAILED, "database connections 40%, 80% with one server less"),
        (Connections(8, 20), 3, Verdict.PASSED, "database connections 40%, 60% with one server less"),
        (Connections(-1, 20), 2, Verdict.UNKNOWN, "database connections is not known"),
        (FEW, 1, Verdict.FAILED, "1 server is up: the last one is never drained"),
    ],
)
def test_the_pool_of_the_servers_that_stay_holds_all_connections(
    connections: Connections, servers_up: int, verdict: Verdict, says: str
) -> None:
    judgement = judge_smaller_pool(connections, servers_up=servers_up, limits=LIMITS)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_without_metrics_another_server_that_serves_is_enough_and_the_load_is_said_to_be_unknown() -> None:
    judgement = judge_unmeasured_capacity(["web-server-2"])

    assert judgement.verdict is Verdict.PASSED
    assert "web-server-2 can serve; the load is not known" in judgement.sentence


def test_without_metrics_the_last_server_is_not_stopped() -> None:
    assert judge_unmeasured_capacity([]).verdict is Verdict.FAILED


shares = st.none() | st.floats()


@given(st.lists(st.builds(Usage, st.just("w"), shares, shares, shares), max_size=4), st.integers(-1, 5))
def test_the_last_server_is_never_drained_and_no_unknown_carries(others: list[Usage], servers_up: int) -> None:
    judgement = judge_capacity(others, servers_up=servers_up, limits=LIMITS)

    if judgement.verdict is Verdict.PASSED:
        assert servers_up >= 2
        assert len(others) >= servers_up - 1
        assert all(usage.cpu is not None and 0 <= usage.cpu < 0.70 for usage in others)
