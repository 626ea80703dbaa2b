"""A code is good within its time step, one before and one after, and no guess is better for being repeated."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.one_time_code import TIME_STEP, delay_after, matching_step

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 11, 25, 14, 0, 10, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30


def code_at(moment: datetime) -> str:
    return pyotp.TOTP(SECRET).at(moment)


@pytest.mark.parametrize(
    ("off", "step"),
    [
        (timedelta(0), STEP),
        (-TIME_STEP, STEP - 1),
        (TIME_STEP, STEP + 1),
        (-2 * TIME_STEP, None),
        (2 * TIME_STEP, None),
    ],
)
def test_a_code_counts_one_time_step_before_and_after_its_own(off: timedelta, step: int | None) -> None:
    assert matching_step(code_at(NOW + off), secret=SECRET, at=NOW) == step


def test_the_code_of_the_standard_is_the_right_one() -> None:
    """RFC 6238, appendix B: at 59 s the eight digits are 94287082."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

    assert matching_step("287082", secret=secret, at=datetime.fromtimestamp(59, UTC)) == 1


FULL_WIDTH = "\uff11\uff12\uff13\uff14\uff15\uff16"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "12 345", FULL_WIDTH, "-12345", "12345\n"])
def test_what_is_no_code_of_six_digits_is_wrong(code: str) -> None:
    assert matching_step(code, secret=SECRET, at=NOW) is None


@given(st.from_regex(r"[0-9]{6}", fullmatch=True))
def test_of_all_codes_only_those_of_the_three_steps_count(code: str) -> None:
    right = {code_at(NOW + off) for off in (-TIME_STEP, timedelta(0), TIME_STEP)}

    assert (matching_step(code, secret=SECRET, at=NOW) is not None) == (code in right)


@given(st.integers(0, 1_000))
def test_who_types_wrong_codes_waits_longer_but_is_never_locked_out(wrong: int) -> None:
    limit = timedelta(seconds=10)

    assert timedelta(0) <= delay_after(wrong, at_most=limit) <= delay_after(wrong + 1, at_most=limit) <= limit


def test_the_first_answer_does_not_wait() -> None:
    assert delay_after(0, at_most=timedelta(seconds=10)) == timedelta(0)
