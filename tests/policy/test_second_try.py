"""Who is brought back a second time, and whom that would not mend."""

import pytest

from policy.judgement import Verdict
from policy.plans import Back, Plan, ServerState, Stuck, World
from policy.second_try import find_second_tries
from tests.policy.rows import FIRST, NEW, OLD, SECOND

BEFORE = {FIRST: OLD, SECOND: OLD}
BOTH_BACK = Back((FIRST, SECOND), (), "red flag: 4.1 % errors")


def world(digest: str | None, health: Verdict) -> World:
    first = ServerState(FIRST, reachable=True, digest=digest, health=health, in_rotation=False)
    return World((first, ServerState(SECOND, reachable=True, digest=OLD, health=Verdict.PASSED, in_rotation=True)))


@pytest.mark.parametrize(
    ("plan", "digest", "health", "again"),
    [
        pytest.param(BOTH_BACK, NEW, Verdict.FAILED, (FIRST,), id="it runs the new version"),
        pytest.param(BOTH_BACK, None, Verdict.FAILED, (FIRST,), id="it runs nothing"),
        pytest.param(BOTH_BACK, OLD, Verdict.PASSED, (FIRST,), id="it is well and gets no requests"),
        pytest.param(BOTH_BACK, OLD, Verdict.FAILED, (), id="it is ill on the version before"),
        pytest.param(BOTH_BACK, OLD, Verdict.UNKNOWN, (), id="it does not say how it is"),
        pytest.param(Back((SECOND,), (FIRST,), ""), NEW, Verdict.UNKNOWN, (), id="it still does not answer"),
        pytest.param(Stuck("somebody is repairing by hand"), NEW, Verdict.FAILED, (), id="people are at it"),
    ],
)
def test_whom_a_second_try_may_mend(plan: Plan, digest: str | None, health: Verdict, again: tuple[str, ...]) -> None:
    assert find_second_tries(plan, world(digest, health), (FIRST,), before=BEFORE) == again
