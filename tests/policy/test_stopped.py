"""How the version before ended: only a kill is said, with what it may have cost and what to check."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.stopped import KILLED, say_killed

GRACE = timedelta(seconds=30)


@pytest.mark.parametrize(
    ("drained", "cost"),
    [(True, "it was drained first, so no request was lost"), (False, "requests in flight may be lost")],
)
def test_r5_a_server_that_had_to_be_killed_is_said_with_what_it_cost(*, drained: bool, cost: str) -> None:
    said = say_killed("web-server-1", 137, grace=GRACE, drained=drained)

    assert said.startswith("web-server-1 had to be killed (137): the version before did not end within 30 s; ")
    assert cost in said
    assert said.endswith(
        "Check that its first process hears SIGTERM and ends: usually a shell in front of it keeps the"
        " signal (`exec` in the entrypoint, or `init: true`)"
    )


@given(code=st.integers(0, 255).filter(lambda code: code != KILLED) | st.none(), drained=st.booleans())
def test_any_other_end_is_not_worth_a_word(*, code: int | None, drained: bool) -> None:
    assert say_killed("web-server-1", code, grace=GRACE, drained=drained) == ""
