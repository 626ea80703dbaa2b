"""Which one-time code proves who approves: six digits of a clock and a secret (TOTP, RFC 6238; 2.1.4)."""

import hmac
import re
from datetime import datetime, timedelta

import pyotp

TIME_STEP = timedelta(seconds=30)
_SIX_DIGITS = re.compile(r"[0-9]{6}")


def matching_step(code: str, *, secret: str, at: datetime) -> int | None:
    """Return the time step that the code belongs to, at most one away from `at`; None when the code is wrong."""
    if not _SIX_DIGITS.fullmatch(code):
        return None
    clock = pyotp.TOTP(secret, interval=int(TIME_STEP.total_seconds()))
    now = clock.timecode(at)
    steps = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(clock.generate_otp(step), code)]
    return steps[-1] if steps else None


def delay_after(wrong_codes: int, *, at_most: timedelta) -> timedelta:
    """Return how long the next answer under a name is kept waiting: longer with each wrong code, never for good."""
    return min(at_most, at_most * wrong_codes / 5)
