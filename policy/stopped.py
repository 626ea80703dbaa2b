"""How the version before ended when a server was updated (2.1.2, 2.1.5)."""

from datetime import timedelta

from policy.judgement import spoken
from policy.troubleshooting import KILLED_ADVICE

# What the engine says of a container that it killed.
KILLED = 137


def say_killed(server: str, exit_code: int | None, *, grace: timedelta, drained: bool) -> str:
    """Say that the version before had to be killed, what that may have cost, and what to check; else nothing."""
    if exit_code != KILLED:
        return ""
    cost = "it was drained first, so no request was lost" if drained else "requests in flight may be lost"
    return (
        f"{server} had to be killed ({KILLED}): the version before did not end within {spoken(grace)}; {cost}."
        f" {KILLED_ADVICE}"
    )
