"""The authenticator apps of the lab's people: six digits of a clock and of a secret that the worker knows too.

Follows RFC 6238; each asking gives a code that was not given before, as a person waits for the next one.
"""

import time
from datetime import UTC, datetime

import pyotp

from lab.home import Home
from lab.settings_file import PEOPLE

LOOK_SECONDS = 0.1


class Authenticator:
    """Everybody's app."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._given: dict[str, int] = {}

    def enrol_everybody(self) -> None:
        """Give everybody a secret, kept where the worker finds it."""
        for name, *_ in PEOPLE:
            if not (self._home.secrets / secret_name(name)).exists():
                self._home.write_secret(secret_name(name), pyotp.random_base32())

    def code_of(self, name: str) -> str:
        """Return a fresh code of this person."""
        clock = pyotp.TOTP((self._home.secrets / secret_name(name)).read_text().strip())
        step = max(clock.timecode(datetime.now(UTC)), self._given.get(name, 0) + 1)
        self._given[name] = step
        # Whoever checks it takes the next code a step early, and no other.
        while step > clock.timecode(datetime.now(UTC)) + 1:
            time.sleep(LOOK_SECONDS)
        return clock.generate_otp(step)

    def forget(self) -> None:
        """Forget which codes were given: whoever checks them from now on has seen none."""
        self._given.clear()


def secret_name(name: str) -> str:
    """Return under which name a person's secret is kept."""
    return f"TOTP_{name.upper().replace(' ', '_')}"
