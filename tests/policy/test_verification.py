"""What the checks after the last server mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.judgement import Judgement, Verdict, failed, unknown
from policy.verification import ILL_AT_ONCE, Meaning, conclude

ITEMS = ("2.1.6", "3.1.1", "3.1.2", "3.1.3", "3.1.5", "3.2.1", "3.2.3", "3.2.4")


@pytest.mark.parametrize(
    ("stopping", "meaning"),
    [
        pytest.param({}, Meaning.GO_ON, id="nothing stops"),
        pytest.param({"3.1.1": failed("HTTP 503")}, Meaning.GO_BACK, id="not healthy"),
        pytest.param({"3.1.2": failed("still serves a1a1a1a")}, Meaning.GO_BACK, id="not the version"),
        pytest.param({"3.1.3": failed("login failed")}, Meaning.GO_BACK, id="a key feature"),
        pytest.param({"2.1.6": failed("login failed")}, Meaning.GO_BACK, id="smoke tests"),
        pytest.param({"3.1.1": unknown("no answer")}, Meaning.ASK, id="unknown never goes back"),
        pytest.param({"3.2.4": failed("disk 81 %")}, Meaning.ASK, id="a full disk"),
        pytest.param({"3.2.3": failed("no audit row")}, Meaning.ASK, id="no audit row"),
        pytest.param({"3.2.4": failed("disk"), "3.1.1": failed("503")}, Meaning.GO_BACK, id="the worst counts"),
    ],
)
def test_only_what_is_measured_to_be_broken_goes_back(stopping: dict[str, Judgement], meaning: Meaning) -> None:
    assert conclude(stopping) is meaning


@given(st.dictionaries(st.sampled_from(ITEMS), st.sampled_from((failed("a"), unknown("b")))))
def test_no_roll_back_for_want_of_evidence(stopping: dict[str, Judgement]) -> None:
    broken = any(number in ILL_AT_ONCE and one.verdict is Verdict.FAILED for number, one in stopping.items())

    assert (conclude(stopping) is Meaning.GO_BACK) == broken
